"""Reproducible fits, for the same seed and number of threads."""

from __future__ import annotations

import os
import random
import sys

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def limit_threads(threads: int) -> None:
    """Limit the threads of numerical libraries, which read these variables at import."""
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))


def seed_everything(seed: int, threads: int) -> None:
    """Seed Python and numpy, and torch if it is loaded, with deterministic kernels.

    torch is not imported here: a method that uses it imports it at the top of its module.
    """
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - packages draw from the global state
    torch = sys.modules.get("torch")
    if torch is None:
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Filling new tensors helps to find bugs, not reproducibility, and costs 10 % of a fit.
    torch.utils.deterministic.fill_uninitialized_memory = False
