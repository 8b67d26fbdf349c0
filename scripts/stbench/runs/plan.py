"""The plan of a benchmark: predicted cost per dataset, per method and in total."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.io import free_bytes
from stbench.common.text import columns, shortened
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.config.pairs import raw_parts
from stbench.config.tasks import DOMAINS, FITTED, TASKS
from stbench.runs.cost_model import CostModel, fit_for_here, left_out_errors, typical_factor
from stbench.runs.fit_costs import (
    EXTRAPOLATED,
    LIMIT,
    NOTHING,
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
COLUMNS_AT_A_TIME = 16
_ENDED = ("ok", "not_applicable", "failed")


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


def as_text(plan: Plan, jobs: int) -> str:
    """The plan as printed; ``jobs`` run at a time."""
    table = as_table(plan)
    table["to_do"] = table["left"] + table["running"]
    table["hours"] = table["to_do"] * table["seconds"] / 3600
    parts = [
        _matrix_line(plan),
        _stage_lines(plan),
        _submissions(plan.submissions),
        *_tables_of_tasks(plan, table),
        _marks(table),
        _totals(plan, table, jobs),
        _disk(plan, table),
        _basis(plan),
    ]
    return "\n\n".join(filter(None, parts))


def _matrix_line(plan: Plan) -> str:
    benchmark, counted = plan.benchmark, count(plan.states)
    fitted = [task for task in FITTED if benchmark.datasets_of(task)]
    sizes = [
        f"{_number(benchmark.datasets_of(task), 'dataset')} x "
        f"{_number(benchmark.chosen(task), 'method')}"
        + f" ({TASKS[task].title.lower()})"
        * (len(fitted) > 1 or task != DOMAINS)
        for task in fitted
    ]
    size = (
        f"{' and '.join(sizes)} x {_number(benchmark.config['seeds'], 'seed')}: "
        f"{_number(plan.costs, 'entry', 'entries')}, {_number(plan.states, 'fit')}"
    )
    ended = ", ".join(f"{counted[name]} {name.replace('_', ' ')}" for name in _ENDED)
    return f"{size}\ndone so far: {ended}; {counted['left']} left"


def _stage_lines(plan: Plan) -> str:
    rows = [("jobs", "all", "left")]
    rows += [(name, str(total), str(left)) for name, total, left in plan.stages]
    return (
        columns(rows)
        + "\nand tables, figures and summary. More jobs rerun if programs were edited."
    )


def _submissions(submitted: Submissions) -> str:
    bundled = [bundle.seconds for bundle in submitted.bundles]
    parts = [
        f"{_number(times, one)}, {_time('', min(times))} to {_time('', max(times))}"
        for one, times in (("bundle", bundled), ("fit", list(submitted.alone.values())))
        if times
    ]
    return (
        f"on a cluster: {_number(range(len(submitted)), 'submission')}: {' and '.join(parts)} each,"
        " as predicted for one core"
    )


def _tables_of_tasks(plan: Plan, table: pd.DataFrame) -> Iterator[str]:
    """For each task, the table of its datasets, then those of its methods by datasets."""
    for task, rows in table.groupby("task", sort=False):
        yield _datasets_table(plan, rows, "genes" if task == DOMAINS else "spots")
        yield from _methods_tables(rows)


def _datasets_table(plan: Plan, table: pd.DataFrame, second: str) -> str:
    """Datasets and their size: cells, and genes or spots (``second``)."""
    ends = ("left", "hours", "limits", "data")
    head = ("#", "dataset", "cells", second, "fits", *_short(_ENDED), *ends)
    rows: list[tuple[str, ...]] = [head]
    for number, (name, entries) in enumerate(table.groupby("dataset", sort=False), 1):
        first = entries.iloc[0]
        numbers = [first["cells"], first[second], *_counts(entries)]
        source = f"not available: {plan.lost[name]}" if name in plan.lost else plan.sources[name]
        hours = entries.groupby(entries["basis"] == LIMIT)["hours"].sum()
        both = [_hours(hours.get(limits, 0.0)) for limits in (False, True)]
        rows.append((str(number), str(name), *map(str, numbers), *both, shortened(source)))
    return columns(rows, left=(1, len(head) - 1))


def _methods_tables(table: pd.DataFrame) -> Iterator[str]:
    """Time and memory of a fit, methods by datasets, split into tables that fit in a line."""
    numbers = {name: str(i) for i, name in enumerate(dict.fromkeys(table["dataset"]), 1)}
    names = list(numbers)
    for start in range(0, len(names), COLUMNS_AT_A_TIME):
        shown = names[start : start + COLUMNS_AT_A_TIME]
        heads = [numbers[name] for name in shown]
        times = [("time of a fit", "fits", *_short(_ENDED), "left", "hours", *heads)]
        memory = [("memory of a fit, GB", *heads)]
        for method, entries in table.groupby("method", sort=False):
            title = f"{method}{' (GPU)' if entries['gpus'].any() else ''}"
            costs = entries.set_index("dataset").reindex(shown)
            marks = map(_mark, costs["basis"].fillna(NOTHING))  # not on every dataset
            marked = list(zip(marks, costs["seconds"], costs["peak_mb"], strict=True))
            counted = [*map(str, _counts(entries)), _hours(entries["hours"].sum())]
            times.append(
                (title, *counted, *(_time(m, s) if m is not None else "-" for m, s, _ in marked))
            )
            memory.append(
                (title, *(f"{m}{p / 1e3:.1f}" if m is not None else "-" for m, _, p in marked))
            )
        yield columns(times, left=(0,))
        yield columns(memory, left=(0,))


def _marks(table: pd.DataFrame) -> str:
    marks = []
    if (table["basis"] == EXTRAPOLATED).any():
        marks.append("~: extrapolated to a much larger tissue than measured")
    if (table["basis"] == LIMIT).any():
        marks.append("<, limits: method never measured, limit of its job")
    if (table["basis"] == NOTHING).any():
        marks.append("-: not trained")
    return "; ".join(marks)


def _totals(plan: Plan, table: pd.DataFrame, jobs: int) -> str:
    known = table[table["basis"] != LIMIT]
    unknown = table[(table["basis"] == LIMIT) & (table["to_do"] > 0)]
    hours = known["hours"].sum()
    on_gpu = known[known["device"] == "cuda"]["hours"].sum()
    lines = [f"left: {table['to_do'].sum()} fits"]
    lines.append(f"CPU: {_hours(hours - on_gpu)} h, one core for each fit")
    lines.append(f"GPU: {_gpu(known, on_gpu)}")
    lines.append(
        f"with {jobs} job{'s' * (jobs > 1)} at a time, about {_hours(hours / jobs)} h for fits,"
        " excluding clustering and scoring"
    )
    if len(unknown):
        names = ", ".join(dict.fromkeys(unknown["method"]))
        most = unknown["hours"].sum()
        lines.append(
            f"plus at most {_hours(most)} h (time limits) for methods never measured: {names}"
        )
    lost = table[table["dataset"].isin(plan.lost) & (table["to_do"] > 0)]
    if len(lost):
        names = ", ".join(dict.fromkeys(lost["dataset"]))
        lines.append(f"{lost['to_do'].sum()} of these fits only record missing data: {names}")
    return "\n".join(lines)


def _gpu(known: pd.DataFrame, hours: float) -> str:
    asking = known[(known["gpus"] > 0) & (known["device"] != "cuda")]
    parts = [f"{_hours(hours)} h"] if hours else []
    if len(asking):
        names = ", ".join(dict.fromkeys(asking["method"]))
        parts.append(
            f"unknown, no fit was measured on a GPU; {_hours(asking['hours'].sum())} of the CPU"
            f" hours are for methods that use a GPU if available ({names})"
        )
    return "; ".join(parts) or "none"


def _disk(plan: Plan, table: pd.DataFrame) -> str:
    fits = (table["disk_mb"].fillna(0) * table["to_do"]).sum()
    raw = plan.raw_bytes / 1e6
    unsized = f" and {plan.unsized} files of unknown size" if plan.unsized else ""
    text = (
        f"disk: {(raw + plan.data_mb + fits) / 1e3:.1f} GB needed{unsized}: raw files"
        f" {raw / 1e3:.1f}, datasets about {plan.data_mb / 1e3:.1f}, fits about {fits / 1e3:.1f};"
        f" {plan.free_mb / 1e3:.1f} GB free"
    )
    if plan.benchmark.config.get("keep_trajectories"):
        return f"{text}. Excluding the embeddings of all epochs, which are kept."
    return f"{text}. Excluding the embeddings of all epochs, which are deleted after clustering."


def _basis(plan: Plan) -> str:
    fits = plan.measured[plan.measured["method"] != DATA]
    theirs = fits.iloc[: len(fits) - plan.own]
    machines = "; ".join(dict.fromkeys(theirs["machine"]))
    lines = [f"predicted from {len(theirs)} measured fits ({machines})"]
    if plan.own:
        lines[0] += (
            f" and {plan.own} of this results folder, which took {plan.pace:.2g} times as long"
        )
    for quantity, name in (("seconds", "time"), ("peak_mb", "memory")):
        errors = left_out_errors(fits, quantity)
        far = errors[errors["far"]]
        line = (
            f"error of the {name} for a held-out dataset: a factor of"
            f" {typical_factor(errors['ratio']):.2f} at the median,"
            f" {typical_factor(errors['ratio'], 0.9):.2f} at the 90th percentile"
        )
        if len(far):
            line += (
                f"; if much larger than the others (~), {typical_factor(far['ratio']):.2f} and"
                f" {typical_factor(far['ratio'], 0.9):.2f}"
            )
        lines.append(line)
    return "\n".join(lines)


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


def _counts(rows: pd.DataFrame) -> list[int]:
    return [int(rows[name].sum()) for name in ("fits", *_ENDED, "to_do")]


def _number(things: Sized, one: str, many: str = "") -> str:
    return f"{len(things)} {one if len(things) == 1 else many or f'{one}s'}"


def _short(names: Sequence[str]) -> list[str]:
    return ["n/a" if name == "not_applicable" else name for name in names]


def _mark(basis: str) -> str | None:
    return {EXTRAPOLATED: "~", LIMIT: "<", NOTHING: None}.get(basis, "")


def _hours(hours: float) -> str:
    return f"{hours:.0f}" if hours >= 10 else f"{hours:.1f}"


def _time(mark: str, seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            number = seconds / size
            return f"{mark}{number:.0f}{unit}" if number >= 10 else f"{mark}{number:.1f}{unit}"
    return f"{mark}{seconds:.0f}s"
