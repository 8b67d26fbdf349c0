"""The numbers of a tissue's realism, against plain loops over pairs and genes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from anndata import AnnData

from stbench.data.simulation.realism import realism

N = 120


@pytest.fixture(scope="module")
def adata():
    """Two halves of a square; the last three cells have no domain, two others no type."""
    rng = np.random.default_rng(0)
    coords = rng.uniform(0, 10, (N, 2))
    domain = np.where(coords[:, 0] < 5, "left", "right").astype(object)
    domain[-3:] = None
    types = np.where(np.sin(coords[:, 1]) + rng.normal(0, 0.5, N) > 0, "a", "b").astype(object)
    types[:2] = None
    rate = 2 + np.column_stack([coords[:, 0], coords[:, 1], np.full((N, 3), 4.0)])
    counts = rng.poisson(rate).astype(np.float32)
    counts = np.column_stack([counts, np.eye(N, dtype=np.float32)[0]])  # a gene of one cell
    obs = {"cluster": pd.Categorical(domain), "celltype": pd.Categorical(types)}
    obs = pd.DataFrame(obs, index=[f"c{i}" for i in range(N)])
    return AnnData(sp.csr_matrix(counts), obs, obsm={"spatial": coords})


@pytest.fixture(scope="module")
def by_hand(adata):
    """Log-normalized genes and domains of the labeled cells, and pairs of neighbors inside them."""
    kept = adata[: N - 3]
    counts = kept.X.toarray().astype(float)
    totals = counts.sum(axis=1)
    values = np.log1p(counts / totals[:, None] * np.median(totals))[:, :5]
    domain = kept.obs["cluster"].astype(str).to_numpy()
    coords = kept.obsm["spatial"]
    pairs = []
    for i in range(N - 3):
        distances = np.linalg.norm(coords - coords[i], axis=1)
        near = [j for j in np.argsort(distances) if j != i][:6]
        pairs += [(i, j) for j in near if domain[i] == domain[j]]
    return values, domain, pairs, counts


def test_morans_index_and_the_share_of_domains(adata, by_hand):
    values, domain, pairs, _ = by_hand
    found = realism(adata)
    assert len(found.moran) == 5  # without the gene of one cell
    for gene in range(5):
        whole = values[:, gene]
        inside = whole - np.array([whole[domain == name].mean() for name in domain])
        moran = np.mean([inside[i] * inside[j] for i, j in pairs]) / np.mean(inside**2)
        assert found.moran[gene] == pytest.approx(moran, abs=1e-5)
        share = 1 - np.var(inside) / np.var(whole)
        assert found.domain_share[gene] == pytest.approx(share, abs=1e-5)
    assert found.domain_share[0] > 0.2 > found.domain_share[1]
    assert found.moran[1] > 0.2 > found.moran[2]


def test_neighbors_of_the_same_type_over_their_expected_number(adata, by_hand):
    _, domain, pairs, _ = by_hand
    types = adata.obs["celltype"].to_numpy()
    same, expected = 0, 0.0
    for i, j in pairs:
        if i >= 2 and j >= 2:
            members = [types[c] for c in range(2, N - 3) if domain[c] == domain[i]]
            n, a = len(members), members.count("a")
            expected += (a * (a - 1) + (n - a) * (n - a - 1)) / (n * (n - 1))
            same += types[i] == types[j]
    assert realism(adata).same_type == pytest.approx(same / expected)
    assert same / expected > 1.2
    untyped = adata.copy()
    del untyped.obs["celltype"]
    assert np.isnan(realism(untyped).same_type)


def test_zeros_and_totals_are_those_of_the_labeled_cells(adata, by_hand):
    counts = by_hand[3]
    found = realism(adata)
    assert found.zeros == pytest.approx((counts == 0).mean())
    totals = counts.sum(axis=1)
    assert found.total_cv == pytest.approx(totals.std() / totals.mean(), rel=1e-5)
    assert -0.3 < found.moran_of_totals < 0.3
