"""Peak rates of this machine, which benchmarks are compared with."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def gflops(threads: int = 1, device: str = "cpu") -> float:
    """Rate of single-precision matrix products."""
    import torch

    torch.set_num_threads(threads)
    size = 1500 if device == "cpu" else 8192
    matrix = torch.rand(size, size, device=device)
    return 2 * size**3 / _seconds(lambda: matrix @ matrix, 5, device) / 1e9


def gexps(threads: int = 1) -> float:
    """Rate of single-precision exponentials of a CPU, 10^9 a second, of values in the cache."""
    import torch

    torch.set_num_threads(threads)
    values = torch.linspace(-1, 1, 2**18)
    result = torch.empty_like(values)
    return len(values) / _seconds(lambda: torch.exp(values, out=result), 200, "cpu") / 1e9


def seconds_of_product(rows: int, inner: int, columns: int, threads: int = 1) -> float:
    """Seconds of one single-precision matrix product of this shape on a CPU, alone."""
    import torch

    torch.set_num_threads(threads)
    one, other = torch.rand(rows, inner), torch.rand(inner, columns)
    result = torch.empty(rows, columns)
    times = max(3, int(2e10 / (2 * rows * inner * columns)))  # a tenth of a second or more
    return _seconds(lambda: torch.mm(one, other, out=result), times, "cpu")


def warm_up(threads: int = 1, device: str = "cpu", seconds: float = 3.0) -> None:
    """Keep the processor busy, so that its clock and threads are ready to be measured."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        gflops(threads, device)


def _seconds(work: Callable[[], object], times: int, device: str) -> float:
    """Seconds of one call of several, after a first one that is not counted."""
    import torch

    def finish() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    work()
    finish()
    start = time.perf_counter()
    for _ in range(times):
        work()
    finish()
    return (time.perf_counter() - start) / times


def description() -> str:
    """One line: processor, cores, memory, GPU, PyTorch, commit."""
    import os

    import torch

    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    commit = subprocess.run(
        ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    ).stdout.strip()
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {gpu}; Python "
        f"{platform.python_version()}, PyTorch {torch.__version__}; commit {commit or 'unknown'}"
    )
