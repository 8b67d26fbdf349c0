"""CCST against values of the original program, array by array.

Sizes and hyper-parameters come from the file; CCST_REFERENCE names another one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from helpers.infomax_steps import FORWARD, train_as_recorded
from helpers.reference_file import Reference, load_reference
from methods.ccst import (
    CcstEncoder,
    components,
    distance_graph,
    seen_in,
    self_weighted,
    share_of_total,
    single_cell_features,
)
from stbench.nn.infomax import Infomax, standardize
from stbench.nn.sparse import SparseMatrix

LAYERS = {f"encoder.convs.{i}": f"encoder.conv{'' if i == 0 else f'_{i + 1}'}" for i in range(4)}
NAMES = {
    "weight": "weight",
    "encoder.slope.weight": "encoder.prelu.weight",
    **{f"{ours}.weight": f"{theirs}.lin.weight" for ours, theirs in LAYERS.items()},
    **{f"{ours}.bias": f"{theirs}.bias" for ours, theirs in LAYERS.items()},
}


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference("ccst_reference_a.npz", "CCST_REFERENCE")


def pairs_of(reference: Reference) -> np.ndarray:
    return distance_graph(reference["coords"].astype(np.float64), reference.hp()["threshold"])


@pytest.fixture(scope="module")
def trained(reference: Reference) -> dict[str, Any]:
    hp = reference.hp()
    n = len(reference["coords"])
    graph = SparseMatrix(self_weighted(pairs_of(reference), n, hp["lambda_I"]))
    encoder = CcstEncoder(torch.from_numpy(reference["X"]), graph, hp["hidden"])
    return train_as_recorded(Infomax(encoder, hp["hidden"]), reference, NAMES, hp["lr"])


def check_up_to_signs(reference: Reference, name: str, ours: np.ndarray, limit: float) -> None:
    """Columns of principal components have arbitrary signs."""
    theirs = reference[name]
    assert ours.shape == theirs.shape, f"{name}: shape {ours.shape} is not {theirs.shape}"
    reference.check(name, ours * np.sign((ours * theirs).sum(axis=0)), limit)


def test_graph_and_its_weights(reference: Reference) -> None:
    hp, pairs, n = reference.hp(), pairs_of(reference), len(reference["coords"])
    dense = np.zeros((n, n))
    dense[pairs[:, 0], pairs[:, 1]] = dense[pairs[:, 1], pairs[:, 0]] = 1
    reference.check("A", dense, 0)
    share = hp["lambda_I"]
    reference.check("A_hybrid", (1 - share) * dense + share * np.eye(n), 1e-6)
    reference.check("A_norm", self_weighted(pairs, n, share).toarray(), 1e-6)
    reference.check("A_norm_lambda0", self_weighted(pairs, n, 0).toarray(), 1e-6)


def test_recipe_for_spots(reference: Reference) -> None:
    counts = sp.csr_matrix(reference["counts"])
    genes = seen_in(counts, reference.hp()["min_cells"])
    reference.check("genes_kept", genes, 0)
    shares = share_of_total(counts[:, genes], exclude_highly_expressed=True).toarray()
    reference.check("X_norm", shares, 1e-5)
    scaled = standardize(shares)
    reference.check("X_scaled", scaled, 1e-5)
    check_up_to_signs(reference, "X", components(scaled, reference["X"].shape[1]), 1e-4)


def test_recipe_for_single_cells(reference: Reference) -> None:
    hp = reference.hp()
    counts = sp.csr_matrix(reference["sc.counts"])
    genes, values = single_cell_features(counts, hp["sc_min_mean"], hp["sc_min_var"])
    reference.check("sc.genes_kept", genes, 0)
    reference.check("sc.X", values, 1e-5)


@pytest.mark.parametrize("name", FORWARD)
def test_values_and_losses(reference: Reference, trained: dict[str, Any], name: str) -> None:
    reference.check(name, trained[name], 1e-5)


@pytest.mark.parametrize("name", NAMES.values())
def test_gradients_and_weights(reference: Reference, trained: dict[str, Any], name: str) -> None:
    reference.check(f"g.{name}", trained[f"g.{name}"], 1e-4)
    reference.check(f"w_after.{name}", trained[f"w_after.{name}"], 1e-3)
    # At the published rate a step is near the resolution of float32, so that is allowed besides.
    step, rounding = reference[f"step.{name}"], np.spacing(np.abs(reference[f"w.{name}"]).max())
    difference = np.abs(trained[f"step.{name}"] - step).max()
    assert difference <= 1e-3 * np.abs(step).max() + rounding


def test_embedding_and_its_components(reference: Reference, trained: dict[str, Any]) -> None:
    reference.check("embedding", trained["embedding"], 1e-4)
    embedding = trained["embedding"].numpy()
    wanted = reference.hp()["pca_of_embedding"]
    check_up_to_signs(reference, "pca", components(embedding, wanted), 1e-4)


def test_a_missing_array_and_another_shape_are_named(reference: Reference) -> None:
    with pytest.raises(AssertionError, match="no_such_array"):
        reference["no_such_array"]
    with pytest.raises(AssertionError, match="X_norm"):
        reference.check("X_norm", np.zeros((2, 2)), 1)
