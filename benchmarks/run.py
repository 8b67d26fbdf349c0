"""Run the benchmarks one after another and write RESULTS.md in this folder.

    make bench        a quarter of an hour on two idle cores

Speeds are ratios to a measurement of the same run, so that machines can be compared. If a benchmark
fails, RESULTS.md keeps its contents, and the finished sections are in pages/.
"""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from machine import description

HERE = Path(__file__).parent
SECTIONS = {
    "stague_epoch": "STAGUE: an epoch against a dense formulation, the original, and the limits",
    "nt_xent_roofline": "STAGUE: an epoch on a GPU, predicted",
    "sampled": "STAGUE: sampled negatives",
    "scale": "The other re-implemented methods: memory and time against cells",
    "pipeline": "Cost of the pipeline itself",
    "large_tissue": "Stages on a large tissue",
}


def main() -> None:
    pages = HERE / "pages"
    pages.mkdir(exist_ok=True)
    text, start, where = [], time.monotonic(), description()
    for program, title in SECTIONS.items():
        page = pages / f"{program}.md"
        began = time.monotonic()
        command = [sys.executable, str(HERE / f"{program}.py"), "--markdown", str(page)]
        subprocess.run(command, check=True)
        minutes = (time.monotonic() - began) / 60
        section = page.read_text(encoding="utf-8").strip().replace("](", "](pages/")
        text += [f"## {title}", section, f"*`benchmarks/{program}.py`, {minutes:.1f} min.*"]
    for program in SECTIONS:
        (pages / f"{program}.md").unlink()
    minutes = (time.monotonic() - start) / 60
    head = f"`make bench`, {date.today():%Y-%m-%d}, {minutes:.0f} min, on {where}."
    text = ["# Benchmarks", head, *text]
    (HERE / "RESULTS.md").write_text("\n\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
