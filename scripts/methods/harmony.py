"""Harmony: principal components corrected for differences between sections (Korsunsky et al.,
Nature Methods 2019), by the package harmonypy. Positions are not used.

Where the sections of a joined dataset differ in more than their tissue, this is the result of the
simplest common correction.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from stbench.common.errors import NotApplicableError
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_cells
from stbench.fitting.requirements import require

_MIN_CELLS = 45  # the package uses a cluster for every 30 cells and needs two


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """The components of the preprocessed dataset, corrected over ``obs['section']``, (n, <= 30).

    ``theta`` is the diversity penalty, which makes clusters mix sections (0: none).

    Raises:
        NotApplicableError: there is one section, the package is missing, or too few cells.
    """
    if "section" not in adata.obs or adata.obs["section"].nunique() < 2:
        raise NotApplicableError("corrects for sections, this dataset has only one")
    require("harmonypy", "integration")
    need_cells(adata.n_obs, _MIN_CELLS, "clusters of 30 cells")
    import pandas as pd
    from harmonypy import run_harmony

    logging.getLogger("harmonypy").setLevel(logging.WARNING)
    components = np.asarray(adata.obsm["X_pca"], dtype=np.float64)
    corrected = run_harmony(
        components.T,
        pd.DataFrame({"section": adata.obs["section"].astype(str).to_numpy()}),
        "section",
        theta=float(params["theta"]),
        max_iter_harmony=int(params["max_iterations"]),
        verbose=False,
        random_state=seed,
    )
    return Fit(
        embedding=corrected.Z_corr.T.astype(np.float32),
        info={"iterations": len(corrected.objective_harmony) - 1},
    )
