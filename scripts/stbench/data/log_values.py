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


def is_logged(values: Any) -> bool:
    """Whether values, (n, g), look like log(1 + scaled counts).

    Then in every cell exp(x) - 1 are multiples of its smallest value above zero, which is a single
    count in most cells; or their totals are the same in all cells.
    """
    rows = sp.csr_matrix(values[:: max(1, values.shape[0] // _ROWS)])
    data = rows.data
    if not data.size or not np.isfinite(data).all() or data.min() < 0 or data.max() > LARGEST_LOG:
        return False
    if (data == np.rint(data)).all():
        return False
    agree, totals = [], []
    for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        row = data[start:end]
        row = np.expm1(row[row > 0].astype(np.float64))
        totals += [row.sum()] if len(row) else []
        if len(row) > 1:
            ratio = row / row.min()
            agree.append(np.mean(np.abs(ratio - np.rint(ratio)) <= _RATIO * ratio))
    same = len(totals) > 1 and np.ptp(totals) <= _SAME * np.mean(totals)
    return bool(same) or (bool(agree) and float(np.mean(agree)) >= _MOST)
