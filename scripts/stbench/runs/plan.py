"""What a benchmark would take, made ready to be read: per dataset, per method and in all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

Entry = tuple[str, str]

DATA = "(data)"  # in the measurements: the files of a dataset, which is no method
COLUMNS_AT_A_TIME = 16
_ENDED = ("ok", "not_applicable", "failed")


@dataclass(frozen=True)
class Plan:
    """All that is known before a benchmark runs.

    Attributes:
        benchmark: what was asked for.
        states: of every fit.
        costs: of a fit of each entry.
        lost: why a dataset is not available, where that is known.
        sources: where the others come from.
        stages: jobs of each stage, as (name, in all, still to do).
        raw_bytes, unsized: of the files to be fetched, and how many have no published size.
        data_mb: predicted for the datasets that are not prepared yet.
        free_mb: on the disk of the results.
        measured: the measurements the model rests on; ``own`` of them from this results folder,
            which took ``pace`` times as long as the others.
    """

    benchmark: Benchmark
    states: Sequence[FitState]
    costs: Mapping[Entry, FitCost]
    lost: Mapping[str, str]
    sources: Mapping[str, str]
    stages: Sequence[tuple[str, int, int]]
    raw_bytes: int
    unsized: int
    data_mb: float
    free_mb: float
    measured: pd.DataFrame
    own: int
    pace: float


def make_plan(benchmark: Benchmark, layout: Layout, shipped: Path, mirrors: Sequence[Path]) -> Plan:
    """Put together what a benchmark would take.

    Args:
        benchmark: what was asked for.
        layout: of the results; they need not be there.
        shipped: file of the measurements that come with the project.
        mirrors: folders with raw files.
    """
    theirs, own = read_shipped(shipped), read_own(layout)
    model, factor = fit_for_here(theirs, own)
    lost = {**_by_hand(benchmark, layout, mirrors), **lost_datasets(benchmark, layout)}
    costs = fit_costs(benchmark, model, layout, lost)
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
        raw_bytes=sum(size or 0 for size in sizes),
        unsized=sum(size is None for size in sizes),
        data_mb=sum(_data_mb(model, benchmark, costs, layout, lost)),
        free_mb=free_bytes(layout.root) / 1e6,
        measured=theirs if own.empty else pd.concat([theirs, own], ignore_index=True),
        own=len(own),
        pace=factor,
    )


def as_table(plan: Plan) -> pd.DataFrame:
    """One row per entry: its cost as in ``FitCost``, and how many of its fits are how far."""
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
    """The plan as it is printed; ``jobs`` run at a time."""
    table = as_table(plan)
    table["to_do"] = table["left"] + table["running"]
    table["hours"] = table["to_do"] * table["seconds"] / 3600
    parts = [
        _matrix_line(plan),
        _stage_lines(plan),
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
        f"{len(benchmark.datasets_of(task))} datasets x {len(benchmark.chosen(task))} methods"
        + f" ({TASKS[task].title.lower()})" * (len(fitted) > 1 or task != DOMAINS)
        for task in fitted
    ]
    size = (
        f"{' and '.join(sizes)} x {len(benchmark.config['seeds'])} seeds: "
        f"{len(plan.costs)} entries, {len(plan.states)} fits"
    )
    ended = ", ".join(f"{counted[name]} {name.replace('_', ' ')}" for name in _ENDED)
    return f"{size}\ndone so far: {ended}; {counted['left']} left"


def _stage_lines(plan: Plan) -> str:
    rows = [("jobs", "all", "left")]
    rows += [(name, str(total), str(left)) for name, total, left in plan.stages]
    return columns(rows) + "\nand tables, figures and summary. An edited program reruns more."


def _tables_of_tasks(plan: Plan, table: pd.DataFrame) -> Iterator[str]:
    """Of each task its datasets, then its methods by datasets."""
    for task, rows in table.groupby("task", sort=False):
        yield _datasets_table(plan, rows, "genes" if task == DOMAINS else "spots")
        yield from _methods_tables(rows)


def _datasets_table(plan: Plan, table: pd.DataFrame, columns_are: str) -> str:
    """Datasets with their size; ``columns_are``: what a fit has beside cells, genes or spots."""
    ends = ("left", "hours", "limits", "data")
    head = ("#", "dataset", "cells", columns_are, "fits", *_short(_ENDED), *ends)
    rows: list[tuple[str, ...]] = [head]
    for number, (name, mine) in enumerate(table.groupby("dataset", sort=False), 1):
        first = mine.iloc[0]
        told = [first["cells"], first[columns_are], *_counts(mine)]
        where = f"not available: {plan.lost[name]}" if name in plan.lost else plan.sources[name]
        hours = mine.groupby(mine["basis"] == LIMIT)["hours"].sum()
        both = [_hours(hours.get(limits, 0.0)) for limits in (False, True)]
        rows.append((str(number), str(name), *map(str, told), *both, shortened(where)))
    return columns(rows, left=(1, len(head) - 1))


def _methods_tables(table: pd.DataFrame) -> Iterator[str]:
    """Time and memory of a fit, methods by datasets, as many datasets as a line holds at a time."""
    numbers = {name: str(i) for i, name in enumerate(dict.fromkeys(table["dataset"]), 1)}
    names = list(numbers)
    for start in range(0, len(names), COLUMNS_AT_A_TIME):
        shown = names[start : start + COLUMNS_AT_A_TIME]
        heads = [numbers[name] for name in shown]
        times = [("time of a fit", "fits", *_short(_ENDED), "left", "hours", *heads)]
        memory = [("memory of a fit, GB", *heads)]
        for method, mine in table.groupby("method", sort=False):
            title = f"{method}{' (GPU)' if mine['gpus'].any() else ''}"
            cells = mine.set_index("dataset").loc[shown]
            marks = map(_mark, cells["basis"])
            marked = list(zip(marks, cells["seconds"], cells["peak_mb"], strict=True))
            counted = [*map(str, _counts(mine)), _hours(mine["hours"].sum())]
            times.append(
                (title, *counted, *(_time(m, s) if m is not None else "-" for m, s, _ in marked))
            )
            memory.append(
                (title, *(f"{m}{p / 1e3:.1f}" if m is not None else "-" for m, _, p in marked))
            )
        yield columns(times, left=(0,))
        yield columns(memory, left=(0,))


def _marks(table: pd.DataFrame) -> str:
    told = []
    if (table["basis"] == EXTRAPOLATED).any():
        told.append("~: for a much larger tissue than the method was measured on")
    if (table["basis"] == LIMIT).any():
        told.append("<, limits: never measured, the most that it is allowed")
    if (table["basis"] == NOTHING).any():
        told.append("-: nothing is trained")
    return "; ".join(told)


def _totals(plan: Plan, table: pd.DataFrame, jobs: int) -> str:
    known = table[table["basis"] != LIMIT]
    unknown = table[(table["basis"] == LIMIT) & (table["to_do"] > 0)]
    hours = known["hours"].sum()
    on_gpu = known[known["device"] == "cuda"]["hours"].sum()
    told = [f"left: {table['to_do'].sum()} fits"]
    told.append(f"CPU: {_hours(hours - on_gpu)} h, one core for each fit")
    told.append(f"GPU: {_gpu(known, on_gpu)}")
    told.append(
        f"with {jobs} jobs at a time about {_hours(hours / jobs)} h of fits;"
        " clustering and scoring come on top"
    )
    if len(unknown):
        names = ", ".join(dict.fromkeys(unknown["method"]))
        most = unknown["hours"].sum()
        told.append(f"and at most {_hours(most)} h of {names}: never measured, their time limits")
    lost = table[table["dataset"].isin(plan.lost) & (table["to_do"] > 0)]
    if len(lost):
        names = ", ".join(dict.fromkeys(lost["dataset"]))
        told.append(f"{lost['to_do'].sum()} of these fits only record that there is no {names}")
    return "\n".join(told)


def _gpu(known: pd.DataFrame, hours: float) -> str:
    asking = known[(known["gpus"] > 0) & (known["device"] != "cuda")]
    told = [f"{_hours(hours)} h"] if hours else []
    if len(asking):
        names = ", ".join(dict.fromkeys(asking["method"]))
        told.append(
            f"not known, no fit was measured on one; {_hours(asking['hours'].sum())} of the CPU"
            f" hours are of methods that take a GPU where there is one ({names})"
        )
    return "; ".join(told) or "none"


def _disk(plan: Plan, table: pd.DataFrame) -> str:
    fits = (table["disk_mb"].fillna(0) * table["to_do"]).sum()
    raw = plan.raw_bytes / 1e6
    unsized = f" and {plan.unsized} files of unknown size" if plan.unsized else ""
    told = (
        f"disk: {(raw + plan.data_mb + fits) / 1e3:.1f} GB more{unsized}: raw files"
        f" {raw / 1e3:.1f}, datasets about {plan.data_mb / 1e3:.1f}, fits about {fits / 1e3:.1f};"
        f" {plan.free_mb / 1e3:.1f} GB free"
    )
    if plan.benchmark.config.get("keep_trajectories"):
        return f"{told}. The embeddings of all epochs, which are kept, come on top."
    return f"{told}. The embeddings of all epochs come on top until they are clustered."


def _basis(plan: Plan) -> str:
    fits = plan.measured[plan.measured["method"] != DATA]
    theirs = fits.iloc[: len(fits) - plan.own]
    machines = "; ".join(dict.fromkeys(theirs["machine"]))
    told = [f"predicted from {len(theirs)} measured fits ({machines})"]
    if plan.own:
        told[0] += f" and {plan.own} here, which took {plan.pace:.2g} times as long"
    for quantity, name in (("seconds", "time"), ("peak_mb", "memory")):
        errors = left_out_errors(fits, quantity)
        far = errors[errors["far"]]
        line = (
            f"error of the {name} of a dataset left out: typically within a factor of"
            f" {typical_factor(errors['ratio']):.2f}, nine in ten within"
            f" {typical_factor(errors['ratio'], 0.9):.2f}"
        )
        if len(far):
            line += (
                f"; where it was much larger than the others, typically within"
                f" {typical_factor(far['ratio']):.2f}, nine in ten within"
                f" {typical_factor(far['ratio'], 0.9):.2f} (~)"
            )
        told.append(line)
    return "\n".join(told)


def _by_hand(benchmark: Benchmark, layout: Layout, mirrors: Sequence[Path]) -> dict[str, str]:
    """Datasets of which no source is available: without a URL, and in no mirror folder."""
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
    found = dict(lost)
    for name, entry in benchmark.datasets.items():
        needed = {f"section {part['id']}": part["id"] for part in entry.get("parts", [])}
        for what, part in {**needed, **raw_parts(entry)}.items():
            if part in lost:
                found[name] = f"{what}: {lost[part]}"
    for name in benchmark.datasets:
        if (base := benchmark.base(name)) in found:
            found[name] = found[base]
    return found


def _is_available(file: Mapping[str, Any], mirrors: Sequence[Path]) -> bool:
    return bool(file.get("url")) or any((mirror / file["name"]).is_file() for mirror in mirrors)


def _is_raw(layout: Layout, dataset: str) -> bool:
    return (layout.raw(dataset) / "status.json").is_file()


def _source(layout: Layout, name: str, entry: Mapping[str, Any]) -> str:
    made = {"simulate": "simulated", "joined": "joined from its sections"}
    made["degraded"] = f"degraded from {entry.get('derived_from')}"
    made["pair"] = "simulated" if "simulate" in entry else "spots and reference"
    if entry["origin"] == "files":
        return "here" if _is_raw(layout, name) else "to be fetched"
    return made.get(entry["origin"]) or str(entry["path"])


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
        is_there = layout.preprocessed(name).is_file()
        predicted = model.predict(DATA, cost.cells, cost.genes or 0, None)
        if predicted is not None and not is_there and name not in lost:
            yield predicted.disk_mb


def _counts(rows: pd.DataFrame) -> list[int]:
    return [int(rows[name].sum()) for name in ("fits", *_ENDED, "to_do")]


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
