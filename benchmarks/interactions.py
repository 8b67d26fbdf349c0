"""Seconds and peak memory of scripts/interactions.py on simulated tissues.

The genes are named after ligands and receptors, the graph is that of STAGUE after one epoch.

    python benchmarks/interactions.py --cells 1000 5000 20000
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "scripts"))

from stbench.common.io import write_h5ad, write_json  # noqa: E402
from stbench.config.schema import load_yaml  # noqa: E402
from stbench.data.preprocessing import preprocess  # noqa: E402
from stbench.data.simulation import Tissue, simulate  # noqa: E402
from stbench.interactions.ligand_receptor import resource_pairs  # noqa: E402


def make_inputs(cells: int, genes: int, folder: Path, threads: int) -> None:
    """A tissue, its preprocessed form, and a fit."""
    adata = simulate(Tissue(n_cells=cells, n_genes=genes, n_types=12), "simulated")
    pairs, _ = resource_pairs("mouse")
    symbols = list(
        dict.fromkeys(part for pair in pairs for name in pair for part in name.split("_"))
    )
    adata.var_names = symbols[:genes]
    adata.uns["dataset"]["organism"] = "mouse"
    write_h5ad(folder / "data.h5ad", adata)
    write_h5ad(folder / "preprocessed.h5ad", preprocess(adata))
    params = load_yaml(PROJECT / "config/methods.yaml")["stague"]["params"]
    command = [sys.executable, PROJECT / "scripts/fit.py", "--method", "stague"]
    command += ["--input", folder / "preprocessed.h5ad", "--output", folder / "fit"]
    command += ["--params", json.dumps({**params, "epochs": 1}), "--threads", str(threads)]
    subprocess.run(list(map(str, command)), check=True, stderr=subprocess.DEVNULL)
    write_json(folder / "fit/status.json", {"seed": 0, "status": "ok", "reason": None})


def measure(folder: Path, threads: int) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak memory (MB) of the program; its output is passed on."""
    command = [sys.executable, PROJECT / "scripts/interactions.py", "--method", "stague"]
    command += ["--data", folder / "data.h5ad", "--preprocessed", folder / "preprocessed.h5ad"]
    settings = load_yaml(PROJECT / "config/config.yaml")["interactions"]
    del settings["reach"]
    command += [
        "--settings",
        json.dumps(settings),
        "--fits",
        folder / "fit",
        "--output",
        folder / "out",
        "--threads",
        str(threads),
    ]
    started = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)))
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit("the program failed")
    cpu = used.ru_utime + used.ru_stime
    return time.perf_counter() - started, cpu, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, nargs="+", default=[1000, 5000, 20000])
    parser.add_argument("--genes", type=int, default=500)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    lines = []
    for cells in args.cells:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_inputs(cells, args.genes, folder, args.threads)
            seconds, cpu, megabytes = measure(folder, args.threads)
        lines.append(f"{cells:>6} cells {seconds:7.1f} s {cpu:7.1f} CPU s {megabytes:7.0f} MB")
    print(*lines, sep="\n")


if __name__ == "__main__":
    main()
