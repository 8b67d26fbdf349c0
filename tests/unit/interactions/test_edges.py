"""Edges of a learned graph: ranked, checked, combined over seeds, cut at a threshold."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from stbench.common.errors import InputError
from stbench.interactions.edges import as_graph, consensus, edge_table, undirected

LINE = np.column_stack([np.array([0.0, 1.0, 2.5, 4.5]), np.zeros(4)])
GRAPH = sp.csr_matrix(
    np.array([[0, 0.9, 0, 0.2], [0.9, 0, 0.9, 0], [0, 0.9, 0, 0.4], [0.2, 0, 0.4, 0]])
)


def random_graph(n, seed, share=0.4):
    rng = np.random.default_rng(seed)
    upper = np.triu((rng.random((n, n)) < share) * rng.random((n, n)), 1)
    return sp.csr_matrix(upper + upper.T)


def test_the_table_of_a_small_graph_is_what_one_writes_by_hand():
    types = pd.Categorical(["b", "a", "b", None], categories=["a", "b"])
    table = edge_table(*undirected(GRAPH, 4), LINE, 1, types)
    assert table[["source", "target"]].to_numpy().tolist() == [[0, 1], [1, 2], [2, 3], [0, 3]]
    assert table["score"].tolist() == pytest.approx([0.9, 0.9, 0.4, 0.2])
    assert table["distance"].tolist() == pytest.approx([1, 1.5, 2, 4.5])
    assert table["in_knn"].tolist() == [True, True, True, False]
    assert table["type_source"].tolist() == ["b", "a", "b", "b"]
    assert table["type_target"].isna().tolist() == [False, False, True, True]
    assert table.dtypes[["source", "score"]].tolist() == [np.int32, np.float32]


@given(st.integers(2, 15), st.integers(0, 50))
def test_the_table_goes_back_to_the_graph(n, seed):
    graph = random_graph(n, seed)
    table = edge_table(*undirected(graph, n), np.random.default_rng(seed).random((n, 2)), 3)
    assert (table["source"] < table["target"]).all()
    assert (np.diff(table["score"]) <= 0).all()
    assert np.allclose(as_graph(table, n).toarray(), graph.toarray())


def test_stored_zeros_are_edges_and_the_diagonal_is_none():
    rows, columns, values = [0, 1, 1, 2, 2], [1, 0, 2, 1, 2], [0.0, 0.0, 0.5, 0.5, 1.0]
    pairs, scores = undirected(sp.csr_matrix((values, (rows, columns)), (3, 3)), 3)
    assert pairs.tolist() == [[0, 1], [1, 2]] and scores.tolist() == [0.0, 0.5]


@pytest.mark.parametrize(
    ("graph", "told"),
    [
        (sp.csr_matrix((3, 4)), "3 x 4 is not square"),
        (sp.csr_matrix((4, 4)), "4 rows for 3 cells"),
        (sp.csr_matrix(([1.0], ([0], [1])), (3, 3)), "not symmetric"),
        (sp.csr_matrix(([np.nan, np.nan], ([0, 1], [1, 0])), (3, 3)), "2 scores are NaN"),
        (np.zeros((3, 3)), "not a sparse matrix"),
    ],
)
def test_graphs_that_cannot_be_used_are_refused_in_one_line(graph, told):
    with pytest.raises(InputError, match=told) as error:
        undirected(graph, 3, "fit: learned_adj_raw")
    assert "\n" not in str(error.value)


@given(st.integers(2, 12), st.integers(0, 30))
def test_the_mean_over_seeds_counts_missing_edges_as_zero(n, seed):
    graphs = [random_graph(n, 3 * seed + i) for i in range(3)]
    pairs, scores = consensus([undirected(graph, n) for graph in graphs], n)
    mean = sum(graphs).toarray() / 3
    assert np.allclose(scores, mean[tuple(pairs.T)], atol=1e-6)
    assert len(pairs) == np.count_nonzero(np.triu(mean))
