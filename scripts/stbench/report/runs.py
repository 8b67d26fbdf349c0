"""Facts about every fit: how it ended, its cost, hardware and software."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from stbench.common.errors import InputError
from stbench.config.layout import Layout
from stbench.report.scores import pooled
from stbench.results.assembly import FIT, MEASURED, PROVENANCE, in_order, one_row_per_fit
from stbench.supervisor.attempts import Attempts

LABELS = {
    "status": "status",
    "reason": "reason",
    "seconds": "seconds",
    "peak_rss_mb": "peak memory (MB)",
    "peak_gpu_mb": "peak GPU memory (MB)",
    "device": "device",
    "device_name": "hardware",
    "driver": "GPU driver",
    "host": "host",
    "started": "started (UTC)",
    "finished": "finished (UTC)",
    "attempts": "attempts",
    "commit": "commit of the code",
    "environment": "hash of the environment",
    "data_hash": "SHA-256 of the data",
    "log": "log",
    "parameters": "parameters",
    "versions": "versions of packages",
}


def fit_records(results: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """One row per fit: ``FIT`` and the columns ``LABELS`` as text, empty if unknown.

    Args:
        results: of ``stbench.results.assembly.read_results``.
        layout: of fits and logs; facts of missing files are empty.

    Raises:
        InputError: a fit is not readable.
    """
    fits = one_row_per_fit(results).drop(columns=["status", "reason"])
    fits = fits.rename(columns={"fit_status": "status", "fit_reason": "reason"})
    rows = []
    for fit in in_order(fits, FIT).to_dict("records"):
        key = (fit["dataset"], fit["method"], fit["seed"])
        texts = {name: _text(fit[name]) for name in ("status", "reason", *MEASURED, *PROVENANCE)}
        others = {} if fit["source"] else _from_files(layout, key)
        # Old results have no provenance, but the fits recorded some of these facts.
        row = {**others, **{name: text or others.get(name, "") for name, text in texts.items()}}
        facts = {name: row.get(name, "") for name in LABELS}
        rows.append({**{key: fit[key] for key in FIT}, **facts})
    return pd.DataFrame(rows)


def _from_files(layout: Layout, key: tuple[str, str, int]) -> dict[str, str]:
    """Facts of a fit of this run."""
    return {
        **_recorded(layout.fit(*key) / "fit.h5ad"),
        **_attempts(layout.attempts(*key)),
        "log": _link(layout.fit_log(*key), layout.report),
    }


def packed_fits(fits: pd.DataFrame) -> dict[str, Any]:
    """The rows of ``fit_records`` as pooled columns, with a label for each."""
    return {
        "keys": {key: pooled(fits[key]) for key in FIT},
        "labels": LABELS,
        "facts": {name: pooled(fits[name]) for name in LABELS},
    }


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def _recorded(path: Path) -> dict[str, str]:
    """Parameters and versions recorded in the fit; empty for a failed fit."""
    import h5py

    if not path.is_file():
        return {"parameters": "", "versions": ""}
    try:
        with h5py.File(path) as file:
            names = {"parameters": "params", "versions": "versions"}
            return {to: file[f"uns/fit/{name}"].asstr()[()] for to, name in names.items()}
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: not a fit ({error}); remove its folder") from error


def _attempts(path: Path) -> dict[str, str]:
    """Host, start, end and number of attempts, from the log of attempts."""
    events = Attempts(path).events()
    starts = [event for event in events if event["event"] == "start"]
    ends = [event for event in events if event["event"] == "end"]
    return {
        "host": str(starts[-1].get("host", "")) if starts else "",
        "started": str(starts[-1].get("time", "")) if starts else "",
        "finished": str(ends[-1].get("time", "")) if ends else "",
        "attempts": str(len(starts)) if starts else "",
    }


def _link(path: Path, page: Path) -> str:
    return quote(os.path.relpath(path, page.parent)) if path.is_file() else ""
