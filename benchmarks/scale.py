"""Peak memory and seconds per epoch of the re-implemented methods against the number of cells.

    python benchmarks/scale.py --methods sedr ccst --cells 5000 10000 20000 --markdown scale.md

The tissues are simulated panels. Every fit is a process with one thread on the CPU under
scripts/run_fit.py, which limits and measures the memory of all its processes; one runs at a time.
Seconds are CPU seconds of the process, which hardly depend on other programs on the machine. The
time of an epoch, without recording, is measured between the ends of the last steps of two epochs,
as the median of three; `other s` is the rest, from the start of Python to the written result. The
exponent of the memory is that of the memory added by cells beyond the first 500, which need hardly
more than Python's libraries. The exit code is 1 if a fit failed.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
SCRIPTS = PROJECT / "scripts"
sys.path.insert(0, str(SCRIPTS))

from stbench.common.errors import InputError, run_cli  # noqa: E402
from stbench.common.io import atomic_file  # noqa: E402
from stbench.config.benchmark import Benchmark, load_benchmark  # noqa: E402
from stbench.config.schema import load_yaml  # noqa: E402

METHODS = ("spatialfusion", "sedr", "scanit", "ccst", "sigra", "deeplinc")
BASE_CELLS = 500
EPOCHS = 4
NEVER = 10**6
# One epoch of SEDR's clustering stage, which is not timed but uses memory. An iteration of DeepLinc
# has 20 equal steps, of which two are enough.
SHORTENED: dict[str, dict[str, Any]] = {
    "sedr": {"dec_epochs": 1},
    "deeplinc": {"autoencoder_steps": 2},
}


@dataclass(frozen=True)
class Measured:
    """One fit; if it failed, its seconds are nan and `failure` has the reason."""

    method: str
    cells: int
    peak_mb: float
    epoch_seconds: float = math.nan
    other_seconds: float = math.nan
    failure: str = ""


def benchmark_of(methods: Sequence[str], cells: Sequence[int], genes: int) -> Benchmark:
    """The published settings, with a simulated tissue ``t<cells>`` of each size."""
    config = load_yaml(PROJECT / "config/config.yaml")
    tissues = [
        {"id": f"t{n}", "simulate": {"layout": "layers", "n_cells": n, "n_genes": genes}}
        for n in cells
    ]
    config |= {"methods": list(methods), "datasets": tissues}
    return load_benchmark(config, PROJECT / "config")


def make_tissue(entry: Mapping[str, Any], folder: Path) -> Path:
    """A simulated and preprocessed tissue, made by the pipeline's programs."""
    data, preprocessed = folder / "data.h5ad", folder / f"{entry['id']}.h5ad"
    options = [f"--{name.replace('_', '-')}={value}" for name, value in entry["simulate"].items()]
    run("simulate.py", "--id", entry["id"], *options, "--output", data)
    run("preprocess.py", "--input", data, "--output", preprocessed)
    data.unlink()
    return preprocessed


def run(program: str, *arguments: object) -> None:
    """Run a program of scripts/.

    Raises:
        InputError: the program failed; with the last line of its output.
    """
    command = [sys.executable, SCRIPTS / program, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        output = (done.stdout + done.stderr).strip().splitlines() or [f"exit {done.returncode}"]
        raise InputError(f"{program}: {output[-1]}")


def measure(
    method: str, cells: int, published: Mapping[str, Any], data: Path, mem_mb: int, folder: Path
) -> Measured:
    """Train a few epochs."""
    params = {**published, "epochs": EPOCHS, "record_every": NEVER, **SHORTENED.get(method, {})}
    output = folder / f"{method}-{cells}"
    run(
        *("run_fit.py", "--output", output, "--dataset", data.stem, "--method", method),
        *("--seed", 0, "--attempts-log", folder / f"{output.name}.jsonl", "--time-limit", 3600),
        *("--mem-mb", mem_mb, "--max-attempts", 1, "--", sys.executable),
        *(Path(__file__).with_name("timed_fit.py"), "--method", method, "--input", data),
        *("--output", "{}", "--params", json.dumps(params), "--device", "cpu"),
    )
    status = json.loads((output / "status.json").read_text(encoding="utf-8"))
    if status["status"] != "ok":
        failure = f"{status['status']}: {status['reason']}"
        return Measured(method, cells, status["peak_rss_mb"], failure=failure)
    cpu = json.loads((output / "cpu.json").read_text(encoding="utf-8"))
    trained = EPOCHS + params.get("dec_epochs", 0)
    a_step, an_epoch = epoch_times(cpu["steps"], len(cpu["steps"]) // trained)
    skipped = published.get("autoencoder_steps", 0) - params.get("autoencoder_steps", 0)
    return Measured(
        method,
        cells,
        status["peak_rss_mb"],
        an_epoch + skipped * a_step,
        cpu["total"] - trained * an_epoch,
    )


def epoch_times(ends: Sequence[float], steps: int) -> tuple[float, float]:
    """Seconds between the first two steps of an epoch (0: it has one), and of an epoch; medians.

    Args:
        ends: CPU seconds at the end of each step; those after EPOCHS epochs do not count.
        steps: in an epoch.
    """
    by_epoch = np.reshape(ends[: EPOCHS * steps], (EPOCHS, steps))
    first = by_epoch[:, 1] - by_epoch[:, 0] if steps > 1 else np.zeros(1)
    return statistics.median(first), statistics.median(np.diff(by_epoch[:, -1]))


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """p of values ~ sizes^p by least squares of the logarithms; nan for fewer than two sizes."""
    if len(sizes) < 2 or min(values) <= 0:
        return math.nan
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def exponents(fits: Sequence[Measured]) -> tuple[float, float]:
    """Exponents of the memory added to that of the smallest tissue, and of an epoch's seconds.

    Args:
        fits: of one method, the smallest tissue's first. Its seconds do not count, nor do failed
            fits; if it failed itself, the exponent of the memory is nan.
    """
    base, *others = fits
    good = [fit for fit in others if not fit.failure]
    sizes = [fit.cells for fit in good]
    seconds = exponent(sizes, [fit.epoch_seconds for fit in good])
    if base.failure:
        return math.nan, seconds
    added = [fit.peak_mb - base.peak_mb for fit in good]
    return exponent([n - base.cells for n in sizes], added), seconds


def line(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def number(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def row(fit: Measured) -> str:
    return line(
        *(fit.method, fit.cells, number(fit.peak_mb, 0), number(fit.epoch_seconds, 3)),
        *(number(fit.other_seconds, 1), fit.failure or "ok"),
    )


HEADER = [
    line("method", "cells", "peak MB", "s/epoch", "other s", "status"),
    "|---|--:|--:|--:|--:|---|",
]
EXPONENTS = [line("method", "memory ~ n^", "s/epoch ~ n^"), "|---|--:|--:|"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--cells", type=int, nargs="+", default=[5000, 10000, 20000])
    parser.add_argument("--genes", type=int, default=200)
    parser.add_argument("--mem-mb", type=int, default=8000, help="limit of a fit [8000]")
    parser.add_argument("--markdown", type=Path, help="file for the tables (also printed)")
    args = parser.parse_args()
    if min(args.cells) <= BASE_CELLS:
        raise InputError(f"--cells {min(args.cells)}: must be above {BASE_CELLS}")
    sizes = [BASE_CELLS, *sorted(set(args.cells))]
    benchmark = benchmark_of(args.methods, sizes, args.genes)

    tables = [f"One thread, {args.genes} genes, at most {args.mem_mb} MB.", "", *HEADER]
    print(*tables, sep="\n", flush=True)
    fits: dict[str, list[Measured]] = {method: [] for method in args.methods}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = {n: make_tissue(benchmark.datasets[f"t{n}"], folder) for n in sizes}
        for method in args.methods:
            for cells in sizes:
                params = benchmark.params(method, f"t{cells}")
                fit = measure(method, cells, params, data[cells], args.mem_mb, folder)
                fits[method].append(fit)
                tables.append(row(fit))
                print(tables[-1], flush=True)
    grown = ["", *EXPONENTS]
    for method in args.methods:
        memory, seconds = exponents(fits[method])
        grown.append(line(method, number(memory, 2), number(seconds, 2)))
    print(*grown, sep="\n")
    if args.markdown:
        with atomic_file(args.markdown) as path:
            path.write_text("\n".join([*tables, *grown, ""]), encoding="utf-8")
    failed = [
        f"{fit.method} at {fit.cells}" for each in fits.values() for fit in each if fit.failure
    ]
    if failed:
        raise InputError(f"{len(failed)} fits failed: {', '.join(failed)}")


if __name__ == "__main__":
    run_cli(main)
