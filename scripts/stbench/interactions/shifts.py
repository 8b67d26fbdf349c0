"""Ligand and receptor on edges, compared with receptors of the shifted tissue.

Shuffling breaks the smooth patterns of genes, so genes that vary smoothly are significant. Here the
pattern of all receptors is moved across the tissue by a random vector; what leaves at one side of
the bounding box enters at the other (a torus), and every cell takes the values of the nearest moved
cell, also where the tissue does not fill the box. Ligands and receptors keep their patterns, and
only their places relative to each other are random (Lotwick and Silverman, Journal of the Royal
Statistical Society B 1982). A receptor may be high where the graph has many edges, and no moved one
is; so what the cells' numbers of edges explain is subtracted, of the data and of every draw.

Time: shifts x (cells + edges x pairs); memory: shifts x cells, and blocks of pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from scipy.stats import false_discovery_control

_VALUES_AT_ONCE = 8_000_000
_TIE = 1e-5  # relative; sums of float32 differ by less


def shifted_cells(
    coords: np.ndarray, sections: np.ndarray, shifts: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """For each random shift, the cell (n,) whose values every cell takes.

    Args:
        coords: (n, 2) positions.
        sections: (n,) codes; each section is shifted within its own box.
        shifts: number of draws.
        rng: of the draws.
    """
    groups = [np.flatnonzero(sections == code) for code in np.unique(sections)]
    trees = [cKDTree(coords[group]) for group in groups]
    for _ in range(shifts):
        cells = np.empty(len(coords), np.int32)
        for group, tree in zip(groups, trees, strict=True):
            low, size = tree.mins, np.where(tree.maxes > tree.mins, tree.maxes - tree.mins, 1.0)
            moved = low + (coords[group] - low + rng.random(2) * size) % size
            cells[group] = group[tree.query(moved)[1]]
        yield cells


def against_shifts(
    edges: pd.DataFrame,
    value: Callable[[str], np.ndarray],
    pairs: Sequence[tuple[str, str]],
    places: tuple[np.ndarray, np.ndarray],
    shifts: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Test pairs of ligand and receptor.

    Args:
        edges: source and target (positions of cells), each edge once.
        value: returns the expression (n,) of a gene or complex.
        pairs: k pairs of ligand and receptor.
        places: positions (n, 2), and codes of the sections (n,).
        shifts: number of draws.
        seed: of the draws.

    Returns:
        Columns of k values: ``expected_shifted`` (mean over edges: what the numbers of edges
        explain, and the mean rest of the draws), ``z_shifted`` (NaN if the draws do not vary),
        ``p_shifted`` (one-sided) and ``q_shifted`` (Benjamini and Hochberg).
    """
    source, target = (edges[end].to_numpy(dtype=np.int64) for end in ("source", "target"))
    own = np.arange(len(places[0]), dtype=np.int32)
    degrees = np.bincount(np.concatenate([source, target]), minlength=len(own)).astype(np.float32)
    drawn = [own, *shifted_cells(*places, shifts, np.random.default_rng(seed))]
    step = max(1, _VALUES_AT_ONCE // max(len(source), len(own)))
    parts = []
    for start in range(0, len(pairs), step):
        ligands, receptors = zip(*pairs[start : start + step], strict=True)
        sent, received = (
            np.column_stack([value(name) for name in names]).astype(np.float32)
            for names in (ligands, receptors)
        )
        ends = sent[source], sent[target]
        of_degrees = degrees @ sent / (2 * len(source))
        parts.append(
            [
                [
                    _totals(ends, received[cells[target]], received[cells[source]]),
                    of_degrees * (degrees @ received[cells]),
                ]
                for cells in drawn
            ]
        )
    totals, explained = np.concatenate(parts, axis=2).transpose(1, 0, 2)
    tie = _TIE * np.abs(totals[0])
    observed, draws = (totals - explained)[0], (totals - explained)[1:]
    mean, sd = draws.mean(axis=0), draws.std(axis=0)
    varies = sd > tie
    reached = (draws >= observed - tie).sum(axis=0)
    p = (1 + reached) / (1 + shifts)
    z = np.divide(observed - mean, sd, out=np.full(len(sd), np.nan), where=varies)
    return {
        "expected_shifted": (explained[0] + mean) / (2 * len(source)),
        "z_shifted": z,
        "p_shifted": p,
        "q_shifted": false_discovery_control(p),
    }


def _totals(
    sent: tuple[np.ndarray, np.ndarray], at_target: np.ndarray, at_source: np.ndarray
) -> np.ndarray:
    """Sums over edges (e, k) of ligand times receptor, from source to target and back."""
    forward = np.einsum("ek,ek->k", sent[0], at_target, dtype=np.float64)
    return forward + np.einsum("ek,ek->k", sent[1], at_source, dtype=np.float64)
