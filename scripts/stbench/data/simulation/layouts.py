"""Arrangements of domains: a domain for each position."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def _wave(t: np.ndarray, rng: np.random.Generator, periods: tuple[int, ...]) -> np.ndarray:
    """A smooth random curve of ``t`` in [0, 1]; higher frequencies are weaker."""
    phases = rng.uniform(0, 1, len(periods))
    sizes = rng.uniform(0.5, 1, len(periods)) / np.array(periods)
    terms = (
        size * np.sin(2 * np.pi * (period * t + phase))
        for size, period, phase in zip(sizes, periods, phases, strict=True)
    )
    return np.sum(list(terms), axis=0)


def _warp(unit_square: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bend the plane a little, so that straight borders become irregular."""
    x, y = unit_square.T
    return np.column_stack(
        [x + 0.06 * _wave(y, rng, (1, 2, 3)), y + 0.06 * _wave(x, rng, (1, 2, 3))]
    )


def _bands(depth: np.ndarray, n_domains: int, rng: np.random.Generator) -> np.ndarray:
    """Cut the cells, sorted by depth, into bands of unequal size; none is empty."""
    shares = rng.uniform(0.6, 1.4, n_domains)
    spare = len(depth) - n_domains
    cuts = np.floor(np.cumsum(shares / shares.sum())[:-1] * spare).astype(int)
    starts = np.zeros(len(depth), dtype=int)
    starts[cuts + np.arange(1, n_domains)] = 1
    domains = np.empty(len(depth), dtype=int)
    domains[np.argsort(depth, kind="stable")] = np.cumsum(starts)
    return domains


def _layers(unit_square: np.ndarray, n_domains: int, rng: np.random.Generator) -> np.ndarray:
    """Wavy bands, as in cortex."""
    x, y = unit_square.T
    return _bands(y + 0.1 * _wave(x, rng, (1, 2, 3)), n_domains, rng)


def _rings(unit_square: np.ndarray, n_domains: int, rng: np.random.Generator) -> np.ndarray:
    """Wobbly rings around one point, as in a gland or a tumor."""
    x, y = (unit_square - rng.uniform(0.4, 0.6, 2)).T
    angle = np.arctan2(y, x) / (2 * np.pi) + 0.5
    return _bands(np.hypot(x, y) * (1 + 0.2 * _wave(angle, rng, (2, 3, 5))), n_domains, rng)


def _islands(unit_square: np.ndarray, n_domains: int, rng: np.random.Generator) -> np.ndarray:
    """Blobs of the other domains in a background, domain 0, as in lymphoid tissue."""
    plane = _warp(unit_square, rng)
    n_islands = n_domains - 1
    n_blobs = min(2 * n_islands, len(plane) - 1)
    centers = plane[_spread_cells(plane, n_blobs, rng)]
    radii = rng.uniform(0.7, 1.3, n_blobs)
    distances = np.linalg.norm(plane[:, None] - centers, axis=2) / radii
    blobs = distances.argmin(axis=1)
    outside = np.argsort(distances.min(axis=1), kind="stable")[
        max(n_blobs, len(plane) * 11 // 20) :
    ]
    domains = 1 + blobs % n_islands
    domains[outside] = 0
    return domains


def _mosaic(unit_square: np.ndarray, n_domains: int, rng: np.random.Generator) -> np.ndarray:
    """Patches with crooked borders, several of each domain."""
    from scipy.spatial import cKDTree

    plane = _warp(unit_square, rng)
    n_patches = min(6 * n_domains, len(plane))
    centers = plane[_spread_cells(plane, n_patches, rng)]
    return cKDTree(centers).query(plane)[1] % n_domains


def _spread_cells(plane: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n different cells that are far apart: each is the farthest of ten random ones."""
    chosen = [int(rng.integers(len(plane)))]
    distances = np.linalg.norm(plane - plane[chosen[0]], axis=1)
    for _ in range(n - 1):
        free = np.flatnonzero(distances)
        candidates = rng.choice(free, min(10, len(free)), replace=False)
        chosen.append(int(candidates[distances[candidates].argmax()]))
        distances = np.minimum(distances, np.linalg.norm(plane - plane[chosen[-1]], axis=1))
    return np.array(chosen)


LAYOUTS: dict[str, Callable[[np.ndarray, int, np.random.Generator], np.ndarray]] = {
    "layers": _layers,
    "rings": _rings,
    "islands": _islands,
    "mosaic": _mosaic,
}
