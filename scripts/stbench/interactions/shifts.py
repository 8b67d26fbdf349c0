"""Ligand and receptor on edges, compared with receptors of the shifted tissue.

Shuffling breaks the smooth patterns of genes, so genes that vary smoothly are significant. Here the
pattern of all receptors is moved across the tissue by a random vector; what leaves at one side of
the bounding box enters at the other (a torus), and every cell takes the values of the nearest moved
cell. Ligands and receptors keep their patterns, and only their places relative to each other are
random (Upton and Fingleton, Spatial Data Analysis by Example, 1985).

Time: shifts x (cells + edges x pairs); memory: cells x genes + edges x pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from scipy.stats import false_discovery_control

_TIE = 1e-5  # relative; sums of float32 differ by less


def shifted_cells(
    coords: np.ndarray, shifts: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """For each random shift, the cell (n,) whose values every cell takes.

    Args:
        coords: (n, 2) positions.
        shifts: number of draws.
        rng: of the draws.
    """
    low, size = coords.min(axis=0), np.ptp(coords, axis=0)
    size = np.where(size > 0, size, 1.0)
    tree = cKDTree(coords)
    for _ in range(shifts):
        moved = low + (coords - low + rng.random(2) * size) % size
        yield tree.query(moved)[1]


def against_shifts(
    edges: pd.DataFrame,
    value: Callable[[str], np.ndarray],
    pairs: Sequence[tuple[str, str]],
    coords: np.ndarray,
    shifts: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Test pairs of ligand and receptor.

    Args:
        edges: source and target (positions of cells), each edge once.
        value: returns the expression (n,) of a gene or complex.
        pairs: k pairs of ligand and receptor.
        coords: (n, 2) positions.
        shifts: number of draws.
        seed: of the draws.

    Returns:
        Columns of k values: ``expected_shifted`` (mean over edges and draws), ``z_shifted`` (NaN if
        the draws do not vary), ``p_shifted`` (one-sided) and ``q_shifted`` (Benjamini and
        Hochberg).
    """
    source, target = (edges[end].to_numpy(dtype=np.int64) for end in ("source", "target"))
    names = list(dict.fromkeys(gene for pair in pairs for gene in pair))
    values = np.column_stack([value(name) for name in names]).astype(np.float32)
    ligand, receptor = (np.array([names.index(pair[role]) for pair in pairs]) for role in (0, 1))
    sent = values[:, ligand][source], values[:, ligand][target]
    received = values[:, receptor]

    def total(cells: np.ndarray) -> np.ndarray:
        forward = np.einsum("ek,ek->k", sent[0], received[cells[target]], dtype=np.float64)
        return forward + np.einsum("ek,ek->k", sent[1], received[cells[source]], dtype=np.float64)

    observed = total(np.arange(len(coords)))
    draws = np.array(
        [total(cells) for cells in shifted_cells(coords, shifts, np.random.default_rng(seed))]
    )
    mean, sd = draws.mean(axis=0), draws.std(axis=0)
    varies = sd > _TIE * np.abs(observed)
    reached = (draws >= observed - _TIE * np.abs(observed)).sum(axis=0)
    p = (1 + reached) / (1 + shifts)
    z = np.divide(observed - mean, sd, out=np.full(len(sd), np.nan), where=varies)
    return {
        "expected_shifted": mean / (2 * len(source)),
        "z_shifted": z,
        "p_shifted": p,
        "q_shifted": false_discovery_control(p),
    }
