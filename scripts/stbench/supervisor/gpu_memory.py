"""Peak GPU memory of the descendants of this process, as nvidia-smi reports it."""

from __future__ import annotations

import subprocess
import threading

from stbench.supervisor.processes import descendants

_QUERY = ["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]


class GpuMeter(threading.Thread):
    """Queries every two seconds in the background until stopped.

    Attributes:
        peak_mb: MiB, None without any measurement (no GPU used, no nvidia-smi, foreign process ids)
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_mb: int | None = None
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                answer = subprocess.run(
                    _QUERY, capture_output=True, text=True, timeout=30, encoding="utf-8"
                )
            except (OSError, subprocess.TimeoutExpired):
                return  # a machine without a working nvidia-smi will not get one
            used = _used_mb(answer.stdout, set(descendants()))
            if used:
                self.peak_mb = max(used, self.peak_mb or 0)
            self._stopped.wait(2)

    def stop(self) -> None:
        self._stopped.set()


def _used_mb(table: str, pids: set[int]) -> int:
    """Sum of the second column over these processes; texts such as ``[N/A]`` count as zero."""
    rows = [[field.strip() for field in line.split(",")] for line in table.splitlines()]
    numbers = [row for row in rows if len(row) == 2 and all(field.isdigit() for field in row)]
    return sum(int(used) for pid, used in numbers if int(pid) in pids)
