"""Control: the true labels, looked up at jittered positions: the score of a segmentation whose
borders are slightly off. The only method that reads truth.

``params['truth']`` is the dataset's file, ``params['jitter']`` the standard deviation of the noise
in units of the median distance to the nearest other cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from stbench.common.errors import InputError, NotApplicableError
from stbench.common.io import read_h5ad
from stbench.fitting.interface import Fit, Recorder
from stbench.graphs.neighbors import knn

_SPREAD = 0.05  # small enough that domains stay separate, large enough that no two cells are equal


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """One column per true domain, (n, domains): 1 for the assigned label, plus a little noise.

    A cell takes the label of the labeled cell that is nearest to its jittered position, so
    unlabeled cells get one, too.

    Raises:
        NotApplicableError: the dataset has no true labels.
        InputError: the file of the truth holds other cells.
    """
    truth = read_h5ad(params["truth"])
    if not truth.obs_names.equals(adata.obs_names):
        raise InputError(
            f"{params['truth']}: not the cells of the preprocessed dataset; rerun both"
        )
    if "cluster" not in truth.obs or truth.obs["cluster"].isna().all():
        raise NotApplicableError("no true labels")
    labels = truth.obs["cluster"].astype("category").cat.remove_unused_categories().cat
    codes, n_labels = labels.codes.to_numpy(), len(labels.categories)

    rng = np.random.default_rng(seed)
    coords = adata.obsm["spatial"]
    nearest, _ = knn(coords, 1)
    noise = rng.standard_normal(coords.shape) * float(params["jitter"]) * np.median(nearest)
    labeled = np.flatnonzero(codes >= 0)
    _, nearest_labeled = cKDTree(coords[labeled]).query(coords + noise)
    one_hot = np.eye(n_labels)[codes[labeled[nearest_labeled]]]
    spread = _SPREAD * rng.standard_normal(one_hot.shape)
    return Fit(embedding=(one_hot + spread).astype(np.float32))
