"""Pack finished datasets and methods of a run into a folder of shipped results."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from stbench.clustering.label_file import LabelsReader, open_labels
from stbench.common.checksums import file_hash
from stbench.common.h5ad import read_elements
from stbench.common.io import atomic_hdf5
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.config.tasks import DOMAINS
from stbench.results.assembly import MEASURED, assemble, fit_folders, read_fits, read_scores
from stbench.results.shipped import LABELS, MANIFEST, SCORES, Entry, Shipped
from stbench.scoring.block_bootstrap import ari_contributions
from stbench.scoring.blocks import spatial_blocks
from stbench.verdict.merging import (
    copy_labels,
    keys_of_entry,
    scored_by_earlier_code,
    scores_and_fits,
)
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
        own: entries of the run, at least one.
        kept: entries of ``former``.
        former: results that were shipped before.

    Raises:
        InputError: there is no entry of the run.
    """
    scores = read_scores([layout.scores(*entry) for entry in own])
    fits = read_fits(fit_folders(scores, [layout.fits(*entry) for entry in own]))
    if former is not None and kept:
        more_scores, more_fits = scores_and_fits(former.results, kept)
        scores = pd.concat([scores, more_scores], ignore_index=True)
        fits = fits.astype(dict.fromkeys(MEASURED, float))
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
            run does not have are taken from them.
    """
    own = [entry for entry in entries if layout.scores(*entry).is_file()]
    kept = set(entries) - set(own)
    before = former[1] if former else None
    results = results_of(benchmark, layout, own, kept, before)
    results.drop(columns="blocks").to_parquet(to / SCORES, index=False, compression="zstd")
    keys: dict[str, dict[str, dict[str, Any]]] = {}
    for dataset, method in entries:
        keys.setdefault(dataset, {})[method] = (
            before.manifest["entries"][dataset][method]
            if before and (dataset, method) in kept
            else keys_of_entry(benchmark, layout, (dataset, method))
        )
    with atomic_hdf5(to / LABELS) as file:
        _write_labels(benchmark, layout, own, file)
        if former:
            with h5py.File(former[0] / LABELS) as labels:
                copy_labels(labels, kept, file)
        add_blocks(layout, entries, file)
    facts = before.manifest.get("tissues", {}) if before else {}
    tissues = {name: facts[name] for name, _ in kept if name in facts}
    tissues |= {name: measured_facts(benchmark, layout, name) for name in dict(own)}
    manifest = {
        "made": made,
        "commit": _different(results["commit"]),
        "machine": _different(results["device_name"]),
        "environment": _different(results["environment"]),
        "config": {k: v for k, v in benchmark.config.items() if k not in _NOT_SHIPPED},
        "files": {name: file_hash(to / name) for name in (SCORES, LABELS)},
        "unfinished": left_out(benchmark, layout, entries, before),
        "scored_by_earlier_code": scored_by_earlier_code(layout, before, kept) if before else 0,
        "entries": keys,
        "tissues": tissues,
    }
    text = json.dumps(manifest, indent=1, sort_keys=True)
    (to / MANIFEST).write_text(text + "\n", encoding="utf-8")


def left_out(
    benchmark: Benchmark,
    layout: Layout,
    entries: Sequence[Entry],
    former: Shipped | None = None,
) -> dict[str, dict[str, str]]:
    """``datasets`` (ids) and ``methods`` (titles) of the configuration without any entry here.

    Published settings of a method are not counted as another one.

    Returns:
        By kind and name how many entries of the run have scores; of a name without any, what
        ``former`` says.
    """
    known = benchmark.methods[DOMAINS]
    earlier = former.manifest["unfinished"] if former else {}
    found: dict[str, dict[str, str]] = {}
    for place, kind in enumerate(("datasets", "methods")):
        here = {entry[place] for entry in entries}
        groups: dict[str, list[bool]] = {}
        for entry in benchmark.entries(DOMAINS):
            if entry[place] not in here and "variant_of" not in known[entry[1]]:
                name = str(known[entry[1]]["title"]) if kind == "methods" else entry[0]
                groups.setdefault(name, []).append(layout.scores(*entry).is_file())
        found[kind] = {
            name: f"{sum(scored)} of {len(scored)} entries scored"
            for name, scored in groups.items()
        }
        silent = {name for name, scored in groups.items() if not any(scored)}
        found[kind] |= {n: text for n, text in earlier.get(kind, {}).items() if n in silent}
    return found


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


def add_blocks(layout: Layout, entries: Collection[Entry], file: h5py.File) -> None:
    """The attribute ``blocks`` of labels: contributions of blocks of cells to their ARI.

    Labels that have it keep it; those of a dataset that is not here or has no truth stay without.
    """
    for dataset in dict.fromkeys(dataset for dataset, _ in entries):
        group, path = file.get(dataset, {}), layout.data(dataset)
        without = [rows for rows in group.values() if "blocks" not in rows.attrs]
        if not without or not path.is_file():
            continue
        data = read_elements(path, "obs/cluster", "obsm/spatial")
        if "obs/cluster" not in data:
            continue
        truth = pd.Categorical(data["obs/cluster"]).codes.astype(int)
        labeled = truth >= 0
        blocks = spatial_blocks(data["obsm/spatial"][labeled])
        for rows in without:
            parts = ari_contributions(truth[labeled], rows[:][None, labeled], blocks)
            rows.attrs["blocks"] = parts


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
