"""Measured costs of finished fits: those shipped with the project, and the user's own.

``resources/cost_model.csv`` has one row per fit: identity and size (``dataset``, ``method``,
``cells``, ``genes``, ``epochs``; empty for methods without epochs), cost (``seconds``, ``peak_mb``,
``disk_mb`` of its folder) and hardware (``device``, ``machine``). Fits of deconvolution are named
``deconvolution/<method>``; their ``cells`` are those of the reference, their ``genes`` the spots.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.errors import InputError
from stbench.config.layout import REFERENCE, SPOTS, Layout
from stbench.config.tasks import DECONVOLUTION, DOMAINS

COLUMNS = [
    *("dataset", "method", "cells", "genes", "epochs"),
    *("seconds", "peak_mb", "disk_mb", "device", "machine"),
]
THIS_RUN = "this results folder"


def read_shipped(path: str | Path) -> pd.DataFrame:
    """Read the measurements that are shipped with the project.

    Raises:
        InputError: the file is missing or lacks a column.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; it is part of the repository")
    table = pd.read_csv(path)
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise InputError(f"{path}: the column {missing[0]!r} is missing")
    return table[COLUMNS]


def measured_as(task: str, method: str) -> str:
    """The name of a method in the measurements; ids alone are not unique there."""
    return method if task == DOMAINS else f"{task}/{method}"


def read_own(layout: Layout) -> pd.DataFrame:
    """Measurements of the successful fits of a results folder; unreadable ones are skipped."""
    sizes: dict[str, tuple[str, tuple[int, int]] | None] = {}
    rows = []
    for path in layout.finished_fits():
        status = _status(path)
        if not status:
            continue
        dataset = status["dataset"]
        if dataset not in sizes:
            sizes[dataset] = _task_and_size(layout, dataset)
        if task_and_size := sizes[dataset]:
            task, size = task_and_size
            name = measured_as(task, status["method"])
            rows.append(_row({**status, "method": name}, path.parent, size))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"epochs": float, "seconds": float, "peak_mb": float, "disk_mb": float})


def epochs_of(params: Mapping[str, Any]) -> float | None:
    """Epochs of all stages of a training; None for a method without epochs."""
    stages = [params[name] for name in params if name == "epochs" or name.endswith("_epochs")]
    return float(sum(stages)) if stages else None


def size_of(layout: Layout, dataset: str) -> tuple[int, int] | None:
    """Cells and genes of a dataset; for a pair, cells of its reference and spots.

    None if it is not prepared yet or has no cells.
    """
    if shape := shape_of(layout.preprocessed(dataset)):
        return shape
    parts = [shape_of(layout.pair(dataset, part)) for part in (REFERENCE, SPOTS)]
    return (parts[0][0], parts[1][0]) if parts[0] and parts[1] else None


def _task_and_size(layout: Layout, dataset: str) -> tuple[str, tuple[int, int]] | None:
    """Task and size of a dataset of any configuration; None if unknown."""
    for path in layout.any_of(dataset):
        shape = shape_of(path)
        if path.name != f"{SPOTS}.h5ad":
            if shape:
                return DOMAINS, shape
            continue
        reference = shape_of(path.with_name(f"{REFERENCE}.h5ad"))
        if shape and reference:
            return DECONVOLUTION, (reference[0], shape[0])
    return None


def shape_of(path: Path) -> tuple[int, int] | None:
    """Cells and genes of an h5ad file; None if it cannot be read or has no cells."""
    import h5py

    try:
        with h5py.File(path) as file:
            shape = file["X"].attrs.get("shape", getattr(file["X"], "shape", None))
            return (int(shape[0]), int(shape[1])) if shape is not None and shape[0] else None
    except (OSError, KeyError):
        return None


def _status(path: Path) -> dict[str, Any] | None:
    """status.json of a successful, measured fit; None for all others."""
    try:
        status = json.loads(path.read_text(encoding="utf-8"))
        status["parameters"] = json.loads(status["parameters"])
    except (OSError, ValueError, KeyError):
        return None  # being replaced, or older than the key
    measured = status.get("seconds") and status.get("peak_rss_mb") and status.get("device")
    return status if status.get("status") == "ok" and measured else None


def _row(status: Mapping[str, Any], folder: Path, size: tuple[int, int]) -> dict[str, Any]:
    return {
        **{name: status[name] for name in ("dataset", "method", "seconds", "device")},
        "cells": size[0],
        "genes": size[1],
        "epochs": epochs_of(status["parameters"]),
        "peak_mb": status["peak_rss_mb"],
        "disk_mb": sum(_kept_bytes(folder)) / 1e6,
        "machine": THIS_RUN,
    }


def _kept_bytes(folder: Path) -> Iterator[int]:
    """Sizes of the files of a fit that are kept; trajectories are deleted after clustering."""
    for file in folder.iterdir():
        if file.name != "trajectory.h5":
            yield file.stat().st_size
