"""Edges of learned graphs as a ranked table: one row per undirected pair of cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stbench.common.array_files import checked_sparse
from stbench.common.errors import InputError
from stbench.graphs.neighbors import knn_pairs

_ASYMMETRY = 1e-4  # of the largest score; much larger than rounding of float32 sums


def undirected(graph: Any, n_cells: int, where: str = "graph") -> tuple[np.ndarray, np.ndarray]:
    """The pairs of cells that a symmetric graph joins, and their scores.

    Stored zeros are edges of score zero; the diagonal is excluded.

    Args:
        graph: (n, n) sparse matrix.
        n_cells: n.
        where: name for errors.

    Returns:
        (m, 2) int32 pairs, each once with the smaller cell first, sorted; (m,) float32 scores.

    Raises:
        InputError: not a sparse matrix, broken, of another shape, asymmetric, or not finite.
    """
    if not sp.issparse(graph):
        raise InputError(f"{where}: {type(graph).__name__}, not a sparse matrix; store it as CSR")
    rows, columns = graph.shape
    if rows != columns:
        raise InputError(f"{where}: {rows} x {columns} is not square; provide one row per cell")
    if rows != n_cells:
        raise InputError(f"{where}: {rows} rows for {n_cells} cells; provide one row per cell")
    matrix = sp.csr_matrix(checked_sparse(graph, where), dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    broken = int((~np.isfinite(matrix.data)).sum())
    if broken:
        raise InputError(f"{where}: {broken} scores are NaN or infinite; train again")
    scale = np.abs(matrix.data).max(initial=0)
    difference = np.abs((matrix - matrix.T).data).max(initial=0)
    if difference > _ASYMMETRY * scale:
        raise InputError(
            f"{where}: not symmetric (two directions differ by up to {difference:.3g}); "
            "symmetrize it, for example (A + A.T) / 2"
        )
    entries = matrix.tocoo()
    smaller, larger = np.minimum(entries.row, entries.col), np.maximum(entries.row, entries.col)
    key = smaller.astype(np.int64) * n_cells + larger
    off = smaller != larger
    keys, first = np.unique(key[off], return_index=True)
    pairs = np.column_stack([keys // n_cells, keys % n_cells]).astype(np.int32)
    return pairs, entries.data[off][first].astype(np.float32)


def edge_table(
    pairs: np.ndarray,
    scores: np.ndarray,
    coords: np.ndarray,
    a_k: int,
    types: pd.Categorical | None = None,
) -> pd.DataFrame:
    """Edges from the highest score to the lowest; ties by source, then target.

    Args:
        pairs: (m, 2), the smaller cell first, of ``undirected``.
        scores: (m,).
        coords: (n, 2) positions.
        a_k: neighbors in the raw cell graph, for the column ``in_knn``.
        types: (n,) cell types.

    Returns:
        source, target (int32), score, distance (float32), in_knn, and with types type_source and
        type_target (categories).
    """
    pairs = np.asarray(pairs, dtype=np.int64)
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -scores))
    source, target = pairs[order].T
    raw = knn_pairs(coords, a_k) @ [len(coords), 1]
    table = pd.DataFrame(
        {
            "source": source.astype(np.int32),
            "target": target.astype(np.int32),
            "score": scores[order].astype(np.float32),
            "distance": pair_distances(coords, source, target),
            "in_knn": np.isin(source * len(coords) + target, raw),
        }
    )
    if types is not None:
        table["type_source"], table["type_target"] = types[source], types[target]
    return table


def pair_distances(coords: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(m,) float32 distances between the two cells of each pair."""
    difference = coords[source] - coords[target]
    return np.sqrt(np.einsum("ij,ij->i", difference, difference)).astype(np.float32)


def consensus(
    graphs: Sequence[tuple[np.ndarray, np.ndarray]], n_cells: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of any training seed with their mean score over all seeds; missing pairs count as zero.

    Args:
        graphs: pairs and scores of each seed, of ``undirected``.
        n_cells: number of cells.
    """
    keys = [pairs.astype(np.int64) @ [n_cells, 1] for pairs, _ in graphs]
    union = np.unique(np.concatenate(keys))
    total = np.zeros(len(union))
    for key, (_, scores) in zip(keys, graphs, strict=True):
        total[np.searchsorted(union, key)] += scores
    pairs = np.column_stack([union // n_cells, union % n_cells]).astype(np.int32)
    return pairs, (total / len(graphs)).astype(np.float32)


def as_graph(edges: pd.DataFrame, n_cells: int) -> sp.csr_matrix:
    """The symmetric (n, n) float32 matrix of the edges' scores."""
    source, target = edges["source"].to_numpy(), edges["target"].to_numpy()
    score = edges["score"].to_numpy(dtype=np.float32)
    rows, columns = np.concatenate([source, target]), np.concatenate([target, source])
    return sp.csr_matrix((np.tile(score, 2), (rows, columns)), shape=(n_cells, n_cells))
