"""CellCharter as one of squidpy's niches: expression of a cell and of its surroundings (all cells
within as many steps, as squidpy counts walks, where CellCharter takes disjoint rings),
components and one Gaussian mixture (Varrone et al., Nature Genetics 2024; Palla et al., Nature
Methods 2022), by the package squidpy, unmodified.

Unlike CellCharter itself, squidpy fits the mixture once, from random cells, without a search for
the best of several.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from methods.squidpy_utag import niche_table
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_above_zero
from stbench.fitting.requirements import require


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Labels of the mixture; ``distance`` is the number of steps.

    Raises:
        InputError: a parameter is not above 0.
        NotApplicableError: the package is missing, or there are too few cells.
    """
    require("squidpy", "cellcharter")
    need_above_zero("squidpy_cellcharter", params, ("n_near", "distance"))
    table = niche_table(adata, int(params["n_near"]))
    from squidpy.gr import calculate_niche

    calculate_niche(
        table,
        flavor="cellcharter",
        distance=int(params["distance"]),
        n_components=n_domains,  # of the mixture
        random_state=seed,
    )
    labels = table.obs["cellcharter_niche"].astype(int).to_numpy()
    return Fit(labels=labels, info={"domains": len(np.unique(labels))})
