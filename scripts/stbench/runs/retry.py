"""What failed in a run, and what has to be deleted so that the next run makes it again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stbench.common.errors import InputError
from stbench.common.text import columns
from stbench.config.benchmark import Benchmark
from stbench.config.layout import SPOTS, Layout
from stbench.config.tasks import DECONVOLUTION
from stbench.runs.fit_status import FAILED, fit_states, matrix


@dataclass(frozen=True)
class Failure:
    """One failed fit, or one failed dataset where ``method`` is empty and ``seed`` None."""

    dataset: str
    method: str
    seed: int | None
    status: str
    reason: str


def failures(benchmark: Benchmark, layout: Layout) -> list[Failure]:
    """Everything that failed: datasets first, then fits.

    Raises:
        InputError: a file is not readable; the line says what to delete.
    """
    states = fit_states(layout, matrix(benchmark))
    return _failed_datasets(benchmark, layout) + [
        Failure(s.key.dataset, s.key.method, s.key.seed, s.status, s.reason)
        for s in states
        if s.status in FAILED
    ]


def outputs_of(failure: Failure, benchmark: Benchmark, layout: Layout) -> list[Path]:
    """What has to go so that the failed entry is made again, and what was made of it.

    What was made of it under other settings has the failure, too, and goes with it.
    """
    name = failure.dataset
    if failure.seed is not None:
        fit = layout.fit(name, failure.method, failure.seed)
        return [fit, *_made_of_fits(layout, name, failure.method)]
    return [
        *_made_of_raw(name, layout),
        *(path.parent for path in _without_data(layout, name)),
        *_made_of_fits(layout, name, "*"),
    ]


def summaries(layout: Layout) -> list[Path]:
    """What rests on all entries."""
    return [layout.results, layout.tables, layout.figures, layout.summary]


def delete(path: Path) -> None:
    """Delete a file or folder that may be missing."""
    if path.is_dir():
        shutil.rmtree(path)
    with suppress(FileNotFoundError):
        path.unlink()


def as_table(failed: Sequence[Failure]) -> str:
    """One line for each failure, under a head."""
    rows = [("dataset", "method", "seed", "status", "reason")]
    for f in failed:
        seed = "" if f.seed is None else str(f.seed)
        rows.append((f.dataset, f.method or "(data)", seed, f.status, f.reason))
    return columns(rows, left=range(5))


def _made_of_fits(layout: Layout, dataset: str, method: str) -> list[Path]:
    """All that fits of a method (``*``: of any) were made into, whatever the settings."""
    kinds = ("labels", "epochs", "scores", "interactions", "integration")
    found = [path for kind in kinds for path in layout.root.glob(f"{kind}/{dataset}/{method}/*")]
    has_graph = any(layout.root.glob(f"interactions/{dataset}/{method}"))
    return found + has_graph * list(layout.root.glob(f"interactions/{dataset}/*.parquet"))


def _without_data(layout: Layout, dataset: str) -> list[Path]:
    """``status.json`` of the fits that had nothing to do on a dataset."""
    return [
        path
        for path in layout.finished_fits(dataset)
        if json.loads(path.read_text(encoding="utf-8")).get("status") == "not_applicable"
    ]


def _made_of_raw(dataset: str, layout: Layout) -> list[Path]:
    return [
        layout.raw(dataset),
        layout.data(dataset),
        layout.preprocessed(dataset),
        layout.pair(dataset, SPOTS).parent,
        layout.truth(dataset),
    ]


def _failed_datasets(benchmark: Benchmark, layout: Layout) -> list[Failure]:
    """Datasets whose download failed, or that are recorded as failed where they were made."""
    reasons: dict[str, str] = {}
    for name in {**benchmark.made, **benchmark.datasets}:
        if benchmark.datasets.get(name) and benchmark.task(name) == DECONVOLUTION:
            places = {layout.pair(name, SPOTS): "pair"}
        else:
            places = {layout.preprocessed(name): "dataset", layout.data(name): "dataset"}
        for path, kind in places.items():
            if path.exists() and (reason := _recorded_failure(path, kind)):
                reasons[name] = reason
    for name in benchmark.downloads:
        path = layout.raw(name) / "status.json"
        if path.exists() and (reason := _failed_download(path)):
            reasons[name] = reason
    return [Failure(name, "", None, "error", reason) for name, reason in sorted(reasons.items())]


def _recorded_failure(path: Path, kind: str) -> str:
    """The reason that a dataset without cells carries; empty for all others."""
    import h5py

    try:
        with h5py.File(path) as file:
            facts = file[f"uns/{kind}"]
            found = {key: facts[key].asstr()[()] for key in ("status", "reason") if key in facts}
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: not a dataset of this pipeline ({error}); delete it") from error
    return str(found["reason"]) if found.get("status") == "error" else ""


def _failed_download(path: Path) -> str:
    try:
        status = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON ({error}); delete its folder") from error
    return str(status["reason"]) if status["status"] == "error" else ""
