"""NichePCA: principal components of expression averaged over near cells (Schaub et al.,
Bioinformatics 2025), by the package nichepca, unmodified.

Totals are equalized, logarithms taken, each gene averaged over a cell and its neighbors, and the
means reduced to principal components, which the benchmark clusters like every other embedding. Each
of joined sections has its own neighbors and normalization; the components are common, without the
package's optional Harmony.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np

from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_above_zero, need_cells, raw_table
from stbench.fitting.requirements import require


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Components of smoothed expression of all genes, (n, at most ``n_components``).

    ``n_neighbors`` nearest cells are linked in both directions, so a cell may have more. Features
    are smoothed as they are. The number of domains is not used.

    Raises:
        InputError: a parameter is not above 0.
        NotApplicableError: the package is missing, or there are too few cells.
    """
    require("nichepca")
    need_above_zero("nichepca", params, ("n_neighbors", "n_components"))
    from nichepca.workflows import nichepca

    table = raw_table(adata)
    sections = None
    if "section" in adata.obs:
        sections = "section"
        table.obs[sections] = adata.obs[sections].to_numpy()
    sizes = [adata.n_obs] if sections is None else table.obs[sections].value_counts()
    n_neighbors = int(params["n_neighbors"])
    need_cells(min(sizes), n_neighbors + 1, f"takes {n_neighbors} neighbors")
    features = adata.uns["dataset"]["kind"] == "features"
    with redirect_stdout(StringIO()):
        nichepca(
            table,
            knn=n_neighbors,
            n_comps=min(int(params["n_components"]), table.n_obs - 1, table.n_vars - 1),
            sample_key=sections,
            pipeline=("agg", "pca") if features else ("norm", "log1p", "agg", "pca"),
            backend="sparse",  # the same means as by default, without a copy of the genes per link
            allow_harmony=False,
            verbose=False,
        )
    links = table.uns["graph"]["edge_index"].shape[1]
    embedding = np.asarray(table.obsm["X_npca"])
    return Fit(embedding=embedding, info={"genes": table.n_vars, "links": links})
