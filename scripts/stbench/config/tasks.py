"""The tasks of the benchmark.

``domains`` and ``deconvolution`` fit their own methods, listed in a file of ``config/``. The other
tasks score or explain the fits of ``domains``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stbench.config.layout import Layout

DOMAINS, DECONVOLUTION = "domains", "deconvolution"
INTEGRATION, INTERACTIONS, MARKERS = "integration", "interactions", "markers"
MAPS = "maps"
CHOOSING = "choosing"

Entry = Mapping[str, Any]
Config = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes:
        id: its name in files; also the key of its settings in a configuration.
        title: its name for readers.
        fits: the task whose fits it uses; its own id if it fits methods itself.
        applies: whether a dataset takes part, given its entry and a configuration.
        scores: the paths of the scores of the methods on a dataset.
        methods: file of ``config/`` that lists its methods; empty if it fits none.
        needs_graph: only methods that learn a cell graph take part.
    """

    id: str
    title: str
    fits: str
    applies: Callable[[Entry, Config], bool]
    scores: Callable[[Layout, str, Sequence[str]], list[Path]]
    methods: str = ""
    needs_graph: bool = False


def is_pair(entry: Entry) -> bool:
    """Whether a dataset is a pair of spots and reference."""
    return "spots" in entry or "spot_size" in entry


def task_of(entry: Entry) -> str:
    """The task whose methods are fitted on a dataset."""
    return DECONVOLUTION if is_pair(entry) else DOMAINS


def is_own(entry: Entry) -> bool:
    """Whether a dataset of ``domains`` is read from files of the user, and not degraded."""
    if entry["origin"] == "degraded":  # with the parts of the original
        return False
    return entry["origin"] == "path" or any(map(is_own, entry.get("parts", [])))


def _is_chosen_for(entry: Entry) -> bool:
    """Whether a number of domains, or a method, is to be chosen for a dataset."""
    several = isinstance(entry["n_domains"], list) and len(entry["n_domains"]) > 1
    return "degrade" not in entry and (is_own(entry) or several)


def _of_methods(layout: Layout, dataset: str, methods: Sequence[str]) -> list[Path]:
    return [layout.scores(dataset, method) for method in methods]


TASKS = {
    task.id: task
    for task in (
        Task(
            id=DOMAINS,
            title="Spatial domains",
            fits=DOMAINS,
            methods="methods.yaml",
            applies=lambda entry, config: task_of(entry) == DOMAINS,
            scores=_of_methods,
        ),
        Task(
            id=DECONVOLUTION,
            title="Deconvolution",
            fits=DECONVOLUTION,
            methods="deconvolution_methods.yaml",
            applies=lambda entry, config: task_of(entry) == DECONVOLUTION,
            scores=_of_methods,
        ),
        Task(
            id=INTEGRATION,
            title="Integration of sections",
            fits=DOMAINS,
            applies=lambda entry, config: entry["origin"] == "joined",
            scores=lambda layout, dataset, methods: [
                layout.integration(dataset, method) for method in methods
            ],
        ),
        Task(
            id=INTERACTIONS,
            title="Cell-cell interactions",
            fits=DOMAINS,
            applies=lambda entry, config: (
                bool(config.get(INTERACTIONS)) and task_of(entry) == DOMAINS
            ),
            scores=lambda layout, dataset, methods: (
                [layout.interaction_scores(dataset)] if methods else []
            ),
            needs_graph=True,
        ),
        Task(
            id=MAPS,
            title="Maps of your tissue",
            fits=DOMAINS,
            applies=lambda entry, config: task_of(entry) == DOMAINS and is_own(entry),
            scores=lambda layout, dataset, methods: [layout.domains(dataset, "h5ad")],
        ),
        Task(
            id=CHOOSING,
            title="Number of domains and method",
            fits=DOMAINS,
            applies=lambda entry, config: task_of(entry) == DOMAINS and _is_chosen_for(entry),
            scores=lambda layout, dataset, methods: [layout.choosing(dataset)],
        ),
        Task(
            id=MARKERS,
            title="Markers of domains",
            fits=DOMAINS,
            applies=lambda entry, config: (
                task_of(entry) == DOMAINS and (is_own(entry) or bool(config.get(MARKERS)))
            ),
            scores=lambda layout, dataset, methods: [layout.markers(dataset)],
        ),
    )
}
FITTED = tuple(task.id for task in TASKS.values() if task.methods)
