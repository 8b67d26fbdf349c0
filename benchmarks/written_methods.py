"""Seconds per epoch of the re-implemented methods and of their originals.

    python benchmarks/written_methods.py --datasets BZ5

Each method trains once, with one thread, on the tissues of the measurements of its original
(originals.csv: one thread of a loaded machine, so upper bounds). A matrix product is timed before
and after, because the machines differ: `GFLOP/s` is the speed of this one at that moment.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
SCRIPTS = REPOSITORY / "scripts"
sys.path.insert(0, str(SCRIPTS))


def preprocessed(dataset: str, folder: Path) -> Path:
    """The preprocessed dataset, made by the pipeline from the registry's files."""
    command = [sys.executable, "-m", "snakemake", "datasets", "--cores", "1", "--quiet", "all"]
    command += ["--snakefile", str(REPOSITORY / "Snakefile"), "--directory", str(folder)]
    subprocess.run([*command, "--config", f"datasets=[{dataset}]"], check=True)
    return next(folder.glob(f"results/preprocessed/{dataset}/*.h5ad"))


def seconds_of_fit(method: str, data: Path, params: dict, folder: Path) -> float:
    """Seconds inside ``fit``, as recorded by the fit."""
    from anndata import read_h5ad

    command = [sys.executable, str(SCRIPTS / "fit.py"), "--method", method, "--input", str(data)]
    command += ["--output", str(folder), "--params", json.dumps(params), "--threads", "1"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return float(read_h5ad(folder / "fit.h5ad", backed="r").uns["fit"]["seconds"])


def main() -> None:
    from machine import gflops

    from stbench.config.benchmark import load_benchmark
    from stbench.config.schema import load_yaml

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    with Path(__file__).with_name("originals.csv").open(encoding="utf-8") as file:
        originals = list(csv.DictReader(file))
    names = sorted({row["method"] for row in originals})
    parser.add_argument("--datasets", nargs="+", default=["BZ5", "BZ9", "BZ14"])
    parser.add_argument("--methods", nargs="+", default=names, choices=names)
    args = parser.parse_args()

    config = load_yaml(REPOSITORY / "config/config.yaml")
    config |= {"datasets": args.datasets, "methods": args.methods}
    benchmark = load_benchmark(config, REPOSITORY / "config")
    print("method    dataset  epochs  original s/epoch  ours s/epoch  ratio  GFLOP/s")
    with tempfile.TemporaryDirectory() as folder:
        data = {name: preprocessed(name, Path(folder)) for name in args.datasets}
        for row in originals:
            method, dataset, epochs = row["method"], row["dataset"], int(row["epochs"])
            if method not in args.methods or dataset not in args.datasets:
                continue
            params = benchmark.params(method, dataset)
            if method == "ccst":
                params["epochs"] = epochs  # its original was timed at 1000 of its 5000 epochs
            before = gflops()
            seconds = seconds_of_fit(method, data[dataset], params, Path(folder) / method / dataset)
            rate, theirs = (before + gflops()) / 2, float(row["seconds"])
            print(
                f"{method:9} {dataset:7} {epochs:7} {theirs / epochs:17.4f} "
                f"{seconds / epochs:13.4f} {seconds / theirs:6.2f} {rate:8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
