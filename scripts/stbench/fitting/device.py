"""Where a method computes. torch is asked only where a method has loaded it."""

from __future__ import annotations

import sys

from stbench.common.errors import InputError


def choose_device(requested: str) -> str:
    """``cpu`` or ``cuda``; ``auto`` takes a GPU where the method uses torch and torch sees one.

    Raises:
        InputError: ``cuda`` is asked for where there is none.
    """
    if requested == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise InputError("--device cuda: torch sees no GPU here; use auto or cpu")
        return "cuda"
    torch_loaded = sys.modules.get("torch")
    if requested == "auto" and torch_loaded is not None and torch_loaded.cuda.is_available():
        return "cuda"
    return "cpu"


def peak_gpu_mb() -> int | None:
    """The most GPU memory that torch has held in this process, in MiB; None without a GPU."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return torch.cuda.max_memory_reserved() >> 20


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that main memory or GPU memory did not suffice."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    told = ("CUDA out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "DefaultCPUAllocator")
    return isinstance(error, RuntimeError) and any(text in str(error) for text in told)
