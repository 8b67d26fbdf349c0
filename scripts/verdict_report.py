"""Write the report of the shipped results: the page that a run has, without maps of cells.

The shipped results have no positions of cells. Nothing is trained or scored.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from stbench.common.errors import run_cli
from stbench.common.paths import CONFIG, PROJECT, RESOURCES, SCRIPTS
from stbench.config.layout import Layout


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shipped", type=Path, default=RESOURCES / "verdict", help="folder")
    parser.add_argument("--output", required=True, type=Path, help="page to write (.html)")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.results.shipped import read_shipped

    config = {**read_shipped(args.shipped).manifest["config"], "name": "shipped"}
    with TemporaryDirectory() as folder:
        layout = Layout(Path(folder), name=config["name"])
        results, tables = ["--results", layout.results], ["--tables", layout.tables]
        rank_by = ["--rank-by", config["rank_by"]]
        published = ["--published", RESOURCES / "published/scores.csv"]
        made = ["--output-parquet", layout.results, *tables]
        methods = ["--methods", CONFIG / "methods.yaml"]
        run("aggregate", "--shipped", args.shipped, *methods, *published, *rank_by, *made)
        run("figures", "--root", folder, *results, *tables, *rank_by, "--output", layout.figures)
        of_run = ["--results", folder, "--config", json.dumps(config), "--config-dir", CONFIG]
        citation = ["--citation", PROJECT / "CITATION.cff"]
        run("report", *of_run, *citation, "--output", args.output.resolve())


def run(program: str, *options: object) -> None:
    command = [sys.executable, str(SCRIPTS / f"{program}.py"), *map(str, options)]
    done = subprocess.run(command, check=False)
    if done.returncode:  # its message is on stderr
        sys.exit(done.returncode)


if __name__ == "__main__":
    run_cli(main)
