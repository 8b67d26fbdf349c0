"""Seconds and peak memory of an epoch of STAGUE, against the limit of its arithmetic.

    python benchmarks/stague_epoch.py --cells 1000 5000 10000

For each number of cells (uniform random positions, 200 genes, k 15, widths 512/256/64) two programs
alternate, one epoch each: ours and a plain dense formulation of the same model (dense_stague.py).
Before each epoch the machine's rates of matrix products and of exponentials are measured, because
other programs may be running; all figures are ratios of medians of one run.

`limit` is the time of the matrix products of NT-Xent and of the encoders, forward and backward, and
of the n x n exponentials, at those rates; ours does more (tiles are computed twice, graphs, masks,
batch normalization, Adam, the embedding of the epoch). On a GPU exponentials are not counted: on an
H100 they take 4 % as long as the products. `kernels` is a second limit, on a CPU: the same
products, each alone at the rate of its own shape, and those of NT-Xent as ours computes them: in
tiles, twice, so four products and two exponentials of each pair of cells. `original` is the
original implementation with its dense learner (stague_original.csv), its seconds scaled by the
ratio of the rates of matrix products: then, on one thread, and now, on all threads of ours, as if
it scaled perfectly. Up to 20 000 cells the second of two epochs in a row counts. Memory: the
largest resident size, and the exponent of its increase over the baseline against the number of
cells.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "scripts"))

GENES = 200
LINEAR_FROM = 5000
COLD_UP_TO = 20_000


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sizes = [1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000]
    parser.add_argument("--cells", nargs="+", type=int, default=sizes)
    parser.add_argument("--dense-up-to", type=int, default=5000, help="cells (10 000: 8 GB)")
    parser.add_argument("--sampled", type=int, default=100_000, help="cells of the sampled loss")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--markdown", type=Path, help="file to write; a .png beside it")
    parser.add_argument("--worker", choices=["ours", "dense", "sampled"], help=argparse.SUPPRESS)
    return parser.parse_args()


def tissue(n: int) -> Any:
    """Uniform random cells as input of a method."""
    import numpy as np
    from anndata import AnnData

    rng = np.random.default_rng(0)
    adata = AnnData(rng.standard_normal((n, GENES), dtype=np.float32))
    adata.var["highly_variable"] = True
    adata.obsm["spatial"] = rng.uniform(size=(n, 2))
    return adata


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def work(args: argparse.Namespace) -> None:
    """Train; print the seconds of each epoch, and start the next when a line is read."""
    import torch

    if args.worker == "dense":
        from dense_stague import fit
    else:
        from methods.stague.model import fit  # type: ignore[assignment]
    torch.set_num_threads(args.threads)
    fit(tissue(100), 1, 0, args.device, {"epochs": 1}, lambda *_: None)  # triggers lazy imports
    baseline = peak_mb()
    adata = tissue(args.cells[0])
    params = {"epochs": 1000} | ({"nt_xent": "sampled"} if args.worker == "sampled" else {})
    began = time.perf_counter()

    def record(epoch: int, embedding: object) -> None:
        nonlocal began
        report = {"seconds": time.perf_counter() - began, "peak_mb": peak_mb(), "before": baseline}
        if args.device == "cuda":
            report["gpu_mb"] = torch.cuda.max_memory_allocated() / 2**20
        print(json.dumps(report), flush=True)
        if not sys.stdin.readline():
            sys.exit()
        began = time.perf_counter()

    fit(adata, 1, 0, args.device, params, record)


class Worker:
    """A program that trains one epoch on request."""

    def __init__(self, which: str, cells: int, args: argparse.Namespace) -> None:
        command = [sys.executable, __file__, "--worker", which, "--cells", str(cells)]
        command += ["--threads", str(args.threads), "--device", args.device]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8"
        )
        self._report()
        self.epoch()  # the first one loads code and allocates memory

    def epoch(self) -> dict[str, float]:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._report()

    def _report(self) -> dict[str, float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"error: the training ended with exit code {self.process.wait()}")
        return json.loads(line)

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def arithmetic(n: int) -> tuple[float, float]:
    """Flops of the matrix products of an epoch with the default settings, and exponentials."""
    from methods.stague.settings import Settings

    s = Settings()
    e, h, d, p = s.exp_out, s.hidden_dim, s.rep_dim, s.proj_dim
    encoder = 2 * (GENES * e) + 3 * (e * e)  # the input needs no gradient
    learner = 2 * 3 * e * e
    rates = (s.maskfeat_rate_anchor, s.maskfeat_rate_learner, s.maskfeat_rate_anchor)
    views = sum(3 * ((e - int(e * rate)) * h + h * d + d * p + p * p) for rate in rates)
    return 2.0 * n * (encoder + learner + views) + 2.0 * n * n * p * 3, float(n * n)


def products(n: int) -> dict[tuple[int, int, int], float]:
    """Shapes (rows, inner, columns) of the products of an epoch, and how many there are of each.

    A linear layer has one product forward, and two backward: for its weights and for its input.
    NT-Xent has four for each tile: the tile itself twice, and two for the gradients.
    """
    import torch

    from methods.stague.contrastive import _tile
    from methods.stague.settings import Settings

    s = Settings()
    e, h, d, p = s.exp_out, s.hidden_dim, s.rep_dim, s.proj_dim
    rates = (s.maskfeat_rate_anchor, s.maskfeat_rate_learner, s.maskfeat_rate_anchor)
    layers = [(e, e)] * (1 + s.nlayers)
    for rate in rates:
        layers += [(e - int(e * rate), h), (h, d), (d, p), (p, p)]
    counts: defaultdict[tuple[int, int, int], float] = defaultdict(float)
    for inputs, outputs in [(GENES, e), *layers]:
        counts[n, inputs, outputs] += 1
        counts[inputs, n, outputs] += 1
    for inputs, outputs in layers:  # the expression needs no gradient
        counts[n, outputs, inputs] += 1
    rows, columns = _tile(n, torch.device("cpu"))
    tiles = n * n / (rows * columns)
    for shape in 2 * [(rows, p, columns)] + [(rows, columns, p), (columns, rows, p)]:
        counts[shape] += tiles
    return counts


def kernels(n: int, threads: int) -> float:
    """Seconds of the products of an epoch, each alone at the rate of its own shape."""
    from machine import seconds_of_product

    return sum(times * seconds_of_product(*shape, threads) for shape, times in products(n).items())


def measure(n: int, args: argparse.Namespace) -> dict[str, float]:
    """One row: medians of alternating epochs."""
    from math import inf
    from statistics import median

    from machine import gexps, gflops

    which = ["ours", *(["dense"] if n <= args.dense_up_to else [])]
    workers = {name: Worker(name, n, args) for name in which}
    turns = 7 if n <= 5000 else 5 if n <= 20_000 else 3 if n <= 50_000 else 2
    samples: dict[str, list[float]] = {name: [] for name in [*which, "gemm", "exp"]}
    last: dict[str, dict[str, float]] = {}
    for _ in range(turns):
        for name in which:
            samples["gemm"].append(gflops(args.threads, args.device))
            samples["exp"].append(gexps(args.threads) if args.device == "cpu" else inf)
            if n <= COLD_UP_TO:  # the first epoch after a pause takes up to a half longer
                workers[name].epoch()
            last[name] = workers[name].epoch()
            samples[name].append(last[name]["seconds"])
    for worker in workers.values():
        worker.end()
    row = {"cells": n, **{name: median(values) for name, values in samples.items()}}
    row["fastest"], row["slowest"] = min(samples["ours"]), max(samples["ours"])
    for name in which:
        row[f"{name}_mb"] = last[name]["peak_mb"]
        row[f"{name}_before_mb"] = last[name]["before"]
    if args.device == "cuda":
        row["gpu_mb"] = last["ours"]["gpu_mb"]
    flops, exps = arithmetic(n)
    row["limit"] = flops / row["gemm"] / 1e9 + exps / row["exp"] / 1e9
    if args.device == "cpu":
        row["kernels"] = kernels(n, args.threads) + 2 * exps / row["exp"] / 1e9
    original = originals().get(n)
    if original:
        row["original"] = original["seconds"] * original["gflops"] / row["gemm"]
    return row


def originals() -> dict[int, dict[str, float]]:
    with (HERE / "stague_original.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["learner"] == "dense"]
    return {
        int(row["cells"]): {key: float(row[key]) for key in ("seconds", "gflops")} for row in rows
    }


def exponent(rows: list[dict[str, float]]) -> float:
    """Slope of log memory, in excess of the baseline, against log cells."""
    import numpy as np

    large = [row for row in rows if row["cells"] >= LINEAR_FROM]
    if len(large) < 2:
        return float("nan")
    memory = [row["ours_mb"] - row["ours_before_mb"] for row in large]
    return float(np.polyfit(np.log([row["cells"] for row in large]), np.log(memory), 1)[0])


def table(rows: list[dict[str, float]]) -> str:
    columns = {
        "cells": lambda row: f"{row['cells']:,}".replace(",", " "),
        "ours, s/epoch": lambda row: f"{row['ours']:.3g}",
        "range": lambda row: f"{row['fastest']:.3g}-{row['slowest']:.3g}",
        "dense / ours": lambda row: f"{row['dense'] / row['ours']:.1f}",
        "original / ours": lambda row: f"{row['original'] / row['ours']:.1f}",
        "share of the limit": lambda row: f"{row['limit'] / row['ours']:.0%}",
        "share of the kernels": lambda row: f"{row['kernels'] / row['ours']:.0%}",
        "ours, MB": lambda row: f"{row['ours_mb']:.0f}",
        "dense, MB": lambda row: f"{row['dense_mb']:.0f}",
        "GPU, MB": lambda row: f"{row['gpu_mb']:.0f}",
        "GFLOP/s": lambda row: f"{row['gemm']:.0f}",
        "10^9 exp/s": lambda row: f"{row['exp']:.2f}",
    }
    for name, key in (("GPU, MB", "gpu_mb"), ("share of the kernels", "kernels")):
        if not any(key in row for row in rows):
            del columns[name]

    def cell(show: Callable[[dict[str, float]], str], row: dict[str, float]) -> str:
        try:
            return show(row)
        except KeyError:  # not measured at this size
            return ""

    lines = [columns, ["--:"] * len(columns)]
    lines += [[cell(show, row) for show in columns.values()] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plot(rows: list[dict[str, float]], path: Path) -> None:
    """Seconds and memory against cells, both logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    from stbench.figures.style import apply_style

    apply_style()
    figure, (time_axis, memory_axis) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    names = {"ours": "ours", "dense": "dense formulation", "original": "original, scaled"}
    for name, label in {**names, "limit": "arithmetic limit"}.items():
        measured = [row for row in rows if name in row]
        style = {"linestyle": "--", "color": "0.5"} if name == "limit" else {"marker": "o"}
        cells = [row["cells"] for row in measured]
        time_axis.loglog(cells, [row[name] for row in measured], label=label, **style)
        memory = [row[f"{name}_mb"] / 1024 for row in measured if f"{name}_mb" in row]
        if memory:
            memory_axis.loglog(cells, memory, label=label, **style)
    for axes in (time_axis, memory_axis):
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
    time_axis.set(xlabel="cells", ylabel="seconds per epoch", title="Time")
    memory_axis.set(xlabel="cells", ylabel="largest resident size (GB)", title="Memory")
    time_axis.legend()
    memory_axis.legend()
    figure.savefig(path, dpi=110)


def main() -> None:
    args = parse_arguments()
    if args.worker:
        work(args)
        return
    from machine import warm_up

    rows = []
    warm_up(args.threads, args.device)
    for n in args.cells:
        rows.append(measure(n, args))
        print(table(rows).splitlines()[-1], flush=True)
    text = [
        f"{args.threads} threads, {args.device}. For the meaning of columns see "
        "`python benchmarks/stague_epoch.py --help`.",
        table(rows),
        f"Memory grows with the number of cells to the power {exponent(rows):.2f} from "
        f"{LINEAR_FROM} cells up.",
    ]
    if args.sampled:
        worker = Worker("sampled", args.sampled, args)
        report = worker.epoch()
        worker.end()
        text.append(
            f"`nt_xent: sampled`, {args.sampled} cells: {report['seconds']:.0f} s for an epoch, "
            f"{report['peak_mb'] / 1024:.1f} GB."
        )
    print("\n".join(text[1:]))
    if args.markdown:
        picture = args.markdown.with_suffix(".png")
        plot(rows, picture)
        text.append(f"![Seconds and memory of an epoch against the cells]({picture.name})")
        args.markdown.write_text("\n\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
