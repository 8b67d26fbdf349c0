"""Pack finished datasets and methods of a run into a folder of shipped results.

Entries that were shipped before, and that the run lacks, are kept if today's code would fit them in
the same way: a run on some more datasets adds to what is there.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from stbench.clustering.label_file import LabelsReader, open_labels
from stbench.common.io import atomic_hdf5
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.config.tasks import DOMAINS
from stbench.results.assembly import (
    FIT,
    MEASURED,
    PROVENANCE,
    assemble,
    fit_folders,
    one_row_per_fit,
    read_fits,
    read_scores,
)
from stbench.results.assembly import SCORES as SCORE_COLUMNS
from stbench.results.shipped import LABELS, MANIFEST, SCORES, Entry, Shipped, sha256
from stbench.verdict.tissues import measured_facts

_NOT_SHIPPED = ("mirror", "name")  # of the configuration
_OF_ALL_ENTRIES = ("seeds", "clusterers")  # what a further run must have in common


def finished_part(entries: Sequence[Entry], scored: Collection[Entry]) -> list[Entry]:
    """Entries of datasets and methods of which nothing is missing, so that all can be compared.

    Of a run that is not finished, the dataset or the method with the largest share of missing
    entries is left out, one at a time, until none is missing; of equal ones a method, and the last
    by name.
    """
    left = list(entries)
    while missing := [entry for entry in left if entry not in scored]:
        shares = {
            (place, name): sum(entry[place] == name for entry in missing)
            / sum(entry[place] == name for entry in left)
            for entry in left
            for place, name in enumerate(entry)
        }
        place, name = max(shares, key=lambda key: (shares[key], key))
        left = [entry for entry in left if entry[place] != name]
    return left


def kept_entries(benchmark: Benchmark, layout: Layout, former: Shipped) -> set[Entry]:
    """Entries that were shipped before, and that the run lacks and would fit in the same way.

    The code that clustered and scored them may be older (``scored_by_other_code``).
    """
    if any(former.manifest["config"].get(key) != benchmark.config[key] for key in _OF_ALL_ENTRIES):
        return set()
    made = former.manifest["entries"]
    return {
        (dataset, method)
        for dataset, method in benchmark.entries(DOMAINS)
        if not layout.scores(dataset, method).is_file()
        and made.get(dataset, {}).get(method, {}).get("fit") == layout.keys.fit(dataset, method)
    }


def scored_by_other_code(layout: Layout, former: Shipped, kept: Collection[Entry]) -> int:
    """How many of the kept entries have scores of another version of clustering or scoring."""
    made = former.manifest["entries"]
    return sum(made[entry[0]][entry[1]]["scores"] != layout.keys.scores(*entry) for entry in kept)


def results_of(
    benchmark: Benchmark,
    layout: Layout,
    own: Sequence[Entry],
    kept: Collection[Entry] = (),
    former: Shipped | None = None,
) -> pd.DataFrame:
    """The results of these entries, as of ``stbench.results.assembly.assemble``.

    Args:
        benchmark, layout: the configuration and its files.
        own: entries of the run.
        kept: entries of ``former``.
        former: results that were shipped before.
    """
    scores = read_scores([layout.scores(*entry) for entry in own])
    fits = read_fits(fit_folders(scores, [layout.fits(*entry) for entry in own]))
    if former is not None and kept:
        more_scores, more_fits = _scores_and_fits(former.results, kept)
        scores = pd.concat([scores, more_scores], ignore_index=True)
        fits = pd.concat([fits, more_fits], ignore_index=True)
    return assemble(
        scores,
        fits,
        benchmark.methods[DOMAINS],
        benchmark.shortened,
        benchmark.studies,
        benchmark.tissues,
    )


def pack(
    benchmark: Benchmark,
    layout: Layout,
    entries: Sequence[Entry],
    made: str,
    to: Path,
    former: tuple[Path, Shipped] | None = None,
) -> None:
    """Write shipped results (``stbench.results.shipped``).

    Args:
        benchmark, layout: the configuration and its files.
        entries: of ``finished_part``.
        made: the date, as of ISO 8601.
        to: an existing folder.
        former: the folder of results that were shipped before and its content; entries that the
            run lacks are taken from them.
    """
    own = [entry for entry in entries if layout.scores(*entry).is_file()]
    kept = set(entries) - set(own)
    before = former[1] if former else None
    results = results_of(benchmark, layout, own, kept, before)
    results.drop(columns="blocks").to_parquet(to / SCORES, index=False, compression="zstd")
    keys: dict[str, dict[str, dict[str, str]]] = {}
    for dataset, method in entries:
        found = {
            "fit": layout.keys.fit(dataset, method),
            "scores": layout.keys.scores(dataset, method),
        }
        if before and (dataset, method) in kept:
            found = before.manifest["entries"][dataset][method]
        keys.setdefault(dataset, {})[method] = found
    with atomic_hdf5(to / LABELS) as file:
        _write_labels(benchmark, layout, own, file)
        if former:
            _copy_labels(former[0] / LABELS, kept, file)
    tissues = {name: before.manifest["tissues"][name] for name, _ in kept} if before else {}
    tissues |= {name: measured_facts(benchmark, layout, name) for name in dict(own)}
    manifest = {
        "made": made,
        "commit": _different(results["commit"]),
        "machine": _different(results["device_name"]),
        "environment": _different(results["environment"]),
        "config": {k: v for k, v in benchmark.config.items() if k not in _NOT_SHIPPED},
        "files": {name: sha256(to / name) for name in (SCORES, LABELS)},
        "unfinished": left_out(benchmark, entries),
        "entries": keys,
        "tissues": tissues,
    }
    text = json.dumps(manifest, indent=1, sort_keys=True)
    (to / MANIFEST).write_text(text + "\n", encoding="utf-8")


def left_out(benchmark: Benchmark, entries: Sequence[Entry]) -> dict[str, list[str]]:
    """``datasets`` (ids) and ``methods`` (titles) of the configuration without any entry here."""
    datasets, methods = ({entry[place] for entry in entries} for place in (0, 1))
    every = benchmark.entries(DOMAINS)
    titles = {name: str(method["title"]) for name, method in benchmark.methods[DOMAINS].items()}
    missing = dict.fromkeys(method for _, method in every if method not in methods)
    return {
        "datasets": [name for name in benchmark.datasets_of(DOMAINS) if name not in datasets],
        "methods": [titles[method] for method in missing],
    }


def _scores_and_fits(
    results: pd.DataFrame, entries: Collection[Entry]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two tables that results were assembled of, of these entries."""
    chosen = [entry in entries for entry in zip(results["dataset"], results["method"], strict=True)]
    rows = results[chosen]
    fits = one_row_per_fit(rows)[[*FIT, *MEASURED, *PROVENANCE, "fit_status", "fit_reason"]]
    names = {"fit_status": "status", "fit_reason": "reason"}
    return rows[SCORE_COLUMNS], fits.rename(columns=names)


def _write_labels(
    benchmark: Benchmark, layout: Layout, entries: Sequence[Entry], file: h5py.File
) -> None:
    """``<dataset>/<method>``: labels (n_cells,) of the first seed under the clusterer that ranks.

    Cells are in the order of the prepared dataset, whose digest is the attribute ``cells_digest``.
    """
    for dataset, method in entries:
        with open_labels(layout.labels(dataset, method)) as labels:
            row = _first_labels(labels, benchmark.config["rank_by"])
            if row is None:
                continue
            small = np.int8 if row.max() <= np.iinfo(np.int8).max else np.int16
            file.create_dataset(f"{dataset}/{method}", data=row.astype(small), compression="gzip")
            file[dataset].attrs["cells_digest"] = labels.axes.cells_digest


def _copy_labels(path: Path, entries: Collection[Entry], file: h5py.File) -> None:
    """The same labels of these entries, from a file of labels that were shipped before."""
    with h5py.File(path) as former:
        for dataset, method in sorted(entries):
            if method in former.get(dataset, ()):
                group = file.require_group(dataset)
                former.copy(f"{dataset}/{method}", group)
                group.attrs["cells_digest"] = former[dataset].attrs["cells_digest"]


def _first_labels(labels: LabelsReader, clusterer: Any) -> np.ndarray | None:
    """The labels of the first training seed that has any, at its last epoch."""
    axes = labels.axes
    for seed, epoch in zip(axes.training_seeds, axes.last_epochs, strict=True):
        for number in axes.n_domains if epoch in axes.epochs else []:
            rows = labels.rows(number, seed, clusterer, epoch)
            if len(rows):
                return rows[0]
    return None


def _different(column: pd.Series) -> str:
    return ", ".join(sorted(set(column) - {""}))
