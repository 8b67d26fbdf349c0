"""How a fit ended: what its program reported, and what its exit status says.

Only the standard library is used.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from stbench.supervisor.provenance import FIELDS

STATUSES = ("ok", "error", "nan", "oom", "not_applicable")  # that a program may report
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def read_outcome(folder: Path) -> dict[str, Any]:
    """The outcome that the program reported; empty if there is none or it is not valid."""
    with suppress(OSError, ValueError):
        report = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
        if isinstance(report, dict) and report.get("status") in STATUSES:
            return report
    return {}


def read_provenance(folder: Path) -> dict[str, str]:
    """The packages, data and parameters that the program reported; empty if it reported none."""
    facts: Any = None
    with suppress(OSError, ValueError):
        facts = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    return {name: str(facts[name]) for name in FIELDS if isinstance(facts, dict) and name in facts}


def classify(
    returncode: int, folder: Path, report: Mapping[str, Any], last_line: str
) -> dict[str, Any]:
    """Status and reason of a program that ended by itself or by a signal."""
    if report and report["status"] != "ok":
        return {
            "status": report["status"],
            "reason": " ".join(str(report.get("reason", "")).split()),
        }
    number = -returncode if returncode < 0 else returncode - 128  # a shell adds 128
    if not report and number in set(signal.Signals):
        return {"status": "killed", "reason": f"ended by {signal.Signals(number).name}"}
    if not report and returncode == os.EX_TEMPFAIL:
        return {"status": "killed", "reason": last_line}
    if not report and returncode != 0:
        return {"status": "error", "reason": last_line or f"ended with exit code {returncode}"}
    if not is_hdf5(folder / "fit.h5ad"):
        return {"status": "error", "reason": "ended without a readable fit.h5ad"}
    return {"status": "ok", "reason": ""}


def is_hdf5(path: Path) -> bool:
    """Whether a file begins as HDF5 does."""
    try:
        with path.open("rb") as file:
            return file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE
    except OSError:
        return False
