"""The plan of a benchmark: predicted cost per dataset, per method and in total."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.io import free_bytes
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.config.pairs import raw_parts
from stbench.config.tasks import DOMAINS
from stbench.runs.cost_model import CostModel, fit_for_here
from stbench.runs.fit_costs import (
    FitCost,
    fit_costs,
    lost_datasets,
)
from stbench.runs.fit_status import FitState, count, fit_states, matrix
from stbench.runs.measurements import read_own, read_shipped
from stbench.runs.stages import stages
from stbench.runs.submissions import Submissions, submissions

Entry = tuple[str, str]

DATA = "(data)"  # in the measurements: the files of a dataset, not a method


@dataclass(frozen=True)
class Plan:
    """Everything that is known before a benchmark runs.

    Attributes:
        benchmark: the configuration.
        states: of every fit.
        costs: of a fit of each entry.
        lost: datasets that are known to be unavailable, with the reason.
        sources: origin of the other datasets.
        stages: jobs of each stage, as (name, total, left).
        submissions: the jobs that a cluster receives.
        raw_bytes, unsized: size of the files to download, and number of files of unknown size.
        data_mb: predicted size of the datasets that are not prepared yet.
        free_mb: free space on the disk of the results.
        measured: measurements that the model is fitted to; ``own`` of them are from this results
            folder and took ``pace`` times as long as the others.
    """

    benchmark: Benchmark
    states: Sequence[FitState]
    costs: Mapping[Entry, FitCost]
    lost: Mapping[str, str]
    sources: Mapping[str, str]
    stages: Sequence[tuple[str, int, int]]
    submissions: Submissions
    raw_bytes: int
    unsized: int
    data_mb: float
    free_mb: float
    measured: pd.DataFrame
    own: int
    pace: float


def make_plan(benchmark: Benchmark, layout: Layout, shipped: Path, mirrors: Sequence[Path]) -> Plan:
    """Predict the cost of a benchmark.

    Args:
        benchmark: the configuration.
        layout: of the results, which need not exist.
        shipped: file of the measurements that are shipped with the project.
        mirrors: folders of raw files.
    """
    theirs, own = read_shipped(shipped), read_own(layout)
    model, factor = fit_for_here(theirs, own)
    refused = lost_datasets(benchmark, layout)
    lost = {**_by_hand(benchmark, layout, mirrors), **refused}
    costs = fit_costs(benchmark, model, layout, lost)
    expected = costs if lost == refused else fit_costs(benchmark, model, layout, refused)
    sizes = [
        file.get("bytes")
        for name, entry in benchmark.downloads.items()
        if name not in lost and not _is_raw(layout, name)
        for file in entry["sources"][0]["files"]
    ]
    return Plan(
        benchmark=benchmark,
        states=fit_states(layout, matrix(benchmark)),
        costs=costs,
        lost=lost,
        sources={name: _source(layout, name, e) for name, e in benchmark.datasets.items()},
        stages=list(stages(benchmark, layout)),
        submissions=submissions(benchmark, layout, expected),
        raw_bytes=sum(size or 0 for size in sizes),
        unsized=sum(size is None for size in sizes),
        data_mb=sum(_data_mb(model, benchmark, costs, layout, lost)),
        free_mb=free_bytes(layout.root) / 1e6,
        measured=theirs if own.empty else pd.concat([theirs, own], ignore_index=True),
        own=len(own),
        pace=factor,
    )


def as_table(plan: Plan) -> pd.DataFrame:
    """One row per entry: its cost as in ``FitCost``, and the number of its fits in each state."""
    by_entry: dict[Entry, list[FitState]] = {entry: [] for entry in plan.costs}
    for state in plan.states:
        by_entry[state.key.dataset, state.key.method].append(state)
    rows: list[dict[str, Any]] = [
        {"task": plan.benchmark.task(dataset), "dataset": dataset, "method": method}
        | {"fits": len(states), **count(states)}
        | asdict(plan.costs[dataset, method])
        for (dataset, method), states in by_entry.items()
    ]
    types = {"genes": "Int64", "spots": "Int64", "disk_mb": float}
    table = pd.DataFrame(rows).astype(types)
    table = table.round({"seconds": 1, "peak_mb": 0, "disk_mb": 2})
    return table.assign(why_not=table["dataset"].map(plan.lost).fillna(""))


def _by_hand(benchmark: Benchmark, layout: Layout, mirrors: Sequence[Path]) -> dict[str, str]:
    """Datasets without an available source (no URL, not in a mirror folder), with advice."""
    lost = {}
    for name, entry in benchmark.downloads.items():
        if _is_raw(layout, name):
            continue
        missing = [
            [file for file in source["files"] if not _is_available(file, mirrors)]
            for source in entry["sources"]
        ]
        if all(missing):
            file = missing[0][0]
            lost[name] = file.get("get") or f"put {file['name']} into a mirror folder"
    reasons = dict(lost)
    for name, entry in benchmark.datasets.items():
        needed = {f"section {part['id']}": part["id"] for part in entry.get("parts", [])}
        for what, part in {**needed, **raw_parts(entry)}.items():
            if part in lost:
                reasons[name] = f"{what}: {lost[part]}"
    for name in benchmark.datasets:
        if (base := benchmark.base(name)) in reasons:
            reasons[name] = reasons[base]
    return reasons


def _is_available(file: Mapping[str, Any], mirrors: Sequence[Path]) -> bool:
    return bool(file.get("url")) or any((mirror / file["name"]).is_file() for mirror in mirrors)


def _is_raw(layout: Layout, dataset: str) -> bool:
    return (layout.raw(dataset) / "status.json").is_file()


def _source(layout: Layout, name: str, entry: Mapping[str, Any]) -> str:
    texts = {"simulate": "simulated", "joined": "joined from its sections"}
    texts["planted"] = f"planted into {entry.get('plant', {}).get('into')}"
    texts["degraded"] = f"degraded from {entry.get('derived_from')}"
    texts["pair"] = "simulated" if "simulate" in entry else "spots and reference"
    if entry["origin"] == "files":
        return "downloaded" if _is_raw(layout, name) else "to be downloaded"
    return texts.get(entry["origin"]) or str(entry["path"])


def _data_mb(
    model: CostModel,
    benchmark: Benchmark,
    costs: Mapping[Entry, FitCost],
    layout: Layout,
    lost: Mapping[str, str],
) -> Iterator[float]:
    """Predicted size of each dataset that is not prepared yet, raw and preprocessed."""
    for name in benchmark.datasets_of(DOMAINS):
        cost = costs[name, benchmark.chosen(DOMAINS)[0]]
        is_prepared = layout.preprocessed(name).is_file()
        predicted = model.predict(DATA, cost.cells, cost.genes or 0, None)
        if predicted is not None and not is_prepared and name not in lost:
            yield predicted.disk_mb
