"""The plan of a benchmark as it is printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized

import pandas as pd

from stbench.common.paths import PROJECT
from stbench.common.text import columns, shortened
from stbench.config.tasks import DOMAINS, FITTED, TASKS
from stbench.runs.cost_model import left_out_errors, typical_factor
from stbench.runs.environment import python_of
from stbench.runs.fit_costs import EXTRAPOLATED, LIMIT, NOTHING, TOO_LARGE
from stbench.runs.fit_status import count
from stbench.runs.plan import DATA, Plan, as_table
from stbench.runs.submissions import Submissions

_COLUMNS_AT_A_TIME = 16
_ENDED = ("ok", "not_applicable", "failed")


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
    for start in range(0, len(names), _COLUMNS_AT_A_TIME):
        shown = names[start : start + _COLUMNS_AT_A_TIME]
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
    if (table["basis"] == TOO_LARGE).any():
        marks.append("-, too large: more cells than the method's max_cells")
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
    lines += _short_of_memory(table[table["to_do"] > 0])
    lines += _environments(plan, table[table["to_do"] > 0])
    return "\n".join(lines)


def _short_of_memory(table: pd.DataFrame) -> Iterator[str]:
    """A line for each method that is predicted to need more memory than its jobs request."""
    short = table[table["peak_mb"] > table["asked_mb"]]
    for method, entries in short.groupby("method", sort=False):
        worst = entries.loc[(entries["peak_mb"] / entries["asked_mb"]).idxmax()]
        yield (
            f"{method} may need more memory than its jobs first request on "
            f"{_number(entries, 'dataset')}: {worst['peak_mb'] / 1e3:.1f} of "
            f"{worst['asked_mb'] / 1e3:.1f} GB on {worst['dataset']}; each retry requests as much "
            "again"
        )


def _environments(plan: Plan, table: pd.DataFrame) -> Iterator[str]:
    """A line if methods have environments of PyPI packages that make did not create here."""
    missing: dict[str, str] = {}
    for task, method in table[["task", "method"]].drop_duplicates().itertuples(index=False):
        environment = plan.benchmark.environment(task, method)
        if environment == "default":
            continue
        pins = (PROJECT / f"envs/{environment}.yaml").read_text(encoding="utf-8")
        if "==" in pins and python_of(environment, PROJECT) == "python":
            missing[method] = environment
    if missing:
        commands = " ".join(f"setup-{name}" for name in sorted(set(missing.values())))
        yield (
            f"not applicable without their environments, except with conda: {', '.join(missing)}; "
            f"create them first: make {commands}"
        )


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


def _counts(rows: pd.DataFrame) -> list[int]:
    return [int(rows[name].sum()) for name in ("fits", *_ENDED, "to_do")]


def _number(things: Sized, one: str, many: str = "") -> str:
    return f"{len(things)} {one if len(things) == 1 else many or f'{one}s'}"


def _short(names: Sequence[str]) -> list[str]:
    return ["n/a" if name == "not_applicable" else name for name in names]


def _mark(basis: str) -> str | None:
    return {EXTRAPOLATED: "~", LIMIT: "<", NOTHING: None, TOO_LARGE: None}.get(basis, "")


def _hours(hours: float) -> str:
    return f"{hours:.0f}" if hours >= 10 else f"{hours:.1f}"


def _time(mark: str, seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            number = seconds / size
            return f"{mark}{number:.0f}{unit}" if number >= 10 else f"{mark}{number:.1f}{unit}"
    return f"{mark}{seconds:.0f}s"
