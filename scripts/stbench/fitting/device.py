"""The device on which a method computes. torch is queried only if a method has loaded it."""

from __future__ import annotations

import errno
import sys

from stbench.common.errors import InputError


def choose_device(requested: str) -> str:
    """``cpu`` or ``cuda``; ``auto``: a GPU if the method uses torch and torch finds one.

    Raises:
        InputError: ``cuda`` is requested but not available.
    """
    if requested == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise InputError("--device cuda: torch finds no GPU; use auto or cpu")
        return "cuda"
    torch_loaded = sys.modules.get("torch")
    if requested == "auto" and torch_loaded is not None and torch_loaded.cuda.is_available():
        return "cuda"
    return "cpu"


def peak_gpu_mb() -> int | None:
    """The peak of GPU memory reserved by torch in this process, in MiB; None without a GPU."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return torch.cuda.max_memory_reserved() >> 20


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that main memory or GPU memory was insufficient."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    messages = (
        *("CUDA out of memory", "CUDA error: out of memory"),  # of a tensor, of the context
        *("CUBLAS_STATUS_ALLOC_FAILED", "CUSPARSE_STATUS_ALLOC_FAILED", "DefaultCPUAllocator"),
    )
    return isinstance(error, RuntimeError) and any(text in str(error) for text in messages)
