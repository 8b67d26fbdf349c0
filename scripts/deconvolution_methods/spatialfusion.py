"""SpatialFusion's deconvolution: its clustering network on the spots, an autoencoder on the cells,
and a mapping between the two reconstructions (``methods.spatialfusion.mapping``).

The same number of epochs serves all three trainings, as in the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from methods.spatialfusion import mapping
from methods.spatialfusion.model import Settings, train
from methods.spatialfusion.preprocessing import scaled_genes
from stbench.common.errors import InputError
from stbench.deconvolution.mapping_memory import need_room
from stbench.deconvolution.proportions import normalized_rows
from stbench.graphs.neighbors import knn

DEAD = 1e-4  # of values scaled to an SD of 1: below this all reconstructions are equal
OWN = ("lr_cells", "lr_mapping", "mapping_weight", "nce_weight", "kept_cells", "max_mapping")


def shared_features(
    spots: Any, reference: Any, params: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Scaled expression of both on the genes that are variable in both, sorted by name.

    Returns:
        (spots, genes) and (cells, genes) float32.

    Raises:
        InputError: no gene is variable in both.
    """
    tables = []
    for table in (spots, reference):
        values, chosen = scaled_genes(table.X, "counts", params)
        tables.append(pd.DataFrame(values, columns=table.var_names[chosen]))
    genes = sorted(set(tables[0].columns) & set(tables[1].columns))
    if not genes:
        raise InputError("spatialfusion: no gene is variable in spots and reference; raise n_genes")
    first, second = (np.ascontiguousarray(table[genes].to_numpy()) for table in tables)
    return first, second


def fit(
    spots: Any, reference: Any, seed: int, device: str, params: Mapping[str, Any]
) -> pd.DataFrame:
    """Proportions of the reference's types.

    Raises:
        InputError: a parameter is invalid.
        NotApplicableError: cells x spots is larger than ``max_mapping``.
        FloatingPointError: a loss is not finite.
    """
    own = {name: params[name] for name in OWN}
    need_room(reference.n_obs, spots.n_obs, int(own["max_mapping"]))
    if not 0 < own["kept_cells"] <= 1:
        raise InputError(f"spatialfusion: kept_cells is {own['kept_cells']}: must be in (0, 1]")
    s = Settings(**{key: value for key, value in params.items() if key not in OWN})
    at_spots, at_cells = shared_features(spots, reference, params)
    coords = np.asarray(spots.obsm["spatial"])

    network, x, _ = train(at_spots, coords, s, seed, device)
    with torch.no_grad():
        spots_rebuilt = network.encode(x) @ network.decoder

    torch.manual_seed(seed)
    cells = torch.from_numpy(at_cells).to(device)
    autoencoder = mapping.CellAutoencoder(cells.shape[1]).to(device)
    mapping.train_autoencoder(autoencoder, cells, s.epochs, own["lr_cells"])
    with torch.no_grad():
        cells_rebuilt = autoencoder(cells)
    collapsed = bool(cells_rebuilt.std(dim=0).max() < DEAD)

    near = knn(coords, s.n_spatial_neighbors)[1]
    with_self = np.column_stack([np.arange(len(near)), near])
    model = mapping.Mapping(cells_rebuilt, spots_rebuilt, torch.from_numpy(with_self).to(device))
    mapping.train_mapping(
        model, s.epochs, own["lr_mapping"], own["mapping_weight"], own["nce_weight"]
    )
    with torch.no_grad():
        probabilities = model.probabilities().t().cpu().numpy()
    types = reference.obs["celltype"].cat
    amounts = mapping.project(
        probabilities, types.codes.to_numpy(), len(types.categories), own["kept_cells"]
    )
    proportions = normalized_rows(amounts, types.categories, "cells")
    if collapsed:
        proportions.attrs["note"] = "the autoencoder collapsed: it gives all cells the same values"
    return proportions
