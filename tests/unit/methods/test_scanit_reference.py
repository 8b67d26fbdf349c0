"""SCAN-IT against values of the original program, array by array.

Sizes and hyper-parameters come from the file; SCANIT_REFERENCE names another one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from helpers.infomax_steps import FORWARD, train_as_recorded
from helpers.reference_file import Reference, load_reference
from methods.scanit.alpha_complex import alpha_graph, delaunay_alpha, mean_neighbor_distance
from methods.scanit.mds import mean_distances, smacof
from methods.scanit.model import ScanitEncoder, features_of, run_seeds
from stbench.nn.infomax import Infomax, weighted_graph
from stbench.nn.sparse import SparseMatrix

NAMES = {
    "weight": "weight",
    "encoder.convs.0.weight": "encoder.conv.lin.weight",
    "encoder.convs.0.bias": "encoder.conv.bias",
    "encoder.slopes.0.weight": "encoder.prelu.weight",
    "encoder.convs.1.weight": "encoder.conv2.lin.weight",
    "encoder.convs.1.bias": "encoder.conv2.bias",
    "encoder.slopes.1.weight": "encoder.prelu2.weight",
}


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference("scanit_reference_a.npz", "SCANIT_REFERENCE")


@pytest.fixture(scope="module")
def coords(reference: Reference) -> np.ndarray:
    return reference["coords"].astype(np.float64)


def adjacency(pairs: np.ndarray, n: int) -> np.ndarray:
    dense = np.zeros((n, n))
    dense[pairs[:, 0], pairs[:, 1]] = dense[pairs[:, 1], pairs[:, 0]] = 1
    return dense


@pytest.fixture(scope="module")
def trained(reference: Reference, coords: np.ndarray) -> dict[str, Any]:
    hp = reference.hp()
    pairs = alpha_graph(coords, hp["knn_for_cut"], hp["n_layer"])
    graph = SparseMatrix(weighted_graph(pairs, len(coords)))
    encoder = ScanitEncoder(torch.from_numpy(reference["X"]), graph, hp["n_h"])
    return train_as_recorded(Infomax(encoder, hp["n_h"]), reference, NAMES, hp["lr"])


def test_delaunay_edges_and_alpha(reference: Reference, coords: np.ndarray) -> None:
    edges, alpha_squared = delaunay_alpha(coords)
    reference.check("delaunay_edges", edges, 0)
    reference.check("delaunay_alpha_sq", alpha_squared, 1e-6)


def test_cut(reference: Reference, coords: np.ndarray) -> None:
    k = reference.hp()["knn_for_cut"]
    cut = mean_neighbor_distance(coords, k)
    assert cut == pytest.approx(reference["cut"], rel=1e-6)
    twins = mean_neighbor_distance(reference["dup.coords"].astype(np.float64), k)
    assert twins == pytest.approx(reference["dup.cut"], rel=1e-6)


def test_graphs(reference: Reference, coords: np.ndarray) -> None:
    hp, n = reference.hp(), len(coords)
    for layers, name in ((1, "A_layer1"), (2, "A_layer2"), (hp["n_layer"], "A")):
        reference.check(name, adjacency(alpha_graph(coords, hp["knn_for_cut"], layers), n), 0)
    pairs = alpha_graph(coords, hp["knn_for_cut"], hp["n_layer"])
    reference.check("A_norm", weighted_graph(pairs, n).toarray(), 1e-6)


def test_preprocessing(reference: Reference, coords: np.ndarray) -> None:
    from anndata import AnnData

    adata = AnnData(reference["counts"], uns={"dataset": {"kind": "counts"}})
    adata.layers["counts"] = adata.X
    pairs = alpha_graph(coords, reference.hp()["knn_for_cut"], 1)
    reference.check("X", features_of(adata, pairs, n_genes=adata.n_vars), 1e-5)


@pytest.mark.parametrize("name", FORWARD)
def test_values_and_losses(reference: Reference, trained: dict[str, Any], name: str) -> None:
    reference.check(name, trained[name], 1e-5)


@pytest.mark.parametrize("name", NAMES.values())
def test_gradients_and_weights(reference: Reference, trained: dict[str, Any], name: str) -> None:
    reference.check(f"g.{name}", trained[f"g.{name}"], 1e-4)
    reference.check(f"w_after.{name}", trained[f"w_after.{name}"], 1e-3)
    step = reference[f"w_after.{name}"].astype(np.float64) - reference[f"w.{name}"]
    assert np.abs(trained[f"step.{name}"] - step).max() <= 1e-3 * np.abs(step).max()


def test_embedding(reference: Reference, trained: dict[str, Any]) -> None:
    reference.check("embedding", trained["embedding"], 1e-4)


def test_seeds_of_the_consensus(reference: Reference) -> None:
    hp = reference.hp()
    seeds = run_seeds(hp["consensus_master_seed"], hp["consensus_m"])
    reference.check("cons.seeds", np.repeat(np.array(seeds)[:, None], 3, axis=1), 0)


def test_averaged_distances(reference: Reference) -> None:
    embeddings = reference["cons.embeddings"]
    reference.check("cons.W", mean_distances(embeddings)(0, embeddings.shape[1]), 1e-6)


def test_scaling(reference: Reference) -> None:
    wanted, start = reference["cons.W"].astype(np.float64), reference["cons.mds_init"]

    def rows(first: int, last: int) -> np.ndarray:
        return wanted[first:last]

    for updates in (1, 10):
        scaling = smacof(rows, start, updates, eps=0)
        reference.check(f"cons.mds_iter{updates}", scaling.points, 1e-4)
    scaling = smacof(rows, start, max_updates=300, eps=1e-6)
    assert scaling.updates == reference["cons.mds_n_iter"]
    assert scaling.stress == pytest.approx(reference["cons.mds_stress"], rel=1e-4)
    reference.check("cons.mds", scaling.points, 1e-4)
    distances = mean_distances([scaling.points])(0, len(start))
    reference.check("cons.mds_distances", distances, 1e-4)
