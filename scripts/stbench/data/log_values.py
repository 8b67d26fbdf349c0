"""Whether values were log-transformed, so that they must not be transformed again."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

_ROWS = 200
LARGEST_LOG = 30.0  # log(1 + x) of any count is smaller
_RATIO = 1e-2  # tolerance of a whole ratio: float32 after log and exp
_MOST = 0.95
_SAME = 1e-2
_EQUAL = 1 + 1e-3  # of the smallest value
_LARGEST_RATIO = 20  # larger ones are whole within the tolerance, whatever they are
_BASES = (1.0, np.log(2), np.log(10))


def is_logged(values: Any) -> bool:
    """Whether values, (n, g), look like log(1 + scaled counts), to the base e, 2 or 10.

    Then in every cell the values without the logarithm are multiples of the smallest above zero,
    which is a single count in most cells; or their totals are the same in all cells. Values that
    are like this as they are were only scaled, for example by the volume of the cell.
    """
    rows = sp.csr_matrix(values[:: max(1, values.shape[0] // _ROWS)])
    data = rows.data
    if not data.size or not np.isfinite(data).all() or data.min() < 0 or data.max() > LARGEST_LOG:
        return False
    if (data == np.rint(data)).all():
        return False
    cells = [
        row[row > 0].astype(np.float64) for row in np.split(data, rows.indptr[1:-1]) if row.any()
    ]
    exponentials = [[np.expm1(base * row) for row in cells] for base in _BASES]
    if any(map(_same_totals, exponentials)) != _same_totals(cells):
        return not _same_totals(cells)
    return not _multiples(cells, cells) and any(_multiples(rows, cells) for rows in exponentials)


def _same_totals(cells: list[np.ndarray]) -> bool:
    totals = [row.sum() for row in cells]
    return len(totals) > 1 and bool(np.ptp(totals) <= _SAME * np.mean(totals))


def _multiples(cells: list[np.ndarray], given: list[np.ndarray]) -> bool:
    """Whether these values are multiples of the smallest of their cell.

    Args:
        cells: values above zero of each cell.
        given: the same without any transformation; those near the smallest of these are left out,
            because equal values are multiples whatever was done to them.
    """
    agree = []
    for row, before in zip(cells, given, strict=True):
        ratio = row[before > _EQUAL * before.min()] / row.min()
        ratio = ratio[ratio < _LARGEST_RATIO]
        if len(ratio):
            agree.append(np.mean(np.abs(ratio - np.rint(ratio)) <= _RATIO * ratio))
    return bool(agree) and float(np.mean(agree)) >= _MOST
