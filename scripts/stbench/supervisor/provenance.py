"""Where a result comes from: the packages, the machine and the data behind it.

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

# What status.json tells of a fit beside its commit and its device, and results.parquet in each row.
FIELDS = ("environment", "host", "device_name", "driver", "data_hash", "parameters")

_HASH_LENGTH = 12
_GPU_QUERY = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]


def environment_hash(more: Mapping[str, str] | None = None) -> str:
    """Twelve characters that change with any package of the Python that runs.

    They begin the SHA-256 of the lines ``name==version`` of all installed distributions and of
    Python itself, names in lower case with ``-`` for ``_`` and ``.``, sorted.

    Args:
        more: versions by name of what else computes, such as R and its packages.
    """
    versions = {"python": platform.python_version()}
    for package in installed():
        versions.setdefault(re.sub(r"[-_.]+", "-", package.name).lower(), package.version)
    lines = sorted(f"{name}=={version}" for name, version in {**versions, **(more or {})}.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_HASH_LENGTH]


def device_and_driver(device: str | None, gpus: str | None = None) -> tuple[str, str]:
    """The name of what computed, and the version of NVIDIA's driver where that was a GPU.

    Args:
        device: ``cpu``, ``cuda``, or None where it is not known.
        gpus: the value of ``CUDA_VISIBLE_DEVICES`` that the fit had, None for the machine's own.

    Returns:
        Empty strings for what the machine does not tell.
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
        told = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True, encoding="utf-8"
        )
    except (OSError, subprocess.SubprocessError):
        return "", ""
    rows = [line.rpartition(",") for line in told.stdout.splitlines()]
    names, drivers = ([row[i].strip() for row in rows if row[1]] for i in (0, 2))
    return ", ".join(dict.fromkeys(names)), ", ".join(dict.fromkeys(drivers))


def _cpu_model() -> str:
    """The processor's name as Linux tells it, else its kind (``x86_64``)."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
