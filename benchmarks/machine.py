"""Peak rates of this machine, which benchmarks are compared with."""

from __future__ import annotations

import platform
import subprocess
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def gflops(threads: int = 1, size: int = 1500, times: int = 5) -> float:
    """Rate of single-precision matrix products."""
    import torch

    torch.set_num_threads(threads)
    matrix = torch.rand(size, size)
    matrix @ matrix
    start = time.perf_counter()
    for _ in range(times):
        matrix @ matrix
    return 2 * size**3 * times / (time.perf_counter() - start) / 1e9


def gexps(threads: int = 1, size: int = 2**18, times: int = 200) -> float:
    """Rate of single-precision exponentials, 10^9 a second, of values in the cache."""
    import torch

    torch.set_num_threads(threads)
    values = torch.linspace(-1, 1, size)
    result = torch.exp(values)
    start = time.perf_counter()
    for _ in range(times):
        torch.exp(values, out=result)
    return size * times / (time.perf_counter() - start) / 1e9


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
