"""The cells of a tissue, packed small for a page.

Cells are put in the order of a curve that visits near cells one after the other (Morton), so that
neighbors in the file have similar positions and mostly the same domain, and everything compresses
well. The bytes are planes of one byte per cell: the low and the high byte of x, then of y, each the
difference to the cell before modulo 65536, then one plane for each layer; deflated without header,
in base64. ``templates/maps.js`` unpacks them.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence

import numpy as np

STEPS = 65535  # of the longer side of a tissue
NO_LABEL = 255  # the byte of a cell without a label
MOST_DOMAINS = 255
LEVELS = 15  # of an amount above 0
_HIGHEST = 99  # percentile of the amounts above 0 that gets the highest level


def page_positions(coords: np.ndarray) -> tuple[np.ndarray, float]:
    """Positions as whole steps from the upper left of the tissue, y downwards.

    Args:
        coords: (n_cells, 2) with y upwards, n_cells > 0.

    Returns:
        (n_cells, 2) from 0 to ``STEPS``, and the length of a step.
    """
    step = float(np.ptp(coords, axis=0).max()) / STEPS or 1.0
    x, y = np.asarray(coords, float).T
    return np.rint(np.column_stack([x - x.min(), y.max() - y]) / step).astype(np.int64), step


def along_curve(positions: np.ndarray) -> np.ndarray:
    """The order (n_cells,) of positions (n_cells, 2) from 0 to ``STEPS`` along a Morton curve."""
    code = np.zeros(len(positions), np.int64)
    for bit in range(16):
        for axis in (0, 1):
            code |= (positions[:, axis] >> bit & 1) << (2 * bit + axis)
    return np.argsort(code, kind="stable")


def label_plane(labels: np.ndarray) -> np.ndarray:
    """Labels (n_cells,) below ``MOST_DOMAINS``, -1 = none, as bytes."""
    return np.where(labels < 0, NO_LABEL, labels).astype(np.uint8)


def amount_plane(amounts: np.ndarray, highest: float) -> np.ndarray:
    """Amounts (n_cells,) as levels: 0 for 0, ``LEVELS`` from ``highest`` on; none for NaN."""
    levels = np.clip(np.ceil(np.nan_to_num(amounts) / (highest or 1) * LEVELS), 0, LEVELS)
    return np.where(np.isnan(amounts), NO_LABEL, levels).astype(np.uint8)


def highest_amount(amounts: np.ndarray) -> float:
    """The amount that gets the highest level: one outlier should not make all others pale."""
    above = amounts[amounts > 0]
    return float(np.percentile(above, _HIGHEST)) if len(above) else 0.0


def packed(positions: np.ndarray, planes: Sequence[np.ndarray]) -> str:
    """Positions (n_cells, 2) and planes (n_cells,) of bytes as text."""
    order = along_curve(positions)
    moves = np.diff(positions[order], axis=0, prepend=0) % (STEPS + 1)
    of_positions = [moves[:, axis] >> shift & 255 for axis in (0, 1) for shift in (0, 8)]
    all_planes = [*of_positions, *(plane[order] for plane in planes)]
    data = np.concatenate([plane.astype(np.uint8) for plane in all_planes]).tobytes()
    press = zlib.compressobj(9, wbits=-15)
    return base64.b64encode(press.compress(data) + press.flush()).decode()
