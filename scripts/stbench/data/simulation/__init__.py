"""Simulated tissues with true domains.

A tissue is simulated in four steps: positions of cells, the domain of each position, the type of
each cell, and its expression. A domain has two effects, both scaled by ``contrast``: it has its own
mixture of cell types, and it shifts some genes in all of its cells. Counts are negative binomial
with log-normal library sizes. Interactions between cells can be planted in addition
(``stbench.data.planted_interactions``); positions, domains and types do not depend on them.

Further options, off by default, make a tissue as uneven as a real one: smooth trends of genes that
cross domains, patches of cell types, molecules counted in a neighboring cell, domains that differ
in density, and genes with the statistics of a real section. Without them nothing more is drawn.

Replicate sections (``section`` 1, 2, ...) of one seed share the domains' mixtures of types and the
expression of types and domains. They differ in positions, shapes, cells, counts, and in a shift of
every gene that is common to a section's cells, the batch effect.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stbench.data.simulation.cells import Cells
from stbench.data.simulation.counts import draw_counts, spill_over
from stbench.data.simulation.expression import Expression
from stbench.data.simulation.tissue import Tissue

if TYPE_CHECKING:
    from anndata import AnnData

    from stbench.data.planted_interactions import Planted


def simulate(tissue: Tissue, name: str) -> AnnData:
    """Simulate a tissue.

    Returns:
        AnnData of the dataset contract: ``X`` CSR float32 counts, ``obs['cluster']`` and
        ``obs['celltype']`` categorical, ``obsm['spatial']`` (n, 2) float64, ``uns['dataset']``.
        Every domain has a cell, and every cell a count. With planted triples also
        ``obsp['true_interactions']`` (n, n) CSR, symmetric 0/1, and ``uns['true_triples']``: names
        of ``sender_type``, ``receiver_type``, ``ligand``, ``receptor`` (t,) and ``targets`` (t, m),
        ``effect``, ``radius``, ``regime`` and ``range``.

    Raises:
        InputError: fewer pairs of types touch than ``n_triples``.
    """
    import pandas as pd
    from anndata import AnnData

    rng = model = np.random.default_rng(tissue.seed)
    if tissue.section:
        model = np.random.default_rng([tissue.seed, 3])
        rng = np.random.default_rng([tissue.seed, 3, tissue.section])
    cells = Cells.draw(tissue, rng, model)
    expression = Expression.draw(tissue, model)
    if tissue.section:
        shift = rng.normal(0, tissue.section_effect, tissue.n_genes)
        expression = replace(expression, base=expression.base + shift)
    planted = _plant(tissue, cells, expression.base) if tissue.n_triples else None
    counts = draw_counts(expression, cells, rng, planted.raised if planted else None)
    if tissue.spillover:
        counts = spill_over(counts, cells.coords, tissue.spillover, rng)

    def labels(prefix: str, codes: np.ndarray, n: int) -> pd.Categorical:
        return pd.Categorical.from_codes(codes, [f"{prefix}{i + 1}" for i in range(n)])

    observed = {
        "cluster": labels("domain", cells.domains, tissue.n_domains),
        "celltype": labels("type", cells.types, tissue.n_types).remove_unused_categories(),
    }
    adata = AnnData(
        counts,
        pd.DataFrame(observed, index=[f"cell{i + 1}" for i in range(tissue.n_cells)]),
        pd.DataFrame(index=[f"gene{i + 1}" for i in range(tissue.n_genes)]),
    )
    adata.obsm["spatial"] = cells.coords
    adata.uns["dataset"] = _description(tissue, name)
    if planted:
        types_by_name = np.array([f"type{i + 1}" for i in range(tissue.n_types)], dtype=object)
        triples = planted.triples.named(types_by_name, adata.var_names.to_numpy(dtype=object))
        adata.obsp["true_interactions"] = planted.interactions
        facts = {name: getattr(tissue, name) for name in ("effect", "radius", "regime", "range")}
        adata.uns["true_triples"] = {**triples, **facts}
    return adata


def _plant(tissue: Tissue, cells: Cells, base: np.ndarray) -> Planted:
    """With its own generator: positions, domains and types are those of the tissue without it."""
    from stbench.data.planted_interactions import plant

    rng = np.random.default_rng([tissue.seed, 1])
    settings = (tissue.n_triples, tissue.n_targets, tissue.effect, tissue.radius)
    return plant(cells.coords, cells.types, base, *settings, rng, tissue.regime, tissue.range)


def _description(tissue: Tissue, name: str) -> dict[str, str | int | float | bool]:
    parameters = json.dumps(tissue.settings(), sort_keys=True)
    return {
        "id": name,
        "technology": "simulated",
        "organism": "none",
        "unit": "arbitrary",
        "source": "simulated",
        "sha256": hashlib.sha256(parameters.encode()).hexdigest(),
        "licence": "CC0",
        "kind": "counts",
        "n_domains": tissue.n_domains,
        "has_truth": True,
        "dropped_cells": 0,
        "hvg": False,
        "filter_cell": 0,
        "norm_target": 0.0,
        "refine": 0,
        "status": "ok",
        "reason": "",
    }
