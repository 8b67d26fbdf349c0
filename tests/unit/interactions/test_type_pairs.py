"""Edges between cell types: counted right, and against nulls that hold what they promise."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.stats import kstest

from stbench.common.errors import NotApplicableError
from stbench.interactions import edge_nulls
from stbench.interactions.edge_nulls import drawn_graph, of_same_degree, pool_of, redrawn
from stbench.interactions.edges import pair_distances
from stbench.interactions.type_pairs import _EXACT, count_pairs, shuffled_counts, type_pairs


@pytest.fixture
def without_degree(monkeypatch):
    """Tests of other nulls do not wait for the slowest one."""
    monkeypatch.delitem(_EXACT, "degree")


def tissue(n, n_types, seed, k=4):
    rng = np.random.default_rng(seed)
    coords = rng.random((n, 2))
    near = cKDTree(coords).query(coords, k + 1)[1][:, 1:]
    pairs = np.column_stack([np.repeat(np.arange(n), k), near.ravel()])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    kept = rng.random(len(pairs)) < 0.6
    kept[0] = True
    edges = pd.DataFrame(pairs[kept], columns=["source", "target"])
    codes = rng.integers(0, n_types, n)
    codes[:n_types] = np.arange(n_types)
    return edges, codes, coords


def named(codes):
    return pd.Categorical([f"t{code:02d}" for code in codes])


def test_a_small_graph_is_counted_by_hand():
    # Cells 0 to 4 of types a a b b a; each edge once, the diagonal too.
    edges = pd.DataFrame({"source": [0, 0, 1, 2, 3], "target": [1, 2, 2, 3, 4]})
    codes = np.array([0, 0, 1, 1, 0])
    counts = count_pairs(codes[edges["source"]], codes[edges["target"]], 2)
    assert counts.tolist() == [1, 3, 1]  # aa, ab, bb
    coords = np.random.default_rng(0).random((5, 2))
    types = pd.Categorical(["a", "a", "b", "b", "a"])
    table = type_pairs(edges, types, coords, shuffles=4000).table
    assert list(zip(table["type_a"], table["type_b"], strict=True)) == [
        ("a", "a"), ("a", "b"), ("b", "b"),
    ]  # fmt: skip
    assert table["cells_a"].tolist() == [3, 3, 2] and table["cells_b"].tolist() == [3, 2, 2]
    assert table["observed"].tolist() == [1, 3, 1]
    # Of 10 pairs of cells 3 are aa, 6 ab, 1 bb.
    assert table["expected_shuffled"].tolist() == pytest.approx([1.5, 3, 0.5], abs=0.05)


@given(st.integers(5, 40), st.integers(2, 4), st.integers(0, 99))
@settings(max_examples=30)
def test_counts_add_up_to_edges_and_degrees(n, n_types, seed):
    edges, codes, coords = tissue(n, n_types, seed, k=3)
    table = type_pairs(edges, named(codes), coords, shuffles=20).table
    a, b = np.triu_indices(n_types)
    matrix = np.zeros((n_types, n_types))
    np.add.at(matrix, (a, b), table["observed"])
    np.add.at(matrix, (b, a), table["observed"])
    degrees = np.bincount(edges.to_numpy().ravel(), minlength=n)
    assert matrix.sum(axis=1).tolist() == np.bincount(codes, degrees).tolist()
    for column in ("observed", "expected_shuffled", "expected_distance"):
        assert table[column].sum() == pytest.approx(len(edges))
    assert table["expected_degree"].sum() == pytest.approx(len(edges), rel=0.01)


@given(st.integers(6, 30), st.integers(0, 99))
@settings(max_examples=30)
def test_names_and_order_of_cells_and_ends_of_edges_change_nothing(n, seed):
    edges, codes, coords = tissue(n, 3, seed, k=3)
    table = type_pairs(edges, named(codes), coords, shuffles=10).table
    order = np.random.default_rng(seed).permutation(n)
    place = np.argsort(order)
    moved = pd.DataFrame({"source": place[edges["target"]], "target": place[edges["source"]]})
    again = type_pairs(moved, named(codes[order]), coords[order], shuffles=10).table
    for column in ("observed", "cells_a"):
        assert table[column].tolist() == again[column].tolist()
    assert again["expected_shuffled"].sum() == pytest.approx(table["expected_shuffled"].sum())


def test_types_of_joined_sections_are_shuffled_apart_from_each_other():
    codes, sections = np.repeat([0, 1], 50), np.repeat([0, 1], 50)  # a type in each
    source = np.concatenate([np.arange(49), np.arange(50, 99)])  # edges within the sections
    given = {"shuffles": 20, "rng": np.random.default_rng(0)}
    apart = shuffled_counts(source, source + 1, codes, sections, 2, **given)
    assert (apart == [49, 0, 49]).all()
    together = shuffled_counts(source, source + 1, codes, np.zeros(100, int), 2, **given)
    assert (together[:, 1] > 20).all()


def test_a_plain_slow_loop_gives_the_same_shuffled_counts():
    edges, codes, _ = tissue(60, 3, 1)
    source, target = edges["source"].to_numpy(), edges["target"].to_numpy()
    drawn = shuffled_counts(
        *(source, target, codes, np.zeros(len(codes), int), 3),
        shuffles=50,
        rng=np.random.default_rng(7),
    )
    rng = np.random.default_rng(7)
    for row in drawn:
        shuffled = rng.permutation(codes)
        slow = {}
        for s, t in zip(source, target, strict=True):
            pair = tuple(sorted((int(shuffled[s]), int(shuffled[t]))))
            slow[pair] = slow.get(pair, 0) + 1
        upper = zip(*np.triu_indices(3), strict=True)
        assert row.tolist() == [slow.get((int(a), int(b)), 0) for a, b in upper]


def test_redrawn_edges_have_the_distribution_of_a_plain_slow_draw():
    edges, codes, coords = tissue(40, 2, 3)
    source, target = edges["source"].to_numpy(), edges["target"].to_numpy()
    pool = pool_of(source, target, coords, np.ones(40, bool))
    observed = count_pairs(codes[source], codes[target], 2)
    exact = redrawn(pool, codes[pool.one] + codes[pool.other], observed)
    distance = pair_distances(coords, source, target)
    cuts = np.unique(np.quantile(distance, np.linspace(0, 1, 21)[1:-1]))
    i, j = np.triu_indices(40, 1)
    reach = pair_distances(coords, i, j)
    i, j, reach = (
        i[reach <= distance.max()],
        j[reach <= distance.max()],
        reach[reach <= distance.max()],
    )
    rng = np.random.default_rng(1)
    slow = []
    for _ in range(1000):
        chosen = [
            rng.choice(np.flatnonzero(np.searchsorted(cuts, reach) == number), count, replace=False)
            for number, count in enumerate(np.bincount(np.searchsorted(cuts, distance)))
        ]
        drawn = np.concatenate(chosen)
        slow.append(count_pairs(codes[i[drawn]], codes[j[drawn]], 2))
    slow = np.array(slow)
    for k, (mean, sd, p) in enumerate(exact):
        assert mean == pytest.approx(slow[:, k].mean(), abs=0.35)
        assert sd == pytest.approx(slow[:, k].std(), rel=0.12)
        far = np.abs(slow[:, k] - mean) >= abs(observed[k] - mean) - 1e-9
        assert p == pytest.approx(far.mean(), abs=0.06)


def test_the_null_of_degrees_keeps_the_edges_of_every_cell_and_distance():
    edges, codes, coords = tissue(200, 2, 4, k=6)
    source, target = edges["source"].to_numpy(), edges["target"].to_numpy()
    pool = pool_of(source, target, coords, np.ones(200, bool))
    p = pool.probability
    kept = np.bincount(pool.one, p, 200) + np.bincount(pool.other, p, 200)
    np.testing.assert_allclose(kept, np.bincount(edges.to_numpy().ravel(), minlength=200), atol=0.1)
    np.testing.assert_allclose(np.bincount(pool.bins, p), pool.edges, atol=0.1)
    assert pool.is_edge.sum() == len(edges)
    # Few levels of probability give the distribution of single draws of every pair.
    observed = count_pairs(codes[source], codes[target], 2)
    kind = codes[pool.one] + codes[pool.other]
    rng = np.random.default_rng(0)
    slow = np.array([np.bincount(kind[rng.random(len(p)) < p], minlength=3) for _ in range(2000)])
    for k, (mean, sd, _) in enumerate(of_same_degree(pool, kind, observed)):
        assert mean == pytest.approx(p[kind == k].sum())
        assert sd == pytest.approx(slow[:, k].std(), rel=0.06)


def test_a_type_of_well_connected_cells_is_significant_by_distance_but_not_by_degree():
    rng = np.random.default_rng(0)
    coords = rng.random((400, 2))
    codes = rng.integers(0, 2, 400)
    pairs = cKDTree(coords).query_pairs(0.12, output_type="ndarray")
    chance = np.array([0.1, 0.3])[codes]
    kept = rng.random(len(pairs)) < (chance[pairs[:, 0]] + chance[pairs[:, 1]])
    table = type_pairs(
        pd.DataFrame(pairs[kept], columns=["source", "target"]), named(codes), coords, 10
    ).table
    assert table.loc[2, "q_distance"] < 1e-6
    assert (table["q_degree"] > 0.05).all()


def test_nothing_is_open_where_every_near_pair_is_an_edge():
    coords = np.random.default_rng(0).random((150, 2))
    pairs = cKDTree(coords).query_pairs(0.1, output_type="ndarray")
    edges = pd.DataFrame(pairs, columns=["source", "target"])
    codes = np.arange(150) % 3
    assert type_pairs(edges, named(codes), coords, 10).open_edges < 0.1
    some = edges[np.random.default_rng(1).random(len(edges)) < 0.5]
    assert type_pairs(some, named(codes), coords, 10).open_edges > 0.1 * len(some)


def test_edges_within_types_are_tested_together():
    edges, codes, coords = tissue(200, 6, 5)
    favored = (codes[edges["source"]] == codes[edges["target"]]) | (
        np.random.default_rng(0).random(len(edges)) < 0.5
    )
    table, same, _ = type_pairs(edges[favored], named(codes), coords, 400)
    own = table["type_a"] == table["type_b"]
    assert same["null"].tolist() == ["shuffled", "distance", "degree", "shifted"]
    assert (same["observed"] == table.loc[own, "observed"].sum()).all()
    by_pair = [null for null in same["null"] if null != "shifted"]
    assert same["expected"].tolist()[: len(by_pair)] == pytest.approx(
        [table.loc[own, f"expected_{null}"].sum() for null in by_pair]
    )
    assert (same["z"] > 3).all() and same["p"].iloc[1] < 1e-3


def test_too_many_pairs_leave_the_exact_nulls_empty(monkeypatch):
    edges, codes, coords = tissue(60, 2, 6)
    monkeypatch.setattr(edge_nulls, "MAX_FITTED", 10)
    table, same, n_open = type_pairs(edges, named(codes), coords, 10)
    assert n_open is None
    assert table["p_degree"].isna().all() and table["p_distance"].notna().all()
    assert same["null"].tolist() == ["shuffled", "distance", "shifted"]
    monkeypatch.setattr(edge_nulls, "MAX_POOL", 10)
    table, same, _ = type_pairs(edges, named(codes), coords, 10)
    assert table["p_distance"].isna().all() and same["null"].tolist() == ["shuffled"]


def test_p_is_uniform_where_types_are_random(without_degree):
    found = {"shuffled": [], "distance": []}
    for seed in range(50):
        edges, codes, coords = tissue(120, 2, seed, k=6)
        table = type_pairs(edges, named(codes), coords, shuffles=99, seed=seed).table
        for null, values in found.items():
            values.append(table.loc[1, f"p_{null}"])  # one pair of each tissue: independent
    for values in found.values():
        assert kstest(values, "uniform").pvalue > 0.01
        assert np.mean(values) == pytest.approx(0.5, abs=0.12)


def test_neighbors_of_one_kind_stand_out_by_shuffling_but_not_at_their_distance(without_degree):
    rng = np.random.default_rng(0)
    coords = rng.random((400, 2))
    codes = (coords[:, 0] > 0.5).astype(int)
    pairs = cKDTree(coords).query_pairs(0.08, output_type="ndarray")
    drawn = rng.choice(len(pairs), len(pairs) // 3, replace=False)
    edges = pd.DataFrame(pairs[drawn], columns=["source", "target"])
    table = type_pairs(edges, named(codes), coords, shuffles=500).table
    assert (table["q_shuffled"] < 0.02).all() and table["z_shuffled"].abs().min() > 5
    assert (table["q_distance"] > 0.05).all()
    mixed = codes[edges["source"]] != codes[edges["target"]]
    kept = edges[mixed | (rng.random(len(edges)) < 0.2)]  # now the graph itself favors mixed ones
    assert type_pairs(kept, named(codes), coords, shuffles=500).table.loc[1, "q_distance"] < 0.02


def test_one_type_no_types_and_no_typed_edges_are_not_applicable():
    edges, codes, coords = tissue(10, 2, 0)
    with pytest.raises(NotApplicableError, match="all cells are t00"):
        type_pairs(edges, named(np.zeros(10, int)), coords, 10)
    with pytest.raises(NotApplicableError, match="no cell has a type"):
        type_pairs(edges, pd.Categorical([None] * 10, categories=["a"]), coords, 10)
    with pytest.raises(NotApplicableError, match="no edge joins"):
        type_pairs(edges.iloc[:0], named(codes), coords, 10)


def test_cells_without_a_type_are_left_out():
    edges, codes, coords = tissue(50, 2, 5)
    types = pd.Categorical.from_codes(np.where(np.arange(50) < 10, -1, codes), ["a", "b"])
    typed = edges[(edges >= 10).all(axis=1)]
    table = type_pairs(edges, types, coords, 50).table
    assert table["observed"].sum() == len(typed)
    assert table["expected_shuffled"].sum() == pytest.approx(len(typed))


def smooth(coords, rng, length=0.15, waves=30):
    """A smooth random field at the positions."""
    directions = rng.normal(0, 1 / length, (2, waves))
    return np.cos(coords @ directions + rng.uniform(0, 2 * np.pi, waves)).sum(axis=1)


def test_where_types_and_edges_cluster_only_shifted_types_are_at_chance(without_degree):
    by_null = {"distance": [], "shifted": []}
    for seed in range(50):
        rng = np.random.default_rng(seed)
        coords = rng.random((200, 2))
        codes = (smooth(coords, rng) > 0).astype(int)
        mixed = smooth(coords, rng) > 0  # where types are mixed at random
        codes[mixed] = rng.integers(0, 2, mixed.sum())
        pairs = cKDTree(coords).query_pairs(0.1, output_type="ndarray")
        likely = smooth(coords, rng)[pairs].mean(axis=1)  # edges cluster, whatever the types
        kept = pairs[likely + rng.normal(0, 2, len(pairs)) > 0]
        edges = pd.DataFrame(kept, columns=["source", "target"])
        same = type_pairs(edges, named(codes), coords, shuffles=40).same_type
        for null, found in by_null.items():
            found.append(same.set_index("null").loc[null, "p"])
    wrong = {null: np.mean(np.array(found) < 0.05) for null, found in by_null.items()}
    assert wrong["distance"] > 2 * wrong["shifted"] and wrong["shifted"] <= 0.14


def test_regions_without_types_do_not_widen_the_shifted_null(without_degree):
    z = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        coords = rng.random((200, 2))
        codes = np.where(smooth(coords, rng) > 0, smooth(coords, rng, 0.1) > 0, -1)
        types = pd.Categorical.from_codes(codes, ["a", "b"])
        pairs = cKDTree(coords).query_pairs(0.1, output_type="ndarray")
        kept = pairs[smooth(coords, rng)[pairs].mean(axis=1) > 0]
        edges = pd.DataFrame(kept, columns=["source", "target"])
        same = type_pairs(edges, types, coords, shuffles=40).same_type.set_index("null")
        z.append(same.loc["shifted", "z"])
    assert np.std(z) > 0.75


def test_a_graph_of_likeness_is_above_shifted_types():
    rng = np.random.default_rng(0)
    coords = rng.random((300, 2))
    codes = np.where(rng.random(300) < 0.2, rng.integers(0, 2, 300), smooth(coords, rng) > 0)
    pairs = cKDTree(coords).query_pairs(0.09, output_type="ndarray")
    alike = codes[pairs[:, 0]] == codes[pairs[:, 1]]
    kept = pairs[rng.random(len(pairs)) < np.where(alike, 0.7, 0.4)]
    edges = pd.DataFrame(kept, columns=["source", "target"])
    same = type_pairs(edges, named(codes), coords, shuffles=99).same_type.set_index("null")
    assert same.loc["shifted", "p"] == pytest.approx(0.01)
    table = type_pairs(edges, named(codes), coords, shuffles=99).table
    own = table[table["type_a"] == table["type_b"]]
    assert own["expected_shifted"].sum() == pytest.approx(same.loc["shifted", "expected"])
    assert (table["observed"] - table["expected_shifted"]).sum() == pytest.approx(0, abs=1e-6)
    assert (own["p_shifted"] < 0.05).all() and (own["z_shifted"] > 2).all()
    shifted, near = same.loc["shifted"], same.loc["distance"]
    assert shifted["observed"] == near["observed"] > shifted["expected"]
    assert shifted["expected"] == pytest.approx(near["expected"], rel=0.05)


def test_a_drawn_graph_has_the_distances_of_the_edges_and_no_edge_twice():
    edges, _, coords = tissue(300, 3, 0)
    source, target = edges["source"].to_numpy(), edges["target"].to_numpy()
    drawn = drawn_graph(source, target, coords, 0)
    assert len({tuple(sorted(pair)) for pair in drawn.tolist()}) == len(edges)
    lengths = [pair_distances(coords, *pairs.T) for pairs in (edges.to_numpy(), drawn)]
    shares = np.linspace(0, 1, 21)[1:]
    np.testing.assert_allclose(*(np.quantile(part, shares) for part in lengths), rtol=0.1)
    shared = len({*map(tuple, edges.to_numpy().tolist())} & {*map(tuple, drawn.tolist())})
    assert shared < 0.8 * len(edges)
    assert np.array_equal(drawn, drawn_graph(source, target, coords, 0))
    others = [
        drawn_graph(source, target, coords, 1),
        drawn_graph(source[1:], target[1:], coords, 0),
    ]
    assert not any(np.array_equal(drawn, other) for other in others)
