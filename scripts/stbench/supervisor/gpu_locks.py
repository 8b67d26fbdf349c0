"""One GPU for each fit on a machine with several GPUs and no scheduler."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

from stbench.supervisor.runtime_folder import runtime_folder

_QUERY = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]
PAUSE = 1.0  # seconds between two searches for a free GPU


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them."""
    devices = os.environ.get("CUDA_VISIBLE_DEVICES")
    if devices is not None:
        return [device.strip() for device in devices.split(",") if device.strip()]
    try:
        answer = subprocess.run(
            _QUERY, capture_output=True, text=True, timeout=60, check=True, encoding="utf-8"
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.startswith("GPU-")]


@contextmanager
def own_gpus(count: int) -> Iterator[str | None]:
    """Hold ``count`` of several visible GPUs; wait until that many are free.

    Each GPU has a file with a lock; the kernel releases the lock when its holder ends for any
    reason. If no more GPUs are visible than requested, the choice is already made (by SLURM, by
    the user, or because there is only one) and nothing is locked.

    Yields:
        The value for ``CUDA_VISIBLE_DEVICES``, or None to keep it unchanged.

    Raises:
        OSError: there is no safe folder for the locks.
    """
    devices = visible_gpus() if count > 0 else []
    if len(devices) <= count:
        yield None
        return
    waited = False
    while True:
        with ExitStack() as locks:
            free = (device for device in devices if _lock(device, locks))
            taken = list(islice(free, count))
            if len(taken) == count:
                yield ",".join(taken)
                return
        if not waited:
            print(f"waiting for a free GPU among {', '.join(devices)}", flush=True)
            waited = True
        time.sleep(PAUSE)


def _lock(device: str, locks: ExitStack) -> bool:
    """Lock a GPU until ``locks`` is closed; False if another fit has it."""
    number = os.open(_lock_file(device), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    locks.callback(os.close, number)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(device: str) -> Path:
    # A number may count from the first GPU of a SLURM job, so it names a GPU within that job only.
    scope = "" if device.startswith("GPU-") else os.environ.get("SLURM_JOB_ID", "")
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{scope}.{device}".lstrip("."))
    return runtime_folder() / f"{name}.lock"
