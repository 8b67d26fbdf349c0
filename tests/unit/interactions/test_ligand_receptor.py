"""Ligands and receptors on edges: the resource, the panel, and the test against rewired edges."""

import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.stats import kstest

from stbench.common.errors import InputError, NotApplicableError
from stbench.data.gene_symbols import find_genes, panel_symbols
from stbench.interactions import ligand_receptor
from stbench.interactions.ligand_receptor import ligand_receptor_support, resource_pairs
from stbench.interactions.rewiring import oriented, rewired

PAIRS = [("La", "Ra"), ("Lb", "Rb"), ("Lc", "Rc_Rd"), ("Ld", "Re"), ("Le", "Rf"), ("Lg", "Rg")]
GENES = ["La", "Lb", "Lc", "Ld", "Le", "Ra", "Rb", "Rc", "Rd", "Re", "Rf", "other"]


@pytest.fixture(autouse=True)
def small_resource(monkeypatch, request):
    if "resource" not in request.node.name:
        monkeypatch.setattr(ligand_receptor, "resource_pairs", lambda organism: (PAIRS, "small"))


def tissue(n, seed, n_types=2, k=4):
    rng = np.random.default_rng(seed)
    coords = rng.random((n, 2))
    near = cKDTree(coords).query(coords, k + 1)[1][:, 1:]
    pairs = np.column_stack([np.repeat(np.arange(n), k), near.ravel()])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    edges = pd.DataFrame(pairs, columns=["source", "target"])
    expression = rng.exponential(size=(n, len(GENES))) * (rng.random((n, len(GENES))) < 0.6)
    types = pd.Categorical.from_codes(
        rng.integers(0, n_types, n), [f"t{i}" for i in range(n_types)]
    )
    return edges, expression.astype(np.float32), types


def support(edges, expression, types, shuffles=200, genes=GENES, seed=0, sections=None):
    var = pd.DataFrame(index=genes)
    coords = np.random.default_rng(seed).random((len(expression), 2))
    return ligand_receptor_support(
        *(edges, sp.csr_matrix(expression), var, "mouse", types),
        *(coords, np.zeros(len(coords), np.int64) if sections is None else sections),
        shuffles=shuffles,
        seed=seed,
    )


def test_the_resource_is_read_without_importing_liana():
    for organism, name, number in (("human", "consensus", 4620), ("mouse", "mouseconsensus", 3989)):
        pairs, resource = resource_pairs(organism)
        assert (len(pairs), resource) == (number, name)
        assert len(set(pairs)) == number and all(map(str.strip, sum(pairs, ())))
    assert "liana" not in sys.modules
    with pytest.raises(NotApplicableError, match="organism 'yeast'"):
        resource_pairs("yeast")


def test_a_missing_resource_says_what_to_do(monkeypatch):
    monkeypatch.setattr(ligand_receptor, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install --no-deps liana"):
        resource_pairs("mouse")


def test_the_observed_mean_is_that_of_a_plain_slow_loop():
    edges, expression, types = tissue(40, 1)
    table = support(edges, expression, types).table.set_index("ligand")
    value = dict(zip(GENES, expression.T, strict=True))
    value["Rc_Rd"] = np.minimum(value["Rc"], value["Rd"])
    for ligand, receptor in PAIRS[:5]:
        slow = [
            (value[ligand][s] * value[receptor][t] + value[ligand][t] * value[receptor][s]) / 2
            for s, t in edges.to_numpy()
        ]
        assert table.loc[ligand, "observed"] == pytest.approx(np.mean(slow), rel=1e-5)


def test_the_null_is_that_of_a_plain_slow_loop():
    edges, expression, types = tissue(60, 2)
    table = support(edges, expression, types, shuffles=2000).table.set_index("ligand")
    ligand, receptor = expression[:, GENES.index("La")], expression[:, GENES.index("Ra")]
    rng = np.random.default_rng(0)
    source, target, groups = oriented(*edges.to_numpy().T, types.codes.astype(int), rng)
    slow = []
    for _ in range(2000):
        total = 0.0
        for start, end in pairwise(groups):
            s, t = source[start:end], rng.permutation(target[start:end])
            for _ in range(200):  # by pairwise exchanges, until no cell meets itself
                own = np.flatnonzero(s == t)
                if not len(own):
                    break
                other = rng.integers(len(t))
                t[[own[0], other]] = t[[other, own[0]]]
            total += ligand[s] @ receptor[t] + ligand[t] @ receptor[s]
        slow.append(total / 2 / len(edges))
    found = table.loc["La"]
    assert found["expected"] == pytest.approx(np.mean(slow), rel=0.01)
    assert found["z"] == pytest.approx((found["observed"] - np.mean(slow)) / np.std(slow), abs=0.25)


@given(st.integers(8, 40), st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=25)
def test_rewired_edges_keep_degrees_and_type_pairs_and_join_no_cell_to_itself(n, n_types, seed):
    edges, _, types = tissue(n, seed, n_types, k=3)
    codes, rng = types.codes.astype(int), np.random.default_rng(seed)
    source, target, groups = oriented(*edges.to_numpy().T, codes, rng)
    assert sorted(map(sorted, np.column_stack([source, target]).tolist())) == (
        sorted(map(sorted, edges.to_numpy().tolist()))
    )
    ((new_target, new_source),) = rewired(source, target, groups, 5, rng)
    for column in range(5):
        assert (codes[new_target[:, column]] == codes[target]).all()
        assert (codes[new_source[:, column]] == codes[source]).all()
        assert sorted(new_target[:, column]) == sorted(target)
        by_source = sorted(zip(source, new_target[:, column], strict=True))
        assert by_source == sorted(zip(new_source[:, column], target, strict=True))
    big = np.repeat(np.diff(groups), np.diff(groups)) > 12
    assert (source[big, None] != new_target[big]).all()


def test_p_is_uniform_where_expression_is_random_also_for_a_gene_with_itself(monkeypatch):
    pairs = [*PAIRS[:4], ("Le", "Le")]
    monkeypatch.setattr(ligand_receptor, "resource_pairs", lambda organism: (pairs, "small"))
    values = {"La": [], "Le": []}
    for seed in range(80):
        edges, expression, types = tissue(120, seed)
        table = support(edges, expression, types, shuffles=99, seed=seed).table.set_index("ligand")
        for ligand, found in values.items():
            found.append(table.loc[ligand, "p"])
    for found in values.values():
        assert kstest(found, "uniform").pvalue > 0.01
        assert np.mean(found) == pytest.approx(0.5, abs=0.12)


def test_a_planted_pair_is_found_and_types_alone_are_not_taken_for_it():
    edges, expression, types = tissue(300, 4)
    expression[:, GENES.index("Lb")] += 2 * (types.codes == 0)  # a type's markers only
    expression[:, GENES.index("Rb")] += 2 * (types.codes == 1)
    chosen = np.random.default_rng(0).random(len(edges)) < 0.05
    senders, receivers = edges.to_numpy()[chosen].T
    expression[senders, GENES.index("La")] += 3
    expression[receivers, GENES.index("Ra")] += 3
    table = support(edges, expression, types, 500).table
    assert table.iloc[0][["ligand", "receptor"]].tolist() == ["La", "Ra"]
    assert table["q"][0] < 0.02 and table["z"][0] > 4
    assert (table["q"][1:] > 0.05).all()
    assert abs(table["z_redrawn"][0]) < 3  # a random graph does not know the planted edges
    again = support(edges.sample(frac=1, random_state=0), expression, None, 500).table
    assert again.iloc[0]["ligand"] == "La"


def test_a_batch_effect_between_joined_sections_is_no_support():
    parts = [tissue(150, seed) for seed in (5, 6)]
    edges = pd.concat([parts[0][0], parts[1][0] + 150], ignore_index=True)
    expression = np.vstack([parts[0][1], 3 * parts[1][1]])  # all genes are higher in one section
    types = pd.Categorical([*parts[0][2], *parts[1][2]])
    sections = np.repeat([0, 1], 150)
    found = support(edges, expression, types, sections=sections).table
    assert (found["q"] > 0.05).all()
    assert (support(edges, expression, types).table["q"] < 0.05).sum() > 2  # as one section


def test_draws_are_added_until_a_single_pair_can_be_significant():
    edges, expression, types = tissue(300, 4)
    chosen = np.random.default_rng(0).random(len(edges)) < 0.05
    senders, receivers = edges.to_numpy()[chosen].T
    expression[senders, GENES.index("La")] += 3
    expression[receivers, GENES.index("Ra")] += 3
    table = support(edges, expression, types, shuffles=19).table
    first, n = table.iloc[0], len(table)
    assert first["ligand"] == "La" and first["p"] <= 0.05 / n and first["q"] < 0.05
    assert (table["p"][1:] >= 1 / 20).sum() >= n - 2  # the others keep their 19 draws


def test_values_that_cannot_change_give_no_z_and_no_significance():
    edges, expression, types = tissue(30, 0)
    expression[:, [GENES.index("La"), GENES.index("Ra")]] = 1.7
    row = support(edges, expression, types).table.set_index("ligand").loc["La"]
    assert np.isnan(row["z"]) and row["p"] == 1 and row["expected"] == pytest.approx(1.7**2)


def test_coverage_is_always_told():
    edges, expression, types = tissue(30, 0)
    assert support(edges, expression, types).coverage == "5 of 6 pairs on the panel (small)"
    few = [*GENES[:8], "x", "y", "z", "other"]
    with pytest.raises(NotApplicableError, match=r"^2 of 6 pairs on the panel$"):
        support(edges, expression, types, genes=few)
    expression[:, GENES.index("Ra")] = 0
    with pytest.raises(NotApplicableError, match="1 of them not expressed at any edge"):
        support(edges, expression, types)
    with pytest.raises(NotApplicableError, match="no edges above the threshold"):
        support(edges.iloc[:0], expression, types)


def test_genes_in_another_case_are_found_and_told():
    edges, expression, types = tissue(30, 0)
    found = support(edges, expression, types, genes=[gene.upper() for gene in GENES])
    assert found.coverage.endswith("11 genes matched by ignoring case")
    assert found.table.equals(support(edges, expression, types).table)


def test_genes_are_matched_without_case_only_where_that_is_unambiguous():
    assert find_genes(["Gfap", "Aqp4"], ["GFAP", "Aqp4"]) == ({"Aqp4": 1, "Gfap": 0}, 1)
    assert find_genes(["Gfap"], ["GFAP", "gfap"]) == ({}, 0)
    assert find_genes(["Gfap", "gfaP"], ["GFAP"]) == ({}, 0)
    assert find_genes(["Gfap", "GFAP"], ["GFAP"]) == ({"GFAP": 0}, 0)
    assert find_genes(["A"], ["B", "A", "A"]) == ({"A": 1}, 0)


def test_ensembl_ids_are_mapped_where_var_holds_symbols_and_told_otherwise():
    ids = [f"ENSMUSG{i:011d}.2" for i in range(3)]
    with pytest.raises(NotApplicableError, match="Ensembl ids") as error:
        panel_symbols(pd.DataFrame(index=ids))
    assert "add one named symbol" in str(error.value)
    var = pd.DataFrame({"gene_name": ["Gfap", "Aqp4", "Mbp"]}, index=ids)
    assert panel_symbols(var).tolist() == ["Gfap", "Aqp4", "Mbp"]
    named = pd.DataFrame({"symbol": ["x", "y"]}, index=["Gfap", "ENS1"])
    assert panel_symbols(named).tolist() == ["Gfap", "ENS1"]
