"""Overview of a run: datasets, methods, time, machine, and missing results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stbench.common.constants import FAILED
from stbench.common.h5ad import read_elements
from stbench.config.layout import Layout
from stbench.config.tasks import is_pair
from stbench.results.assembly import FIT, natural, one_row_per_fit
from stbench.results.budget import MARK
from stbench.results.formatting import count
from stbench.runs.measurements import shape_of
from stbench.summary.run import Run

_UNKNOWN: dict[str, Any] = {
    **dict.fromkeys(("title", "technology", "note", "licence", "citation"), ""),
    **dict.fromkeys(("cells", "genes", "n_domains")),
}
_OWN = ("source", "note", "sha256")  # keys of the file of a dataset
_OF_A_SOURCE = ("licence", "citation", "technology", "organism")


@dataclass(frozen=True)
class Missing:
    """A dataset, a method or a single entry without results, and the reason."""

    what: str
    seeds: str
    status: str
    reason: str


def dataset_facts(
    ids: list[str], described: Mapping[str, Mapping[str, Any]], layout: Layout
) -> list[dict[str, Any]]:
    """Each dataset as configured, updated with the facts in its file, if it exists.

    Raises:
        InputError: a file is not readable.
    """
    facts = []
    for name in sorted(ids, key=natural):
        entry = {**_UNKNOWN, **described.get(name, {})}
        if is_pair(entry):
            entry |= {"cells": entry.get("n_cells")}
        path = layout.data(name)
        if path.is_file():
            recorded = read_elements(path, "uns/dataset").get("uns/dataset", {})
            sources = {source["name"]: source for source in entry.get("sources", [])}
            source = sources.get(recorded.get("source"), {})
            entry |= {key: source[key] for key in _OF_A_SOURCE if key in source}
            entry |= {key: recorded[key] for key in _OWN if recorded.get(key)}
            if dropped := int(recorded.get("dropped_cells", 0)):
                said = f"{dropped} cells without a count dropped"
                entry["note"] = "; ".join(filter(None, [entry.get("note", ""), said]))
            if shape := shape_of(path):  # not always those of the publication
                entry |= {"cells": shape[0], "genes": shape[1]}
        facts.append({**entry, "id": name})
    return facts


def run_facts(run: Run, fits: pd.DataFrame, budget: str) -> list[tuple[str, str]]:
    """The main facts of a run, as (label, text); of fits, only of those that were not shipped."""
    results, rank_by = run.results, run.rank_by
    methods = results.drop_duplicates("method")
    controls = int(methods["control"].sum())
    compared = count(len(methods) - controls, "method")
    fits = fits.merge(one_row_per_fit(run.own)[list(FIT)])
    seeds = sorted(fits["seed"].unique().tolist())
    ended = fits["status"].value_counts()
    times = sorted(filter(None, [*fits["started"], *fits["finished"]]))
    others = [name for name in _different(results["clusterer"]) if name != rank_by]
    facts = [
        ("Datasets", str(results["dataset"].nunique())),
        ("Methods", f"{compared}, {count(controls, 'control')}"),
        ("Seeds", _joined(map(str, seeds))),
        ("Fits", _joined(f"{n} {status.replace('_', ' ')}" for status, n in ended.items())),
        ("Studies", _of_studies(run.own)),
        ("Clusterers", f"{rank_by} (used for ranking)" + "".join(f", {name}" for name in others)),
        ("Budget", budget if budget == "full" else f"{budget}: {MARK} marks fewer epochs"),
        ("Commit", _joined(_different(fits["commit"]))),
        ("Time", _span(times)),
        ("Hosts", _joined(_different(fits["host"]))),
        ("Devices", _joined(_different(fits["device"]))),
        ("Hardware", _joined(_different(fits["device_name"]))),
        ("Environments", _joined(_different(fits["environment"]))),
    ]
    return [(label, text) for label, text in facts if text]


def _of_studies(results: pd.DataFrame) -> str:
    """Number of fits of each study; studies do not take part in the ranking."""
    fits = one_row_per_fit(results)
    counted = fits[fits["study"] != ""]["study"].value_counts(sort=False)
    return _joined(f"{count(n, 'fit')} for {study}" for study, n in counted.items())


def missing_results(
    results: pd.DataFrame, titles: Mapping[str, str]
) -> list[tuple[str, list[Missing]]]:
    """Datasets, methods and single fits without results, with their reasons; by title.

    A dataset is missing if no method is applicable to it, for the same reason; a method, if it is
    not applicable to all other datasets for the same reason. All other failures are listed by
    fit. Kinds without any are left out.
    """
    fits = one_row_per_fit(results)
    lost = fits[fits["fit_status"].isin([*FAILED, "not_applicable"])]
    datasets = {str(name): reason for name, reason in _nowhere(fits, "dataset").items()}
    lost = lost[~lost["dataset"].isin(datasets)]
    others = fits[~fits["dataset"].isin(datasets)]
    methods = {str(name): reason for name, reason in _nowhere(others, "method").items()}
    lost = lost[~lost["method"].isin(methods)]
    keys = ["dataset", "method", "fit_status", "fit_reason"]
    entries = [
        Missing(
            f"{titles[method]} on {dataset}",
            _joined(map(str, sorted(rows["seed"]))),
            status,
            reason,
        )
        for (dataset, method, status, reason), rows in lost.groupby(keys, sort=False)
    ]
    absent = list(datasets.items())
    unused = [(titles[name], reason) for name, reason in methods.items()]
    found = {
        "Datasets": [Missing(name, "", "not_applicable", reason) for name, reason in absent],
        "Methods": [Missing(name, "", "not_applicable", reason) for name, reason in unused],
        "Single fits": entries,
    }
    return [(title, items) for title, items in found.items() if items]


def _nowhere(fits: pd.DataFrame, key: str) -> dict[Any, str]:
    """Values of ``key`` of which no fit is applicable, for the same reason."""
    groups = fits.groupby(key, sort=False)
    return {
        name: str(rows["fit_reason"].iloc[0])
        for name, rows in groups
        if set(rows["fit_status"]) == {"not_applicable"} and rows["fit_reason"].nunique() == 1
    }


def _different(column: pd.Series) -> list[str]:
    return [str(value) for value in dict.fromkeys(column) if value]


def _joined(texts: Any) -> str:
    return ", ".join(texts)


def _span(times: list[str]) -> str:
    """First and last time stamp as text."""
    if not times:
        return ""
    first, last = (time.replace("T", " ")[:16] for time in (times[0], times[-1]))
    return f"{first} to {last.removeprefix(first[:11])} UTC"
