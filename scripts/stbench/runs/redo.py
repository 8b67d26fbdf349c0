"""Fits that a run would train although finished ones exist, and what has changed since."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.common.text import shortened
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.runs.fit_status import Key

NEW, PARAMETERS, CODE, DATA = "new", "parameters", "code", "data"
_WORDS = {
    CODE: "code or environment changed",
    DATA: "data changed (trained only where their contents differ)",
    PARAMETERS: "other parameters",
    NEW: "not trained before",
}


@dataclass(frozen=True)
class WantedFit:
    """A fit of the configuration.

    Attributes:
        method: its id.
        folder: ``<dataset>/<method>/<key>/seed<n>``, which need not exist.
        parameters, code: parameters and hash of the code to train it with.
    """

    method: str
    folder: Path
    parameters: Mapping[str, Any]
    code: str


def wanted_fits(
    benchmark: Benchmark, layout: Layout, keys: Iterable[Key], code: Callable[[str, str], str]
) -> list[WantedFit]:
    """Describe fits of a configuration.

    Args:
        benchmark: the configuration.
        layout: of its results.
        keys: the fits; external results are skipped.
        code: hash of the code of a method, by task and method.
    """
    return [
        WantedFit(
            method=key.method,
            folder=layout.fit(*key[1:]),
            parameters=benchmark.params(key.method, key.dataset),
            code=code(key.task, key.method),
        )
        for key in keys
        if key.method not in benchmark.external
    ]


def fits_to_train(wanted: Iterable[WantedFit]) -> dict[str, list[WantedFit]]:
    """The missing fits, by how they differ from the nearest finished one.

    Returns:
        By ``code``, ``data``, ``parameters`` or ``new``, in this order, without empty lists.
    """
    missing = [fit for fit in wanted if not (fit.folder / "status.json").is_file()]
    reasons = [_reason(fit) for fit in missing]
    return {
        name: fits
        for name in _WORDS
        if (fits := [fit for fit, reason in zip(missing, reasons, strict=True) if reason == name])
    }


def redo_text(fits: Mapping[str, list[WantedFit]]) -> str:
    """One line for each reason: number of fits, reason and methods."""
    lines = []
    for reason, group in fits.items():
        methods = ", ".join(dict.fromkeys(fit.method for fit in group))
        lines.append(f"{len(group)} to train: {_WORDS[reason]} ({shortened(methods, 60)})")
    return "\n".join(lines)


def check_redo(fits: Mapping[str, list[WantedFit]], *, force: bool) -> None:
    """Refuse to train finished fits again because code or data changed.

    Raises:
        InputError: there are such fits, and ``force`` is false.
    """
    again = {reason: fits[reason] for reason in (CODE, DATA) if reason in fits}
    if again and not force:
        count = sum(map(len, again.values()))
        why = "; ".join(redo_text(again).splitlines())
        raise InputError(
            f"{count} finished fit{'s' * (count > 1)} would be trained again ({why}); old results "
            "are kept; run with FORCE=1 to train, or return to the code of the old results"
        )


def _reason(fit: WantedFit) -> str:
    finished = [
        status
        for path in fit.folder.parent.parent.glob(f"*/{fit.folder.name}/status.json")
        if (status := _read(path)).get("status") == "ok"
    ]
    if not finished:
        return NEW
    alike = [status for status in finished if _parameters(status) == fit.parameters]
    if not alike:
        return PARAMETERS
    return DATA if any(status.get("code") == fit.code for status in alike) else CODE


def _parameters(status: Mapping[str, Any]) -> Any:
    with suppress(TypeError, ValueError):
        return json.loads(status.get("parameters", ""))
    return None


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        status = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(status, dict):
            return status
    return {}
