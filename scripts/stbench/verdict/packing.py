"""Pack finished datasets and methods of a run into a folder of shipped results."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stbench.clustering.label_file import LabelsReader, open_labels
from stbench.common.io import atomic_hdf5
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.config.tasks import DOMAINS
from stbench.results.assembly import assemble, fit_folders, read_fits, read_scores
from stbench.results.shipped import LABELS, MANIFEST, SCORES, Entry, sha256
from stbench.verdict.tissues import measured_facts

_NOT_SHIPPED = ("mirror", "name")  # of the configuration


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


def results_of(benchmark: Benchmark, layout: Layout, entries: Sequence[Entry]) -> pd.DataFrame:
    """The results of these entries, as of ``stbench.results.assembly.assemble``."""
    scores = read_scores([layout.scores(*entry) for entry in entries])
    fits = read_fits(fit_folders(scores, [layout.fits(*entry) for entry in entries]))
    return assemble(
        scores,
        fits,
        benchmark.methods[DOMAINS],
        benchmark.shortened,
        benchmark.studies,
        benchmark.tissues,
    )


def pack(
    benchmark: Benchmark, layout: Layout, entries: Sequence[Entry], made: str, to: Path
) -> None:
    """Write shipped results (``stbench.results.shipped``).

    Args:
        benchmark, layout: the configuration and its files.
        entries: of ``finished_part``.
        made: the date, as of ISO 8601.
        to: an existing folder.
    """
    results = results_of(benchmark, layout, entries)
    results.drop(columns="blocks").to_parquet(to / SCORES, index=False, compression="zstd")
    keys: dict[str, dict[str, dict[str, str]]] = {}
    for entry in entries:
        found = {"fit": layout.keys.fit(*entry), "scores": layout.keys.scores(*entry)}
        keys.setdefault(entry[0], {})[entry[1]] = found
    _write_labels(benchmark, layout, keys, to / LABELS)
    manifest = {
        "made": made,
        "commit": _different(results["commit"]),
        "machine": _different(results["device_name"]),
        "environment": _different(results["environment"]),
        "config": {k: v for k, v in benchmark.config.items() if k not in _NOT_SHIPPED},
        "files": {name: sha256(to / name) for name in (SCORES, LABELS)},
        "unfinished": left_out(benchmark, entries),
        "entries": keys,
        "tissues": {name: measured_facts(benchmark, layout, name) for name in keys},
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


def _write_labels(
    benchmark: Benchmark, layout: Layout, entries: Mapping[str, Mapping[str, Any]], path: Path
) -> None:
    """``<dataset>/<method>``: labels (n_cells,) of the first seed under the clusterer that ranks.

    Cells are in the order of the prepared dataset, whose digest is the attribute ``cells_digest``.
    """
    with atomic_hdf5(path) as file:
        for dataset, methods in entries.items():
            for method in methods:
                with open_labels(layout.labels(dataset, method)) as labels:
                    row = _first_labels(labels, benchmark.config["rank_by"])
                    if row is None:
                        continue
                    small = np.int8 if row.max() <= np.iinfo(np.int8).max else np.int16
                    file.create_dataset(
                        f"{dataset}/{method}", data=row.astype(small), compression="gzip"
                    )
                    file[dataset].attrs["cells_digest"] = labels.axes.cells_digest


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
