"""Networks trained on shuffled cells, beside which noise passes as often as it should."""

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from methods.stague import model as stague
from stbench.common.errors import NotApplicableError
from stbench.common.limits import TRAINED_AGAIN
from stbench.common.seeding import seed_everything
from stbench.interactions.chosen_edges import Edges, mark
from stbench.interactions.edge_chance import Chance, calibrated
from stbench.interactions.edges import edge_table, undirected
from stbench.interactions.structureless import (
    shuffled_cells,
    shuffled_tissue,
    train_on_shuffled_cells,
)
from stbench.interactions.tissue import LearnedGraph, Tissue

PARAMS = {"epochs": 100, "lr": 1e-3, "exp_out": 128, "hidden_dim": 64, "rep_dim": 16,
          "proj_dim": 16, "k": 10, "record_every": 999}  # fmt: skip


def noise(n, n_genes, seed=0):
    rng = np.random.default_rng(seed)
    adata = ad.AnnData(rng.normal(size=(n, n_genes)).astype(np.float32))
    adata.layers["counts"] = adata.X.copy()
    adata.var["highly_variable"] = True
    adata.obsm["spatial"] = rng.random((n, 2))
    adata.obsm["X_pca"] = adata.X[:, :3]
    adata.uns["dataset"] = {"n_domains": 3}
    return adata


def test_shuffled_cells_keep_positions_sections_and_their_own_values():
    adata, sections = noise(40, 5), np.repeat([0, 1], 20)
    moved = shuffled_tissue(adata, sections)
    np.testing.assert_array_equal(moved.obsm["spatial"], adata.obsm["spatial"])
    order = [int(np.flatnonzero((row == adata.X).all(axis=1))[0]) for row in moved.X]
    assert sorted(order) == list(range(40)) and order != sorted(order)
    assert (sections[order] == sections).all()
    np.testing.assert_array_equal(moved.layers["counts"], moved.X)
    np.testing.assert_array_equal(moved.obsm["X_pca"], moved.X[:, :3])
    drawn = shuffled_cells(sections, np.random.default_rng(1))
    assert sorted(drawn) == list(range(40)) and (sections[drawn] == sections).all()


def test_at_every_distance_as_many_edges_pass_as_without_structure():
    rng = np.random.default_rng(0)
    distance = rng.random(4000)
    null, same = (3 * distance + rng.normal(size=(2, 4000)) for _ in range(2))
    structured = same + 2 * (np.arange(4000) < 400)
    empty = np.zeros(4000)
    found = calibrated(
        Chance(empty, empty, structured, structured.mean(axis=0)),
        Chance(empty, empty, null, null.mean(axis=0)),
        distance,
    )
    for p in (*found.p, found.p_of_mean):
        thirds = pd.Series(p[400:] <= 0.05).groupby(pd.qcut(distance[400:], 3, labels=False))
        np.testing.assert_allclose(thirds.mean(), 0.05, atol=0.025)
        assert (p[:400] <= 0.05).mean() > 0.4 and p.min() > 0


def test_the_order_of_edges_at_equal_distances_does_not_matter():
    """On a lattice most distances repeat; bins of them must not be bins of the score."""
    rng = np.random.default_rng(0)
    distance = np.repeat([1.0, 2.0, 3.0], 400)
    z, null = np.sort(rng.normal(size=1200)), rng.normal(size=1200)
    p = [
        calibrated(
            Chance(z, z[None, order], z[None, order], z[order]),
            Chance(null, null[None, order], null[None, order], null[order]),
            distance,
        ).p_of_mean
        for order in (
            np.arange(1200),
            np.concatenate([400 * i + rng.permutation(400) for i in range(3)]),
        )
    ]
    assert np.array_equal(*(np.sort(values.reshape(3, 400)) for values in p))


def test_noise_passes_as_often_as_it_should_although_the_network_fits_it():
    adata, sections = noise(120, 400), np.zeros(120, int)
    seed_everything(0, 1)
    fit = stague.fit(adata.copy(), 3, 0, "cpu", PARAMS, lambda *_: None)
    pairs, scores = undirected(fit.adj_raw, 120)
    folder = Path("nowhere")
    graph = LearnedGraph(0, folder, PARAMS, pairs, scores, None, None)
    coords = adata.obsm["spatial"]
    tissue = Tissue("t", "", adata.obs_names, coords, adata.X, adata.var, None, None, sections)
    mean = edge_table(pairs, scores, coords, 5)
    trained, _ = train_on_shuffled_cells(stague, adata, sections, [graph], "raw")
    shares = {}
    for name, structureless in (("shuffles", None), ("trained", trained)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("stbench.interactions.chosen_edges.read_weights", lambda _: fit.weights)
            (consensus, _, without), note = mark(
                *(Edges(mean, mean.assign(seed=0)), [graph], tissue, 0.95, "null_quantile"),
                module=stague,
                adata=adata,
                structureless=structureless,
            )
        shares[name] = consensus["above"].mean()
    assert shares["shuffles"] > 0.1 > shares["trained"]
    assert "by networks trained on shuffled cells" in note
    assert set(without["order"].notna()) == {True} and len(without) == len(mean)


def test_what_cannot_be_trained_here_is_said():
    many = noise(TRAINED_AGAIN + 1, 2)
    with pytest.raises(NotApplicableError, match="more than 3000 cells"):
        train_on_shuffled_cells(stague, many, np.zeros(many.n_obs, int), [], "raw")
    with pytest.raises(NotApplicableError, match="cannot be trained"):
        train_on_shuffled_cells(None, many, np.zeros(many.n_obs, int), [], "raw")


def test_the_graph_does_not_depend_on_which_epochs_are_embedded():
    adata, sections = noise(60, 20), np.zeros(60, int)
    graphs = []
    for every in (1, 30):
        params = {**PARAMS, "epochs": 30, "record_every": every}
        seed_everything(0, 1)
        epochs = []
        fit = stague.fit(adata.copy(), 3, 0, "cpu", params, lambda epoch, _: epochs.append(epoch))
        assert epochs == [0, *range(every, 31, every)]
        graphs.append(undirected(fit.adj_raw, 60))
    for one, other in zip(*graphs, strict=True):
        np.testing.assert_array_equal(one, other)
    graph = LearnedGraph(0, Path("nowhere"), params | {"record_every": 1}, *graphs[0], None, None)
    trained, _ = train_on_shuffled_cells(stague, adata, sections, [graph], "raw")
    moved = shuffled_tissue(adata, sections)
    seed_everything(0, 1)
    fit = stague.fit(moved, 3, 0, "cpu", params | {"record_every": 1}, lambda *_: None)
    np.testing.assert_array_equal(trained.graphs[0].scores, undirected(fit.adj_raw, 60)[1])
