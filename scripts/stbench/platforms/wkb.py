"""Centroids of shapes in well-known binary (OGC 06-103r4), as GeoParquet stores them."""

from __future__ import annotations

import struct

import numpy as np

_POINT, _POLYGON, _MULTIPOLYGON = 1, 3, 6


def centroid(shape: bytes) -> np.ndarray:
    """(2,) the point itself, or the center of the area inside the outer rings.

    Raises:
        ValueError: another kind of shape.
    """
    rings, _ = _rings(shape, 0)
    if len(rings) == 1 and len(rings[0]) == 1:
        return rings[0][0]
    areas, centers = zip(*map(_area_and_center, rings), strict=True)
    if not sum(areas):
        return np.mean(np.vstack(rings), axis=0)
    return np.average(centers, axis=0, weights=areas)


def _rings(shape: bytes, start: int) -> tuple[list[np.ndarray], int]:
    """The outer rings, (m, 2) each, or a point as one of a single corner; and where they end."""
    order = "<" if shape[start] else ">"
    (kind,) = struct.unpack_from(f"{order}I", shape, start + 1)
    start += 5
    if kind == _POINT:
        return [np.frombuffer(shape, f"{order}f8", 2, start).reshape(1, 2)], start + 16
    if kind not in (_POLYGON, _MULTIPOLYGON):
        raise ValueError(f"a shape of the kind {kind} is not read")
    (count,) = struct.unpack_from(f"{order}I", shape, start)
    start += 4
    found = []
    for part in range(count):
        if kind == _MULTIPOLYGON:
            rings, start = _rings(shape, start)
            found += rings
            continue
        (corners,) = struct.unpack_from(f"{order}I", shape, start)
        ring = np.frombuffer(shape, f"{order}f8", 2 * corners, start + 4).reshape(-1, 2)
        start += 4 + 16 * corners
        found += [ring] if part == 0 else []  # the others are holes
    return found, start


def _area_and_center(ring: np.ndarray) -> tuple[float, np.ndarray]:
    """Area and centroid of a closed ring."""
    origin = ring[0]
    points = ring - origin
    cross = points[:-1, 0] * points[1:, 1] - points[1:, 0] * points[:-1, 1]
    area = cross.sum() / 2
    if not area:
        return 0.0, ring.mean(axis=0)
    center = ((points[:-1] + points[1:]) * cross[:, None]).sum(axis=0) / (6 * area)
    return abs(area), origin + center
