"""Control: every spot gets the composition of the reference. Does not use the spots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def fit(
    spots: Any, reference: Any, seed: int, device: str, params: Mapping[str, Any]
) -> pd.DataFrame:
    """The same proportions in each row; the seed is not used."""
    shares = reference.obs["celltype"].value_counts(normalize=True, sort=False)
    rows = np.tile(shares.to_numpy(), (spots.n_obs, 1))
    return pd.DataFrame(rows, columns=shares.index.astype(str))
