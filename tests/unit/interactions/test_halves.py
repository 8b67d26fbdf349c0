"""Whether two halves of the pairs of ligand and receptor support the same edges."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from stbench.interactions.halves import MIN_PAIRS, Halves, between_halves, in_first_half

N, K = 300, 24
PAIRS = [(f"L{k}", f"R{k}") for k in range(K)]


def tissue(active: bool, seed: int = 0):
    """Random edges; on a third of them, if ``active``, all pairs are expressed at both ends."""
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.choice(N, (N, 2)), axis=1)
    ends = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
    values = {gene: rng.exponential(size=N) for pair in PAIRS for gene in pair}
    if active:
        for source, target in ends[rng.random(len(ends)) < 0.3]:
            for ligand, receptor in PAIRS:
                values[ligand][source] += 1
                values[receptor][target] += 1
    return pd.DataFrame(ends, columns=["source", "target"]), values


def compared(edges, values, pairs=PAIRS, **more):
    return between_halves(edges, values.__getitem__, pairs, np.zeros(N, np.int64), 200, 0, **more)


def test_pairs_that_act_along_the_same_edges_are_found():
    found = compared(*tissue(active=True))
    assert found.correlation > found.expected + 0.05 and found.p < 0.01
    assert (found.pairs, found.edges) == (K, len(tissue(True)[0]))


def test_independent_pairs_are_significant_as_often_as_they_should():
    p = [compared(*tissue(active=False, seed=seed)).p for seed in range(20)]
    assert np.mean(np.array(p) < 0.05) <= 0.15 and 0.25 < np.mean(p) < 0.75


def test_rare_genes_do_not_set_the_observed_edges_apart():
    """Of many rare genes, some pairs have no product on the observed edges, but on rewired ones."""
    pairs = [(f"L{k // 2}", f"R{k}") for k in range(1000)]
    genes = list(dict.fromkeys(gene for pair in pairs for gene in pair))
    p = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        ends = np.sort(rng.choice(2 * N, (N, 2)), axis=1)
        edges = pd.DataFrame(ends[ends[:, 0] != ends[:, 1]], columns=["source", "target"])
        depth = rng.lognormal(0, 0.5, 2 * N)  # cells with many transcripts express all genes
        shares = np.exp(rng.uniform(np.log(0.003), np.log(0.9), len(genes)))
        expressed = rng.random((2 * N, len(genes))) < np.minimum(np.outer(depth, shares), 1)
        x = dict(zip(genes, (expressed * rng.uniform(0.5, 2, expressed.shape)).T, strict=True))
        codes = np.zeros(2 * N, np.int64)
        p.append(between_halves(edges, x.__getitem__, pairs, codes, 39, 0).p)
    assert 0.2 < np.mean(p) < 0.8


def test_the_correlation_by_hand():
    edges, values = tissue(active=True)
    found = compared(edges, values)
    first = {ligand for ligand, _ in PAIRS if in_first_half(ligand, 0)}
    assert K / 4 < len(first) < 3 * K / 4
    scores = {True: 0.0, False: 0.0}
    one, other = edges["source"], edges["target"]
    degree = np.bincount(np.concatenate([one, other]), minlength=N) / (2 * len(edges))
    for ligand, receptor in PAIRS:
        sent, received = values[ligand], values[receptor]
        product = sent[one] * received[other] + sent[other] * received[one]
        expected = (degree @ sent) * (degree @ received)
        scores[ligand in first] = scores[ligand in first] + product / expected
    assert found.correlation == pytest.approx(spearmanr(scores[True], scores[False])[0], abs=1e-4)


def test_too_few_pairs_or_no_variation_give_nothing():
    edges, values = tissue(active=False)
    halves = [[p for p in PAIRS if in_first_half(p[0], 0) == first] for first in (True, False)]
    assert compared(edges, values, halves[0][: MIN_PAIRS - 1] + halves[1]) is None
    assert isinstance(compared(edges, values, halves[0][:MIN_PAIRS] + halves[1]), Halves)
    ones = {gene: np.ones(N) for gene in values}
    assert compared(edges, ones) is None
