"""Failures of a run, and the files to delete so that the next run retries them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.common.paths import PROJECT
from stbench.common.text import columns
from stbench.config.benchmark import Benchmark
from stbench.config.layout import SPOTS, Layout
from stbench.config.tasks import (
    CHOOSING,
    DECONVOLUTION,
    DOMAINS,
    INTEGRATION,
    INTERACTIONS,
    MAPS,
    MARKERS,
)
from stbench.runs.environment import environment_folder
from stbench.runs.fit_status import FAILED, FitState, fit_states, matrix

# How reasons begin where the environment lacks a package (stbench.fitting.requirements), or mclust
# (stbench.clustering.mclust).
ENVIRONMENT_MISSING, NO_MCLUST = "environment missing", "R with mclust not found"
MAPS_FACTS = "stbench"  # in uns of a file of maps (stbench.maps.cells_file)
# What has to be made again if one of them failed.
MADE_OF_FITS = {
    "scores": ("labels", "epochs", "scores", "integration"),
    "integration": ("integration",),
    "interactions": ("interactions",),
    "deconvolution": ("scores",),
}
_MAPS = ("h5ad", "tsv", "methods.csv", "agreement.csv", "zarr", "vitessce.json")
ALL_MADE = ("labels", "epochs", "scores", "interactions", "integration")


@dataclass(frozen=True)
class Failure:
    """One failed fit.

    Without a ``seed`` a tool for cell-cell communication, or with a ``stage`` of ``MADE_OF_FITS``
    what was made of the fits of a method; a dataset if ``method`` is empty, too.
    """

    dataset: str
    method: str
    seed: int | None
    status: str
    reason: str
    stage: str = ""


def failures(benchmark: Benchmark, layout: Layout, *, environments: bool = False) -> list[Failure]:
    """Everything that failed: datasets, fits, what was made of fits, tools for communication.

    What was not installed is a failure if it may be installed by now: if the environment of
    ``make setup-<environment>`` exists, or R, or rpy2.

    Args:
        benchmark, layout: the configuration and its files.
        environments: whether every missing environment counts, because the next run may have it by
            conda or in a container.

    Raises:
        InputError: a file is not readable; the message says what to delete.
    """

    def missing(reason: str) -> bool:
        return _was_missing(reason) or (environments and reason.startswith(ENVIRONMENT_MISSING))

    states = fit_states(layout, matrix(benchmark))
    datasets = _failed_datasets(benchmark, layout)
    lost = {failure.dataset for failure in datasets}
    return (
        datasets
        + [
            Failure(s.key.dataset, s.key.method, s.key.seed, s.status, s.reason)
            for s in states
            if s.status in FAILED or missing(s.reason)
        ]
        + _failed_stages(benchmark, layout, states, missing)
        + [failure for failure in _failed_maps(benchmark, layout) if failure.dataset not in lost]
        + _failed_tools(benchmark, layout)
    )


def outputs_of(failure: Failure, layout: Layout) -> list[Path]:
    """Files to delete so that the failed entry is retried: its outputs and what depends on them.

    Outputs of other settings depend on the failure as well and are included.
    """
    name = failure.dataset
    if failure.seed is not None:
        fit = layout.fit(name, failure.method, failure.seed)
        attempts = layout.attempts(name, failure.method, failure.seed)
        return [fit, attempts, *_made_of_fits(layout, name, failure.method)]
    if failure.stage == "interaction_scores":
        return [layout.interaction_scores(name)]
    maps = [layout.domains(name, ending) for ending in _MAPS]
    if failure.stage == "choosing":
        return [layout.choosing(name), *maps]
    if failure.stage == "maps":
        return maps
    if failure.stage == "markers":
        return [layout.markers(name)]
    if failure.stage:
        return _made_of_fits(layout, name, failure.method, MADE_OF_FITS[failure.stage])
    if failure.method:
        return [layout.communication(name, failure.method), layout.interaction_scores(name)]
    return [
        *_made_of_raw(name, layout),
        *(path.parent for path in _without_data(layout, name)),
        *layout.root.glob(f"communication/{name}/*/*"),
        *_made_of_fits(layout, name, "*"),
        *(layout.choosing(name), layout.markers(name), *maps),
    ]


def summaries(layout: Layout) -> list[Path]:
    """Outputs that depend on all entries."""
    return [layout.results, layout.tables, layout.figures, layout.summary]


def delete(path: Path) -> None:
    """Delete a file or folder, if it exists."""
    if path.is_dir():
        shutil.rmtree(path)
    with suppress(FileNotFoundError):
        path.unlink()


def remove_outdated(jobs: Iterable[Any]) -> None:
    """Remove the tables and the like that jobs of a cluster will make again.

    Snakemake does so only where it runs jobs itself. Otherwise a job that fails leaves those of an
    earlier configuration, and Snakemake records them as made by this one.

    Args:
        jobs: of Snakemake. Those with a param ``recipe`` have outputs without a key in their paths.
    """
    for job in jobs:
        if "recipe" in job.params.keys():  # noqa: SIM118 - not a dict
            for path in job.output:
                delete(Path(path))


def as_table(failed: Sequence[Failure]) -> str:
    """One line for each failure, with a header."""
    rows = [("dataset", "method", "seed", "status", "reason")]
    for f in failed:
        seed = "" if f.seed is None else str(f.seed)
        rows.append((f.dataset, f.method or "(data)", seed, f.status, f.reason))
    return columns(rows, left=range(5))


def _made_of_fits(
    layout: Layout, dataset: str, method: str, kinds: Sequence[str] = ALL_MADE
) -> list[Path]:
    """Outputs that depend on fits of a method (``*``: of any), for all settings."""
    paths = [path for kind in kinds for path in layout.root.glob(f"{kind}/{dataset}/{method}/*")]
    has_graph = "interactions" in kinds and any(
        layout.root.glob(f"interactions/{dataset}/{method}")
    )
    return paths + has_graph * list(layout.root.glob(f"interactions/{dataset}/*.parquet"))


def _without_data(layout: Layout, dataset: str) -> list[Path]:
    """``status.json`` of the fits of a dataset that were not applicable."""
    return [
        path
        for path in layout.finished_fits(dataset)
        if json.loads(path.read_text(encoding="utf-8")).get("status") == "not_applicable"
    ]


def _made_of_raw(dataset: str, layout: Layout) -> list[Path]:
    """What is made of the published files; the files themselves only if their download failed."""
    status = layout.raw(dataset) / "status.json"
    fetched = status.is_file() and not _failed_download(status)
    return [
        *([] if fetched else [layout.raw(dataset), *_failed_archive(layout)]),
        layout.data(dataset),
        layout.preprocessed(dataset),
        layout.pair(dataset, SPOTS).parent,
        layout.truth(dataset),
    ]


def _failed_archive(layout: Layout) -> list[Path]:
    """The folder of STAGUE's archive, if its download failed."""
    status = layout.stague_archive / "status.json"
    return [layout.stague_archive] if status.is_file() and _failed_download(status) else []


def _failed_datasets(benchmark: Benchmark, layout: Layout) -> list[Failure]:
    """Datasets whose download failed, or whose file records a failure."""
    reasons: dict[str, str] = {}
    for name in {**benchmark.made, **benchmark.datasets}:
        if benchmark.datasets.get(name) and benchmark.task(name) == DECONVOLUTION:
            files = {layout.pair(name, SPOTS): "pair"}
        else:
            files = {layout.preprocessed(name): "dataset", layout.data(name): "dataset"}
        for path, kind in files.items():
            if path.exists() and (reason := recorded_failure(path, kind)):
                reasons[name] = reason
    for name in benchmark.downloads:
        path = layout.raw(name) / "status.json"
        if path.exists() and (reason := _failed_download(path)):
            reasons[name] = reason
    return [Failure(name, "", None, "error", reason) for name, reason in sorted(reasons.items())]


def _failed_stages(
    benchmark: Benchmark,
    layout: Layout,
    states: Sequence[FitState],
    missing: Callable[[str], bool],
) -> list[Failure]:
    """Labels, scores, interactions and integration that failed though the fits are ok."""
    ok: dict[tuple[str, str], set[int]] = {}
    for state in states:
        if state.status == "ok":
            ok.setdefault((state.key.dataset, state.key.method), set()).add(state.key.seed)
    found = []
    made = (
        (DOMAINS, "scores", layout.scores),
        (INTEGRATION, "integration", layout.integration),
        (DECONVOLUTION, "deconvolution", layout.scores),
    )
    for task, stage, path_of in made:
        for entry in benchmark.entries(task):
            seeds = None if task == DECONVOLUTION else ok.get(entry)
            if entry in ok and (why := _failed_row(path_of(*entry), missing, seeds)):
                found.append(Failure(*entry, None, *why, stage))
    for entry in benchmark.entries(INTERACTIONS):
        path = layout.interactions(*entry) / "status.json"
        if entry in ok and path.is_file():
            parts = json.loads(path.read_text(encoding="utf-8")).values()
            failed = [
                (part["status"], part["reason"]) for part in parts if part["status"] == "error"
            ]
            found += [Failure(*entry, None, *why, "interactions") for why in failed[:1]]
    for name in benchmark.datasets_of(INTERACTIONS):
        if why := _failed_row(layout.interaction_scores(name), missing):
            found.append(Failure(name, "(scores)", None, *why, "interaction_scores"))
    for name in benchmark.datasets_of(CHOOSING):
        if reason := first_error(layout.choosing(name) / "number_of_domains.csv"):
            found.append(Failure(name, "(choice)", None, "error", reason, "choosing"))
    return found


def _failed_maps(benchmark: Benchmark, layout: Layout) -> list[Failure]:
    """Maps of the user's sections, and tests of genes, whose file records a failure."""
    found = []
    for name in benchmark.datasets_of(MAPS):
        path = layout.domains(name, "h5ad")
        if path.is_file() and (reason := recorded_failure(path, MAPS_FACTS)):
            found.append(Failure(name, "(maps)", None, "error", reason, "maps"))
    for name in benchmark.datasets_of(MARKERS):
        if reason := first_error(layout.markers(name) / "genes.csv"):
            found.append(Failure(name, "(markers)", None, "error", reason, "markers"))
    return found


def first_error(path: Path) -> str:
    """The reason of the first failure in a table; empty without any, or without the table."""
    from stbench.common.io import read_csv

    if not path.is_file():
        return ""
    rows = read_csv(path)
    return "".join(rows.loc[rows["status"] == "error", "reason"].head(1))


def _failed_row(
    path: Path, missing: Callable[[str], bool], seeds: set[int] | None = None
) -> tuple[str, str] | None:
    """Status and reason of the first failure in a table of scores.

    Args:
        path: the table.
        missing: whether something was not installed, by the reason, that may be by now.
        seeds: those that have a fit; rows of others do not count. None: all rows count, as of a
            table without seeds.
    """
    import pandas as pd

    if not path.is_file():
        return None
    try:
        columns = ["status", "reason", *([] if seeds is None else ["seed"])]
        rows = pd.read_parquet(path, columns=columns)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable ({error}); delete it") from error
    failed = rows[rows["status"].eq("error") | rows["reason"].map(missing)]
    if seeds is not None:
        failed = failed[failed["seed"].isin(seeds)]
    return tuple(failed[["status", "reason"]].iloc[0]) if len(failed) else None


def _was_missing(reason: str) -> bool:
    """Whether something was not installed that may be installed by now."""
    if reason.startswith(NO_MCLUST):
        return find_spec("rpy2") is not None  # make setup installs it where R has mclust
    if not reason.startswith(ENVIRONMENT_MISSING):
        return False
    command = re.search(r"make setup(?:-(\w+))?", reason)  # that installs it
    if command and command[1]:
        return environment_folder(command[1], PROJECT) is not None
    return command is not None or shutil.which("Rscript") is not None


def _failed_tools(benchmark: Benchmark, layout: Layout) -> list[Failure]:
    """Tools for cell-cell communication that failed or were not installed."""
    reasons = {
        (name, tool): recorded_failure(path, "communication")
        for name in benchmark.datasets_of(INTERACTIONS)
        for tool in benchmark.tools
        if (path := layout.communication(name, tool)).exists()
    }
    return [Failure(*key, None, "error", reason) for key, reason in reasons.items() if reason]


def recorded_failure(path: Path, kind: str) -> str:
    """The reason recorded in the file of a failed dataset; empty for all others."""
    import h5py

    try:
        with h5py.File(path) as file:
            facts = file[f"uns/{kind}"]
            record = {key: facts[key].asstr()[()] for key in ("status", "reason") if key in facts}
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: not a dataset of this pipeline ({error}); delete it") from error
    return str(record["reason"]) if record.get("status") == "error" else ""


def _failed_download(path: Path) -> str:
    try:
        status = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON ({error}); delete its folder") from error
    return str(status["reason"]) if status["status"] == "error" else ""
