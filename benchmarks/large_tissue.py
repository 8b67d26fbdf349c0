"""Seconds of every stage of the workflow on one large simulated tissue, and their peak memory.

    python benchmarks/large_tissue.py --cells 300000

One control is run with one seed, one job at a time and each as a program of its own, from
simulation to report. Its fit takes seconds, so the time is that of the stages; a method adds its
own fit.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from pipeline_run import seconds_of_jobs
from stopwatch import REPOSITORY, SCRIPTS, Spent, spend, table

sys.path.insert(0, str(SCRIPTS))

from stbench.supervisor.fork_server import SOCKET

METHOD = "smoothed_pca"
STAGES = {
    "simulate": "simulate",
    "preprocess": "preprocess",
    "fit": f"train_{METHOD}",
    "cluster (k-means)": "cluster",
    "score": "score",
    "tables": "aggregate",
    "figures": "figures",
    "report": "report",
}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, default=300_000)
    parser.add_argument("--markdown", type=Path, help="file to write (default: print)")
    return parser.parse_args()


def run(cells: int, folder: Path) -> tuple[Spent, dict[str, list[float]]]:
    """Run the workflow: its largest process, and seconds of each job by rule."""
    sizes = {"n_cells": cells, "n_genes": 200, "n_domains": 5, "n_types": 6}
    tissue = {"id": "tissue", "simulate": {"layout": "layers", **sizes}}
    settings = {"datasets": [tissue], "methods": [METHOD], "seeds": [0]}
    spent = spend(
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", REPOSITORY / "Snakefile"),
            *("--directory", folder, "--cores", 1),
            *("--configfile", REPOSITORY / "config/scale.yaml", "--config", "variants=null"),
            *(f"{key}={json.dumps(value)}" for key, value in settings.items()),
        ],
        environment={SOCKET: "none"},  # copies of a process are not counted
    )
    return spent, seconds_of_jobs(folder)


def as_markdown(cells: int, spent: Spent, jobs: dict[str, list[float]]) -> str:
    """Seconds of each stage, their sum, and the largest process."""
    rows = [(stage, sum(jobs[rule])) for stage, rule in STAGES.items()]
    rows.append(("all", sum(seconds for _, seconds in rows)))
    size, memory = f"{cells:,}".replace(",", " "), spent.peak_mb / 1024
    return "\n\n".join(
        [
            f"A simulated tissue of {size} cells and 200 genes, one job at a time, wall-clock "
            f"seconds. The largest process had {memory:.1f} GiB.",
            table(("stage", "seconds"), rows),
        ]
    )


def main() -> None:
    args = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        page = as_markdown(args.cells, *run(args.cells, Path(folder))) + "\n"
    if args.markdown:
        args.markdown.write_text(page, encoding="utf-8")
    else:
        print(page)


if __name__ == "__main__":
    main()
