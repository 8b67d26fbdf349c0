"""The same seed and number of threads give the same fit."""

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
    """Bound the thread pools of numerical libraries; they look at this when first imported."""
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))


def seed_everything(seed: int, threads: int) -> None:
    """Seed Python and numpy, and torch where it is loaded; choose repeatable kernels there.

    torch is not imported for this: a method that uses it imports it at the top of its module.
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
    # Filling new tensors helps to find bugs, not to repeat results, and costs a tenth of a fit.
    torch.utils.deterministic.fill_uninitialized_memory = False
