"""GraphST's deconvolution (Long et al., Nature Communications 2023), by its maintained package:
its preprocessing, its three trainings, its projection of the mapping onto types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import torch

from stbench.common.errors import InputError
from stbench.deconvolution.mapping_memory import need_room
from stbench.deconvolution.proportions import normalized_rows


def fit(
    spots: Any, reference: Any, seed: int, device: str, params: Mapping[str, Any]
) -> pd.DataFrame:
    """Proportions of the reference's types.

    Raises:
        InputError: the package finds no gene that is variable in both.
        NotApplicableError: cells x spots, or spots x spots, is larger than ``max_mapping``.
        FloatingPointError: a spot gets no cells.
    """
    from GraphST.GraphST import GraphST
    from GraphST.preprocess import filter_with_overlap_gene, preprocess
    from GraphST.utils import project_cell_to_spot

    need_room(max(reference.n_obs, spots.n_obs), spots.n_obs, int(params["max_mapping"]))
    spots, cells = spots.copy(), reference.copy()
    # The package sorts types by name and adds them as columns of obs; codes avoid name clashes.
    types = cells.obs["celltype"].cat.categories
    codes = [f"type{code:05d}" for code in range(len(types))]
    cells.obs["cell_type"] = [codes[code] for code in cells.obs["celltype"].cat.codes]
    for table in (spots, cells):
        preprocess(table)
    spots, cells = (table.copy() for table in filter_with_overlap_gene(spots, cells))
    if spots.n_vars == 0:
        raise InputError("graphst: no gene is variable in spots and reference")
    trainer = GraphST(
        spots,
        cells,
        device=torch.device(device),
        epochs=params["epochs"],
        learning_rate=params["lr"],
        learning_rate_sc=params["lr_cells"],
        weight_decay=params["weight_decay"],
        dim_output=params["n_hidden"],
        alpha=params["reconstruction_weight"],
        beta=params["contrastive_weight"],
        lamda1=params["mapping_weight"],
        lamda2=params["nce_weight"],
        random_seed=seed,
        datatype=params["datatype"],
        deconvolution=True,
    )
    mapped, cells = trainer.train_map()
    project_cell_to_spot(mapped, cells)
    return normalized_rows(mapped.obs[codes].to_numpy(float), types, "cells")
