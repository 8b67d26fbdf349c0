"""The current status of the fits of a benchmark, read from the results folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from stbench.common.constants import FAILED
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout

STATES = ("ok", "not_applicable", "failed", "running", "left")


class Key(NamedTuple):
    """Identifies a fit; ids of datasets and methods are unique only within a task."""

    task: str
    dataset: str
    method: str
    seed: int


@dataclass(frozen=True)
class FitState:
    """One fit: ``status`` as in status.json, or ``running`` or ``left``.

    Attributes:
        key: identifies the fit.
        status, reason: how it ended.
        ended: seconds since 1970; 0 if it has not ended.
    """

    key: Key
    status: str
    reason: str = ""
    ended: float = 0.0

    @property
    def state(self) -> str:
        """One of ``STATES``."""
        return "failed" if self.status in FAILED else self.status


def matrix(benchmark: Benchmark) -> list[Key]:
    """All fits of the configuration."""
    return [
        Key(benchmark.task(dataset), dataset, method, seed)
        for dataset, method in benchmark.entries()
        for seed in benchmark.seeds(method, dataset)
    ]


def fit_states(
    layout: Layout,
    keys: Iterable[Key],
    *,
    alive: bool = False,
    again: Collection[Key] = (),
    since: float = 0.0,
) -> list[FitState]:
    """Read the status of fits from their folders.

    Args:
        layout: of the results.
        keys: the fits.
        alive: whether a run is in progress; otherwise an unfinished folder is a remnant.
        again, since: fits that a run trains again, and its start: older results count as left.
    """
    listings: dict[Path, list[str]] = {}
    again = frozenset(again)
    states = []
    for key in keys:
        fit = layout.fit(key.dataset, key.method, key.seed)
        if fit.parent not in listings:
            listings[fit.parent] = _names(fit.parent)
        state = _ended(key, fit / "status.json")
        if state and key in again and state.ended < since:
            state = None
        started = any(name.startswith(f".{fit.name}.") for name in listings[fit.parent])
        states.append(state or FitState(key, "running" if started and alive else "left"))
    return states


def count(states: Iterable[FitState]) -> dict[str, int]:
    """Number of fits in each of ``STATES``."""
    counted = Counter(state.state for state in states)
    return {name: counted[name] for name in STATES}


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []


def _ended(key: Key, path: Path) -> FitState | None:
    """How a fit ended; None if it has not ended or is being replaced."""
    try:
        status = json.loads(path.read_text(encoding="utf-8"))
        return FitState(key, status["status"], status["reason"] or "", path.stat().st_mtime)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError) as error:
        return FitState(key, "error", f"{path}: not readable ({error}); remove its folder")
