"""Add a run to the results that are shipped already.

Entries that the run does not have are kept if the current code would fit them in the same way, on
the same data and with the same truth. So a run on some more datasets adds to what is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import h5py
import pandas as pd

from stbench.common.errors import InputError
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.config.tasks import DOMAINS
from stbench.results.assembly import FIT, MEASURED, PROVENANCE, SCORES, one_row_per_fit
from stbench.results.shipped import Entry, Shipped, dataset_name

_OF_ALL_ENTRIES = ("seeds", "clusterers", "rank_by", "published_settings")
_MUST_BE_EQUAL = ("fit", "data", "refine")  # of the keys of an entry


def united(config: Mapping[str, Any], former: Shipped) -> dict[str, Any]:
    """The configuration of a run, and also the datasets and methods that were shipped before.

    Raises:
        InputError: the two differ in what all entries have in common.
    """
    before = former.manifest["config"]
    for key in _OF_ALL_ENTRIES:
        if _comparable(config[key]) != _comparable(before[key]):
            raise InputError(
                f"{key} is {config[key]}, but {before[key]} in the results that are shipped "
                "already; use the same, or remove those to ship this run alone"
            )
    entries = former.manifest["entries"]
    shipped = [dataset for dataset in before["datasets"] if dataset_name(dataset) in entries]
    names = {dataset_name(dataset) for dataset in config["datasets"]}
    more = [dataset for dataset in shipped if dataset_name(dataset) not in names]
    ran = {method for methods in entries.values() for method in methods}
    methods = [method for method in before["methods"] if method in ran]
    return {
        **config,
        "datasets": [*config["datasets"], *more],
        "methods": list(dict.fromkeys([*config["methods"], *methods])),
    }


def keys_of_entry(benchmark: Benchmark, layout: Layout, entry: Entry) -> dict[str, Any]:
    """What identifies the fits and scores of an entry, for the manifest.

    ``fit`` and ``scores`` are the keys of its files, ``data`` is that of the dataset with its
    truth, ``refine`` says how labels are refined.
    """
    dataset, method = entry
    return {
        "fit": layout.keys.fit(*entry),
        "scores": layout.keys.scores(*entry),
        "data": layout.keys.data(dataset),
        "refine": [benchmark.refine(dataset), benchmark.nearest_wins(method)],
    }


def kept_entries(
    benchmark: Benchmark, layout: Layout, former: Shipped
) -> tuple[set[Entry], list[Entry]]:
    """Of the entries that were shipped before and that the run does not have, which can be kept.

    Returns:
        Those that are kept, and those whose fits, data or truth would be different now.
    """
    there = former.manifest["entries"]
    kept, changed = set(), []
    for entry in benchmark.entries(DOMAINS):
        made = there.get(entry[0], {}).get(entry[1])
        if made is None or layout.scores(*entry).is_file():
            continue
        now = keys_of_entry(benchmark, layout, entry)
        if all(made.get(key) == now[key] for key in _MUST_BE_EQUAL):
            kept.add(entry)
        else:
            changed.append(entry)
    return kept, changed


def scored_by_earlier_code(layout: Layout, former: Shipped, kept: Collection[Entry]) -> int:
    """How many kept entries were clustered or scored by another version of the code."""
    made = former.manifest["entries"]
    return sum(made[entry[0]][entry[1]]["scores"] != layout.keys.scores(*entry) for entry in kept)


def scores_and_fits(
    results: pd.DataFrame, entries: Collection[Entry]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two tables that results were assembled of, of these entries."""
    chosen = [entry in entries for entry in zip(results["dataset"], results["method"], strict=True)]
    rows = results[chosen]
    fits = one_row_per_fit(rows)[[*FIT, *MEASURED, *PROVENANCE, "fit_status", "fit_reason"]]
    names = {"fit_status": "status", "fit_reason": "reason"}
    return rows[SCORES], fits.rename(columns=names)


def copy_labels(former: h5py.File, entries: Collection[Entry], file: h5py.File) -> None:
    """Copy the labels of these entries from a file of labels that were shipped before."""
    for dataset, method in sorted(entries):
        if method in former.get(dataset, ()):
            group = file.require_group(dataset)
            former.copy(f"{dataset}/{method}", group)
            group.attrs["cells_digest"] = former[dataset].attrs["cells_digest"]


def _comparable(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value
