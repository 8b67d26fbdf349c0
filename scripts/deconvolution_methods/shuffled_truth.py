"""Control: the true proportions, assigned to random spots. Correct on average, wrong in place.

The only method that reads truth: ``params['truth']`` is its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stbench.common.errors import InputError, NotApplicableError
from stbench.deconvolution.proportions import read_proportions


def fit(
    spots: Any, reference: Any, seed: int, device: str, params: Mapping[str, Any]
) -> pd.DataFrame:
    """The truth with its rows in random order, over all types of the truth and the reference.

    Methods return every type of the reference, and metrics that average over types depend on how
    many there are.

    Raises:
        NotApplicableError: there is no truth.
        InputError: the truth is of other spots.
    """
    truth = read_proportions(Path(params["truth"]))
    if truth.empty:
        raise NotApplicableError("no true proportions")
    if not truth.index.equals(spots.obs_names):
        raise InputError(f"{params['truth']}: holds other spots; make spots and truth again")
    order = np.random.default_rng(seed).permutation(len(truth))
    types = list(truth.columns.union(reference.obs["celltype"].cat.categories))
    return truth.iloc[order].reset_index(drop=True).reindex(columns=types, fill_value=0.0)
