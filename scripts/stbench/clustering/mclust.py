"""The EEE model of R's mclust, through rpy2."""

from __future__ import annotations

import os
import shutil
from typing import Any

import numpy as np

from stbench.common.errors import NotApplicableError

NOT_FOUND = "R with mclust not found"
_R_SEED = 2020


def mclust_labels(points: np.ndarray, n_domains: int, seed: int = _R_SEED) -> np.ndarray:
    """Labels (n_cells,), from 0, of mclust's ellipsoidal model with equal covariances.

    The rest is mclust's default, also its start from a singular value decomposition: that start can
    end with one large domain and single cells where many columns are noise of equal size.

    Args:
        points: (n_cells, d).
        n_domains: number of domains.
        seed: of R's generator: 2020 as GraphST has it, 0 in STAGUE's own code.

    Raises:
        NotApplicableError: R, rpy2 or mclust is missing, or mclust cannot fit such a model.
    """
    robjects = _quiet_r()
    matrix = robjects.r.matrix(
        robjects.FloatVector(np.asarray(points, dtype=np.float64).ravel(order="F")),
        nrow=len(points),
    )
    robjects.r["set.seed"](seed)
    try:
        model = robjects.r["Mclust"](matrix, G=n_domains, modelNames="EEE", verbose=False)
    except robjects.rinterface.embedded.RRuntimeError as error:
        raise NotApplicableError(f"mclust failed: {error}") from error
    if model is robjects.NULL:
        raise NotApplicableError(f"mclust cannot fit an EEE model with {n_domains} components")
    return np.asarray(model.rx2("classification")).astype(np.int64) - 1


def mclust_missing() -> str:
    """Why mclust cannot be used; empty if it can."""
    try:
        _quiet_r()
    except NotApplicableError as error:
        return str(error)
    return ""


def _quiet_r() -> Any:
    """rpy2's ``robjects`` with mclust loaded and R's console silent."""
    if shutil.which("R") is None and "R_HOME" not in os.environ:
        raise NotApplicableError(NOT_FOUND)
    library_path = os.environ.get("LD_LIBRARY_PATH")
    try:
        from rpy2.rinterface_lib import callbacks

        callbacks.consolewrite_print = callbacks.consolewrite_warnerror = _silent
        from rpy2 import robjects
        from rpy2.robjects.packages import importr

        importr("mclust")
    except Exception as error:  # a broken R fails in many ways: no library, version, package
        raise NotApplicableError(NOT_FOUND) from error
    finally:
        # R adds its own folders, so programs started later would load other libraries.
        os.environ.pop("LD_LIBRARY_PATH", None)
        if library_path is not None:
            os.environ["LD_LIBRARY_PATH"] = library_path
    return robjects


def _silent(text: str) -> None:
    """Discard the output of R."""
