"""Check the contract of a method: its entry, its rule and its fits.

    python scripts/check_method.py my_method

The rule of the method is run on a simulated tissue of 200 cells three times with few epochs: twice
with one seed, once with another. Every point of the contract is one line, PASS or FAIL; the exit
code is 1 if one fails. If a method reports that it cannot run here (its package is missing, it
needs joined sections), the remaining points are not checked. See docs/add-a-method.md.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.constants import Clusterer
from stbench.common.errors import InputError, run_cli
from stbench.common.paths import CONFIG, PROJECT, SCRIPTS
from stbench.config.schema import check, load_yaml, suggestion

if TYPE_CHECKING:
    import numpy as np

CELLS, DOMAINS = 200, 3
SIMULATE: dict[str, Any] = {
    "layout": "layers",
    "n_cells": CELLS,
    "n_genes": 60,
    "n_domains": DOMAINS,
    "seed": 1,
}
FEW = {"epochs": 4, "dec_epochs": 2, "min_stop": 1}  # if a method has such a parameter
CLUSTERERS: tuple[Clusterer, ...] = ("kmeans", "own")
UNFILLED = "to be filled in"
# Reasons why a method may decline the tissue or this machine.
DECLINES = r"environment missing|needs (a|the hexagonal) lattice|corrects for sections"

Run = Callable[[Sequence[str], Path], None]
"""Runs the words of a fit's command; its output is written to the file."""


@dataclass(frozen=True)
class Job:
    """The fits of one method, as defined by its rule.

    Attributes:
        inputs: the inputs of the rule without its code.
        commands: the words of the command of a fit, by training seed, with ``{}`` for the folder.
    """

    inputs: list[str]
    commands: dict[int, list[str]]

    @property
    def preprocessed(self) -> str:
        """The input file of the method."""
        words = self.commands[0]
        return words[words.index("--input") + 1]

    @property
    def more(self) -> list[str]:
        """Other inputs of the rule; only controls that need the truth have any."""
        return [path for path in self.inputs if path != self.preprocessed]


@dataclass(frozen=True)
class Point:
    """One point of the contract; ``problem`` is empty if it holds."""

    name: str
    problem: str = ""


def entries() -> dict[str, Any]:
    """The entries of all methods.

    Raises:
        InputError: an entry does not match the schema of ``methods.yaml``.
    """
    methods = load_yaml(CONFIG / "methods.yaml")
    check(methods, load_yaml(CONFIG / "schemas/methods.schema.yaml"), "methods.yaml:")
    return methods


def make_tissue(job: Job, folder: Path) -> Path:
    """Write the inputs of the fits, 200 cells x 60 genes; returns the preprocessed file."""
    from stbench.common.io import write_h5ad
    from stbench.data.preprocessing import preprocess
    from stbench.data.simulation import Tissue, simulate

    data = simulate(Tissue(**SIMULATE), "tissue")
    inputs = dict.fromkeys(job.more, data) | {job.preprocessed: preprocess(data)}
    for name, adata in inputs.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_h5ad(path, adata)
    return folder / job.preprocessed


def planned_jobs(methods: Sequence[str], folder: Path) -> dict[str, Job]:
    """The planned fits of the tissue by Snakemake, by method; nothing is run.

    Raises:
        InputError: Snakemake refuses the configuration or a rule.
    """
    params = {method: entry.get("params", {}) for method, entry in entries().items()}
    few = {
        method: {name: value for name, value in FEW.items() if name in params[method]}
        for method in methods
        if params[method]
    }
    config = {
        "datasets": [{"id": "tissue", "simulate": SIMULATE}],
        "methods": list(methods),
        "params": few,
        "seeds": [0, 1],
        "interactions": None,
    }
    file = folder / "check.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--snakefile", PROJECT / "Snakefile"]
    command += ["--directory", folder, "--configfile", file, "--cores", "1", "--dry-run"]
    command += ["--forceall", "--printshellcmds", "--quiet", "host"]
    done = subprocess.run(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        lines = done.stdout.strip().splitlines() or ["no reason given"]
        errors = [line for line in lines if line.startswith("error:")] or lines[-3:]
        raise InputError(f"the rules cannot be read: {' '.join(errors)}")
    return {method: job for method, job in jobs_of(done.stdout) if method in methods}


def jobs_of(text: str) -> Iterator[tuple[str, Job]]:
    """The jobs named ``train_<method>`` in the text of a dry run."""
    jobs: dict[str, Job] = {}
    for block in re.split(r"^(?:local)?rule (?=\w+:)", text, flags=re.M):
        name = re.match(r"train_(\w+):\n    input: (.*)", block)
        command = re.search(r"^Shell command: .* -- (.*) > \S+ 2>&1$", block, re.M)
        if name and command:
            words = shlex.split(command[1])
            inputs = [path for path in name[2].split(", ") if not path.startswith(str(SCRIPTS))]
            job = jobs.setdefault(name[1], Job(inputs, {}))
            job.commands[int(words[words.index("--seed") + 1])] = words
    yield from jobs.items()


def in_a_process(words: Sequence[str], log: Path) -> None:
    """Run a fit in a new process, as Snakemake does."""
    python, *rest = words
    program = (
        sys.executable if python == "python" else python.replace("$STBENCH_HOME", str(PROJECT))
    )
    with log.open("w", encoding="utf-8") as output:
        subprocess.run(
            [program, *rest], stdout=output, stderr=output, cwd=log.parent.parent, check=False
        )


def run_fits(job: Job, folder: Path, run: Run) -> Iterator[Path]:
    """Fit with seeds 0, 0 and 1; yields the folder of each finished fit."""
    folder.mkdir()
    for name, seed in (("seed0", 0), ("again", 0), ("seed1", 1)):
        words = list(job.commands[seed])
        words[words.index("--output") + 1] = str(folder / name)
        run(words, folder / f"{name}.log")
        yield folder / name


def outcome(folder: Path) -> tuple[str, str]:
    """Status and reason of a fit; an error if it wrote no outcome."""
    try:
        status = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
        return status["status"], status["reason"]
    except (OSError, ValueError, KeyError):
        log = folder.with_suffix(".log")
        last = log.read_text(encoding="utf-8").strip().splitlines()[-1:] if log.exists() else []
        return "error", (last or ["no outcome was written"])[0]


def computed(folder: Path) -> dict[str, np.ndarray]:
    """All results of a fit, by name."""
    import numpy as np

    from stbench.common.io import read_h5ad

    fit = read_h5ad(folder / "fit.h5ad")
    graphs = {name: graph.toarray() for name, graph in fit.obsp.items()}
    labels = {name: np.asarray(fit.obs[name]) for name in fit.obs}
    return {**dict(fit.obsm), **graphs, **labels}


def entry_points(entry: Mapping[str, Any], job: Job) -> list[Point]:
    """The points about the entry and the rule."""
    blank = [name for name in ("citation", "licence") if entry[name] in ("", UNFILLED)]
    reads = "" if entry.get("needs_truth") else ", ".join(job.more)
    return [
        Point("entry: citation and license", f"{', '.join(blank)}: {UNFILLED}" if blank else ""),
        Point(
            "truth: no input of the rule contains it",
            f"it reads {reads}; only a control with needs_truth may" if reads else "",
        ),
    ]


def result_points(
    method: str, entry: Mapping[str, Any], folders: Sequence[Path], tissue: Path
) -> list[Point]:
    """The points about the results; the folders are those of ``run_fits``, all ``ok``."""
    import numpy as np

    from stbench.common.io import read_h5ad

    first, again, other = (computed(folder) for folder in folders)
    cells = read_h5ad(folders[0] / "fit.h5ad").obs_names
    embedding = first.get("embedding")
    shape = ""
    if embedding is None and "cluster_pred" not in first:
        shape = "neither an embedding nor labels"
    elif embedding is not None:
        if embedding.dtype != np.float32 or embedding.shape[0] != CELLS:
            shape = f"the embedding is {embedding.dtype} with shape {embedding.shape}"
        elif not np.isfinite(embedding).all() or embedding.std(axis=0).max() == 0:
            shape = "the embedding is not finite, or the same for all cells"
    graph, wanted = "learned_adj_raw" in first, bool(entry.get("graph"))
    differ = [name for name in first if not _same_bytes(first[name], again.get(name))]
    same = all(_same_bytes(first[name], other.get(name)) for name in first)
    repeats = bool(entry.get("deterministic"))
    return [
        Point(
            "cells: those of the dataset, in its order",
            "" if cells.equals(read_h5ad(tissue).obs_names) else "different cells or order",
        ),
        Point("result: an embedding (cells, columns), or labels", shape),
        Point(
            "graph: provided if the entry declares it",
            "" if graph == wanted else f"graph: {str(wanted).lower()} in the entry",
        ),
        Point(
            "repeat: the same seed gives the same bytes",
            f"{', '.join(differ)} differ" if differ or first.keys() != again.keys() else "",
        ),
        Point(
            "seed: another seed changes the result unless the entry declares deterministic",
            "" if same == repeats else f"seeds 0 and 1 {'agree' if same else 'differ'}",
        ),
        Point(
            "scores: each has a value or a reason",
            _unscored(method, entry, folders, tissue),
        ),
    ]


def _same_bytes(one: np.ndarray, other: np.ndarray | None) -> bool:
    import numpy as np

    return other is not None and np.asarray(one).tobytes() == np.asarray(other).tobytes()


def _unscored(method: str, entry: Mapping[str, Any], folders: Sequence[Path], tissue: Path) -> str:
    """The problem of the scores of the fits of both seeds; empty for none."""
    import numpy as np

    from stbench.clustering.label_file import open_labels
    from stbench.clustering.stage import cluster_fits
    from stbench.common.constants import EPOCHS_UNSEEN, OF_ALL_SEEDS, OF_EACH_SEED
    from stbench.common.io import read_h5ad
    from stbench.scoring.epoch_scores import epoch_table
    from stbench.scoring.scores import score_labels

    seeds = {0: folders[0], 1: folders[2]}
    for seed, folder in seeds.items():
        facts = {"status": "ok", "reason": "", "seed": seed, "dataset": "tissue", "method": method}
        (folder / "status.json").write_text(json.dumps(facts), encoding="utf-8")
    labels = folders[0].parent / "labels.h5"
    cluster_fits(list(seeds.values()), tissue, "tissue", method, CLUSTERERS, output=labels)
    truth, coords = np.arange(CELLS) % DOMAINS, read_h5ad(tissue).obsm["spatial"]
    with open_labels(labels) as reader:
        epochs = epoch_table(reader, truth)
        table = score_labels(reader, truth, coords, bool(entry.get("trainable")), epochs)
    rows = table[table["metric"] == "ARI"]
    missing = rows["value"].isna()
    wanted = (len(seeds) * len(OF_EACH_SEED) + len(OF_ALL_SEEDS)) * len(CLUSTERERS)
    if len(rows) != wanted:
        return f"{len(rows)} rows of ARI"
    if (rows["status"][~missing] != "ok").any() or (rows["status"][missing] == "ok").any():
        return "status and value are inconsistent"
    if (rows["reason"][missing] == "").any():
        return "a value is missing without a reason"
    seen = rows[(rows["clusterer"] == "kmeans") & rows["protocol"].isin(["oracle", "untrained"])]
    watched = set(seen["status"]) == {"ok"} or set(seen["reason"]) == {EPOCHS_UNSEEN}
    return "" if watched or not entry.get("trainable") else "trainable, but no epoch was recorded"


def points(method: str, job: Job, tissue: Path, folder: Path, run: Run) -> tuple[list[Point], str]:
    """Every point of the contract, and the reason if the method declined to fit."""
    entry = entries()[method]
    declared = entry_points(entry, job)
    fit = "fit: ends with a result or a reason"
    folders = []
    for output in run_fits(job, folder, run):
        status, reason = outcome(output)
        if status == "not_applicable" and re.match(DECLINES, reason):
            return [*declared, Point(fit)], reason
        if status != "ok":
            return [*declared, Point(fit, f"{status}: {reason}")], ""
        folders.append(output)
    return [*declared, Point(fit), *result_points(method, entry, folders, tissue)], ""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("method", help="id of a method in config/methods.yaml")
    method = parser.parse_args().method
    methods = list(entries())
    if method not in methods:
        raise InputError(f"{method}: no such method{suggestion(method, methods)}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jobs = planned_jobs([method], folder)
        if method not in jobs:
            raise InputError(f"{method}: no rule train_{method}; see rules/methods/pca.smk")
        tissue = make_tissue(jobs[method], folder)
        checks, declined = points(method, jobs[method], tissue, folder / method, in_a_process)
    for point in checks:
        print("FAIL" if point.problem else "PASS", point.name, end="")
        print(f": {point.problem}" if point.problem else "")
    if declined:
        print(f"other points were not checked: not applicable here: {declined}")
    failed = sum(bool(point.problem) for point in checks)
    if failed:
        raise InputError(f"{method}: {failed} of {len(checks)} points failed")
    print(f"{method}: all {len(checks)} points passed")


if __name__ == "__main__":
    run_cli(main)
