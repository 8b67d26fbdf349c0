"""Tissues with expression and labels of methods, in a folder of results, for interactive maps."""

import anndata
import numpy as np
import pandas as pd
import scipy.sparse as sp

from helpers.results import made_results, scores_of
from stbench.clustering.label_file import LabelAxes, labels_writer
from stbench.common.io import write_h5ad

DOMAINS = ["L1", "L2", "L3", "L4"]
GENES = [f"gene{i}" for i in range(8)]


def layered(n_cells, seed=0):
    """Positions (n_cells, 2) in micrometers and four layers of them, from the top."""
    random = np.random.default_rng(seed)
    coords = random.random((n_cells, 2)) * [2000, 1000]
    return coords, np.minimum((4 * (1 - coords[:, 1] / 1000)).astype(int), 3)


def write_tissue(layout, name, coords, truth=None, **facts):
    """A dataset and its preprocessed expression; gene i is high in domain i modulo 4."""
    n_cells = len(coords)
    random = np.random.default_rng(1)
    groups = truth if truth is not None else np.zeros(n_cells, int)
    means = np.where(np.arange(len(GENES)) % 4 == groups[:, None], 2.0, 0.1)
    adata = anndata.AnnData(sp.csr_matrix(random.poisson(means).astype(np.float32)))
    adata.obs_names = [f"cell{i}" for i in range(n_cells)]
    adata.var_names = GENES
    adata.var["kept"] = True
    adata.obsm["spatial"] = coords
    about = {"id": name, "status": "ok", "reason": "", "kind": "counts", "unit": "um", **facts}
    adata.uns["dataset"] = about
    write_h5ad(layout.preprocessed(name), adata)
    if truth is not None:
        adata.obs["cluster"] = pd.Categorical.from_codes(truth, DOMAINS)
    write_h5ad(layout.data(name), adata)


def write_labels(layout, name, method, rows, k=4, seeds=(0, 1)):
    """Labels (n_starts, n_cells) by k-means, the same for all training seeds."""
    all_ok = {"status": ["ok"] * len(seeds), "reason": [""] * len(seeds)}
    axes = LabelAxes(
        **{"dataset": name, "method": method, "cells_digest": "", "n_cells": rows.shape[1]},
        **{"n_domains": [k], "training_seeds": list(seeds), "clusterers": ["kmeans"]},
        **{"epochs": [1], "observed": False, "last_epochs": [1] * len(seeds), **all_ok},
        epochs_reason=[""] * len(seeds),
        clusterer_status=[["ok"]] * len(seeds),
        clusterer_reason=[[""]] * len(seeds),
    )
    layout.labels(name, method).parent.mkdir(parents=True, exist_ok=True)
    with labels_writer(layout.labels(name, method), axes) as writer:
        for seed in seeds:
            writer.put(k, seed, "kmeans", 1, rows=rows.astype(np.int16))


def mixed(truth, share, seed=0):
    """The truth with other names, and a share of the cells at random."""
    random = np.random.default_rng(seed)
    labels = (truth + 1) % 4
    wrong = random.random(len(truth)) < share
    return np.where(wrong, random.integers(0, 4, len(truth)), labels)


def results_of(names, methods=("stague", "smoothed_pca", "pca"), listed=None):
    """Scores of these methods on tissues with a truth."""
    heights = {method: 0.9 - 0.2 * place for place, method in enumerate(methods)}
    scores = [
        scores_of(name, m, [h, h], oracle=[h, h]) for name in names for m, h in heights.items()
    ]
    tissues = {name: {"tissue": "real", "unit": name} for name in names}
    return made_results(*scores, tissues=tissues, methods=listed)


def write_mapped(layout, name, n_cells, methods=("stague", "smoothed_pca", "pca")):
    """A tissue with truth and the labels of methods, each worse than the one before."""
    coords, truth = layered(n_cells)
    write_tissue(layout, name, coords, truth)
    for place, method in enumerate(methods):
        rows = np.stack([mixed(truth, 0.1 + 0.3 * place, seed) for seed in range(3)])
        write_labels(layout, name, method, rows)
    return coords, truth
