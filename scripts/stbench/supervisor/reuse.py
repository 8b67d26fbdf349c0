"""Reuse of a finished fit with the same contents instead of another training.

The path of a fit contains the key of its recipe. Different recipes can have the same contents: a
rewritten loader can give the same bytes. Only the standard library is used.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

STATUS = "status.json"
CONTENTS = ("data_hash", "parameters", "code")  # they and the seed determine a fit


def contents_of(data_hash: str, parameters: str, code: str) -> dict[str, str]:
    """``CONTENTS`` of a fit.

    Args:
        data_hash: of the files that the method reads.
        parameters: JSON object.
        code: hash of the method's code.
    """
    return {
        "data_hash": data_hash,
        "parameters": json.dumps(json.loads(parameters), sort_keys=True),
        "code": code,
    }


EPOCHS = ("trajectory.h5", "epoch_labels.h5")  # what a fit that records its epochs has


def finished_twin(
    output: Path, contents: Mapping[str, str], needs_epochs: bool = False
) -> Path | None:
    """The folder of a successful fit with the same contents, method, dataset and seed.

    Args:
        output: the folder of the requested fit, ``<dataset>/<method>/<key>/seed<n>``.
        contents: its ``CONTENTS``.
        needs_epochs: it must have recorded its epochs.
    """
    for path in sorted(output.parent.parent.glob(f"*/{output.name}/{STATUS}")):
        status = _read(path)
        same = all(status.get(name) == contents[name] for name in CONTENTS)
        epochs = any((path.parent / name).is_file() for name in EPOCHS)
        ok = same and status.get("status") == "ok" and (epochs or not needs_epochs)
        if ok and path.parent != output:
            return path.parent
    return None


def take_over(twin: Path, folder: Path) -> dict[str, Any]:
    """Link the files of a fit into a folder, or copy them if linking fails.

    Returns:
        The status of the twin with ``reused_from``, the folder in which it was trained; empty,
        with an empty folder, if the twin has disappeared.

    Raises:
        OSError: the files cannot be written.
    """
    status = _read(twin / STATUS)
    try:
        for file in sorted(twin.iterdir()):
            if file.name != STATUS:
                _link(file, folder / file.name)
    except FileNotFoundError:
        for file in folder.iterdir():
            file.unlink()
        return {}
    return status and {
        **status,
        "reused_from": status.get("reused_from") or f"{twin.parent.name}/{twin.name}",
    }


def _link(source: Path, target: Path) -> None:
    """Files of fits are replaced, never edited, so that two folders can share one."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or no support for links
        shutil.copy2(source, target)


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        status = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(status, dict):
            return status
    return {}
