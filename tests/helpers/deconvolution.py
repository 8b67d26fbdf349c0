"""Pairs of simulated spots and their reference, small enough for tests."""

from __future__ import annotations

import pandas as pd
import yaml
from anndata import AnnData

from stbench.common.paths import PROJECT
from stbench.data.simulation import Tissue, simulate
from stbench.deconvolution.synthetic_spots import grid_cells, held_out_halves

METHODS = yaml.safe_load((PROJECT / "config/deconvolution_methods.yaml").read_text())
SIMULATE = {"layout": "layers", "n_cells": 400, "n_genes": 120, "n_types": 4, "seed": 3}


def simulated(**changes) -> tuple[AnnData, AnnData, pd.DataFrame]:
    """Spots, reference and truth."""
    tissue = Tissue(**{**SIMULATE, **changes})
    in_place, reference = held_out_halves(simulate(tissue, "t"), tissue.seed)
    spots, truth = grid_cells(in_place, 3.0)
    return spots, reference, truth
