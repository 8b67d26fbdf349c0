"""Provenance of a result: packages, machine and data.

Only the standard library is used: the supervisor of a fit runs in the environment of its method.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from stbench.supervisor.packages import installed

# Part of status.json, in addition to commit and device, and of each row of results.parquet.
FIELDS = ("environment", "host", "device_name", "driver", "data_hash", "parameters")

_HASH_LENGTH = 12
_GPU_QUERY = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]


def environment_hash(more: Mapping[str, str] | None = None) -> str:
    """Twelve characters that change with any package of the running Python.

    They are the start of the SHA-256 of the sorted lines ``name==version`` of all installed
    distributions and of Python itself, names in lower case with ``-`` for ``_`` and ``.``.

    Args:
        more: versions by name of other software, such as R and its packages.
    """
    versions = {"python": platform.python_version()}
    for package in installed():
        versions.setdefault(re.sub(r"[-_.]+", "-", package.name).lower(), package.version)
    lines = sorted(f"{name}=={version}" for name, version in {**versions, **(more or {})}.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_HASH_LENGTH]


def device_and_driver(device: str | None, gpus: str | None = None) -> tuple[str, str]:
    """The model of CPU or GPU, and for a GPU the version of NVIDIA's driver.

    Args:
        device: ``cpu``, ``cuda``, or None if unknown.
        gpus: ``CUDA_VISIBLE_DEVICES`` of the fit; None: that of this process.

    Returns:
        Empty strings for values that the machine does not report.
    """
    if device == "cpu":
        return _cpu_model(), ""
    if device != "cuda":
        return "", ""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES", "") if gpus is None else gpus
    # nvidia-smi takes indices and ids of whole GPUs, not those of their slices (MIG).
    whole = re.fullmatch(r"(\d+|GPU-[\w-]+)(,(\d+|GPU-[\w-]+))*", chosen)
    command = [*_GPU_QUERY, *(["-i", chosen] if whole else [])]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True, encoding="utf-8"
        )
    except (OSError, subprocess.SubprocessError):
        return "", ""
    rows = [line.rpartition(",") for line in answer.stdout.splitlines()]
    names, drivers = ([row[i].strip() for row in rows if row[1]] for i in (0, 2))
    return ", ".join(dict.fromkeys(names)), ", ".join(dict.fromkeys(drivers))


def _cpu_model() -> str:
    """The name of the processor in Linux, else its architecture (``x86_64``)."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
