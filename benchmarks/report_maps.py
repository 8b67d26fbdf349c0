"""How fast the interactive maps of a report load and move, in a Chromium without a network.

    python benchmarks/report_maps.py --cells 100000 --methods 20

The tissue is made: four layers; methods with wavy borders and a share of wrong cells. Time counts
from the start of the navigation to the first frame with both maps; CPU seconds of all processes of
the browser depend less on other jobs. Frames are those of a map that moves all the time.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from machine import description

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "scripts"), str(REPOSITORY / "tests")]

FRAMES = """async () => {
  const stage = document.getElementById("map-stage");
  const times = [];
  for (let i = 0; i < 60; i++) {
    const key = i % 2 ? "ArrowLeft" : "ArrowRight";
    stage.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    times.push(await new Promise(requestAnimationFrame));
  }
  return times.slice(1).map((time, i) => time - times[i]);
}"""


def write_page(root: Path, cells: int, methods: int) -> Path:
    """The report of one tissue; returns its path."""
    from helpers.mapped_tissues import layered, results_of, write_labels, write_tissue
    from helpers.report import write_report
    from stbench.config.layout import Layout, SameKey

    layout = Layout(root, ".", SameKey("key"))
    coords, truth = layered(cells)
    write_tissue(layout, "tissue", coords, truth)
    names = [f"method{i}" for i in range(methods)]
    random = np.random.default_rng(0)
    for place, name in enumerate(names):
        waves = 30 * np.sin(coords[:, 0] / (40 + 10 * place) + place)
        labels = np.clip((4 * (1 - (coords[:, 1] + waves) / 1000)).astype(int), 0, 3)
        wrong = random.random(cells) < 0.02 * (1 + place % 5)
        labels[wrong] = random.integers(0, 4, wrong.sum())
        write_labels(layout, "tissue", name, labels[None], seeds=(0,))
    titles = {name: {"title": name, "implementation": "reimplemented"} for name in names}
    return write_report(root, results_of(["tissue"], names, titles))


def cpu_seconds() -> float:
    """CPU time of this program's child processes, such as those of the browser."""
    import psutil

    spent = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return sum(times.user + times.system for times in spent)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--methods", type=int, default=20)
    parser.add_argument("--times", type=int, default=5, help="loads of the page")
    args = parser.parse_args()
    from helpers.browser import SOFTWARE, started

    with tempfile.TemporaryDirectory() as folder:
        page_path = write_page(Path(folder), args.cells, args.methods)
        loads, costs, frames = [], [], []
        for _ in range(args.times):
            with started(SOFTWARE) as browser:
                page = browser.new_page(viewport={"width": 1300, "height": 850})
                page.goto("about:blank")
                before = cpu_seconds()
                page.goto(f"{page_path.as_uri()}#maps")
                page.locator("#map-stage[data-drawn]").wait_for()
                costs.append(cpu_seconds() - before)
                loads.append(page.evaluate("performance.now()") / 1000)
                frames += page.evaluate(FRAMES)
        size = page_path.stat().st_size / 1e6
    print(f"{args.cells} cells, {args.methods} methods, page of {size:.1f} MB; {description()}")
    print(f"first frame after {statistics.median(loads):.2f} s (most {max(loads):.2f} s)")
    print(f"CPU of the browser until then {statistics.median(costs):.2f} s")
    print(f"a frame takes {statistics.median(frames):.0f} ms, drawn by the processor")


if __name__ == "__main__":
    main()
