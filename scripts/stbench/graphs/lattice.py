"""Spots on a lattice: their rows and columns, derived from coordinates alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from anndata import AnnData

_REACH = 1.25  # neighbors are within this many pitches; the next spots at 1.41 (square) or 1.73
_SYMMETRIES = {"hexagonal": 6, "square": 4}
_ORDER = 0.8  # least agreement of directions to neighbors with the symmetry; random cells: 0
_MAX_OFFSET = 0.3  # distance of a spot from its lattice point, in pitches
_MAX_OFF_SHARE = 0.01  # share of spots with a larger offset


@dataclass(frozen=True)
class Lattice:
    """Positions of spots on a lattice.

    Attributes:
        kind: ``hexagonal`` (10x Visium) or ``square`` (Spatial Transcriptomics).
        row: (n,) int32 from 0.
        col: (n,) int32 from 0. On a hexagonal lattice neighbors are at (0, ±2) and (±1, ±1), as
            in Visium's own array coordinates; the axes may be swapped or reversed.
    """

    kind: str
    row: np.ndarray
    col: np.ndarray


def adjacent(lattice: Lattice) -> np.ndarray:
    """The pairs of adjacent spots: (m, 2), each pair once with the smaller spot first, sorted."""
    if lattice.kind == "hexagonal":
        places, pitch = np.column_stack([np.sqrt(3.0) * lattice.row, lattice.col]), 2.0
    else:
        places, pitch = np.column_stack([lattice.row, lattice.col]), 1.0
    pairs = cKDTree(places).query_pairs(_REACH * pitch, output_type="ndarray")
    return np.unique(pairs, axis=0)


def lattice_of(adata: AnnData) -> Lattice | None:
    """The lattice of a preprocessed dataset's spots; None if they form none.

    Each of joined sections (``obs['section']``) has its own. Their rows are stacked with gaps, so
    that spots of different sections are not neighbors; all must be of the same kind.
    """
    coords = np.asarray(adata.obsm["spatial"])
    if "section" not in adata.obs:
        return find_lattice(coords)
    sections = adata.obs["section"].astype("category").cat.codes.to_numpy()
    row, col = (np.empty(len(coords), dtype=np.int32) for _ in range(2))
    kinds, start = set(), 0
    for section in np.unique(sections):
        in_section = sections == section
        lattice = find_lattice(coords[in_section])
        if lattice is None:
            return None
        kinds.add(lattice.kind)
        row[in_section], col[in_section] = lattice.row + start, lattice.col
        start += int(lattice.row.max()) // 2 * 2 + 4  # even: hexagonal rows alternate
    return Lattice(kinds.pop(), row, col) if len(kinds) == 1 else None


def find_lattice(coords: np.ndarray) -> Lattice | None:
    """The lattice of spots, with any rotation, pitch and gaps; None if they form none.

    The two basis vectors of the lattice are fitted to the vectors between neighbors, then to all
    spots.

    Args:
        coords: (n, 2) coordinates in any unit.
    """
    points = np.asarray(coords, dtype=np.float64)
    if len(points) < 8:
        return None
    tree = cKDTree(points)
    pitch = float(np.median(tree.query(points, k=2)[0][:, 1]))
    if pitch == 0:
        return None
    pairs = tree.query_pairs(_REACH * pitch, output_type="ndarray")
    vectors = points[pairs[:, 1]] - points[pairs[:, 0]]
    angles = np.arctan2(vectors[:, 1], vectors[:, 0])
    means = {kind: np.exp(1j * s * angles).mean() for kind, s in _SYMMETRIES.items()}
    kind = max(means, key=lambda kind: abs(means[kind]))
    if abs(means[kind]) < _ORDER:
        return None
    turn = 2 * np.pi / _SYMMETRIES[kind]
    angle = np.angle(means[kind]) / _SYMMETRIES[kind]
    basis = pitch * np.array([[np.cos(a), np.sin(a)] for a in (angle, angle + turn)])
    steps = np.rint(vectors @ np.linalg.inv(basis))
    if np.linalg.matrix_rank(steps) < 2:
        return None
    places = _places(points, np.linalg.lstsq(steps, vectors, rcond=None)[0])
    if places is None:
        return None
    u, v = (places - places.min(axis=0)).T
    col = 2 * u + v if kind == "hexagonal" else u
    return Lattice(kind, v.astype(np.int32), (col - col.min()).astype(np.int32))


def _places(points: np.ndarray, basis: np.ndarray) -> np.ndarray | None:
    """Lattice coordinates (n, 2) of the spots, whole numbers; None if spots are off the lattice."""
    exact = points @ np.linalg.inv(basis)
    offset = np.angle(np.exp(2j * np.pi * exact).mean(axis=0)) / (2 * np.pi)
    places = np.rint(exact - offset)
    for _ in range(3):  # a small error of the basis grows with distance: fit to all spots
        design = np.column_stack([places, np.ones(len(places))])
        fitted, _, rank, _ = np.linalg.lstsq(design, points, rcond=None)
        if rank < 3 or np.linalg.matrix_rank(fitted[:2]) < 2:
            return None
        exact = (points - fitted[2]) @ np.linalg.inv(fitted[:2])
        places = np.rint(exact)
    off = np.abs(exact - places).max(axis=1) > _MAX_OFFSET
    if off.mean() > _MAX_OFF_SHARE or len(np.unique(places, axis=0)) < len(places):
        return None
    return places
