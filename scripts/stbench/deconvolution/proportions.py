"""Proportions of cell types: (spots, types) tables whose rows sum to one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stbench.common.errors import InputError
from stbench.common.io import read_h5ad

if TYPE_CHECKING:
    from anndata import AnnData

SUM_TOLERANCE = 1e-3  # tolerance for rounded proportions in files


def from_counts(cells: pd.DataFrame, where: str) -> pd.DataFrame:
    """Proportions from a table of the numbers of cells of each type in each spot.

    Raises:
        InputError: negative or not finite numbers, or a spot without cells.
    """
    numbers = _numbers(cells, where)
    totals = numbers.sum(axis=1)
    if (totals == 0).any():
        raise InputError(
            f"{where}: composition: {(totals == 0).sum()} spots have no cells, for example "
            f"{totals.index[totals == 0][0]}; remove them"
        )
    return numbers.div(totals, axis=0)


def checked_composition(given: pd.DataFrame, where: str) -> pd.DataFrame:
    """True proportions from a user's file, rescaled to sum to exactly one.

    Raises:
        InputError: negative or not finite numbers, or a row that does not sum to one.
    """
    numbers = _numbers(given, where)
    totals = numbers.sum(axis=1)
    off = (totals - 1).abs() > SUM_TOLERANCE
    if off.any():
        raise InputError(
            f"{where}: composition: the proportions of {off.sum()} of {len(off)} spots do not sum "
            f"to one, for example {totals[off].iloc[0]:.4g} for {totals.index[off][0]}; "
            "divide each row by its sum"
        )
    return numbers.div(totals, axis=0)


def checked_result(result: Any, n_spots: int) -> pd.DataFrame:
    """The return value of a method as float64 proportions, after validation.

    Raises:
        TypeError, ValueError: not a table of ``n_spots`` rows with a column for each type.
        FloatingPointError: not finite.
    """
    if not isinstance(result, pd.DataFrame):
        raise TypeError(f"fit returned {type(result).__name__}, not a table of proportions")
    if len(result) != n_spots or result.shape[1] == 0 or not result.columns.is_unique:
        raise ValueError(f"the proportions have the shape {result.shape}, not ({n_spots}, types)")
    values = result.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).any(axis=1).sum())
        raise FloatingPointError(f"the proportions of {bad} of {n_spots} spots are not finite")
    if (values < 0).any() or np.abs(values.sum(axis=1) - 1).max() > SUM_TOLERANCE:
        raise ValueError("the proportions are negative or do not sum to one")
    return pd.DataFrame(values, columns=result.columns.astype(str))


def normalized_rows(values: np.ndarray, types: pd.Index, what: str) -> pd.DataFrame:
    """(spots, types) amounts as proportions.

    Raises:
        FloatingPointError: a spot has no amounts, so its proportions are undefined.
    """
    totals = values.sum(axis=1, keepdims=True)
    if not (totals > 0).all():
        bad = int((~(totals > 0)).sum())
        raise FloatingPointError(f"{bad} of {len(values)} spots get no {what}")
    return pd.DataFrame(values / totals, columns=types.astype(str))


def as_anndata(proportions: pd.DataFrame, spots: pd.Index, **uns: Any) -> AnnData:
    """``obsm['proportions']`` (spots, types) and the names of its columns in ``uns['types']``."""
    from anndata import AnnData

    return AnnData(
        obs=pd.DataFrame(index=spots),
        obsm={"proportions": proportions.to_numpy(dtype=np.float64)},
        uns={"types": proportions.columns.to_numpy(dtype=object), **uns},
    )


def truth_as_anndata(truth: pd.DataFrame | None) -> AnnData:
    """The content of a file of true proportions; without rows if there is no truth."""
    proportions = pd.DataFrame() if truth is None else truth
    return as_anndata(proportions, proportions.index.astype(str))


def read_proportions(path: Path) -> pd.DataFrame:
    """The (spots, types) table of a file that ``as_anndata`` made.

    Raises:
        InputError: not such a file.
    """
    adata = read_h5ad(path)
    if "proportions" not in adata.obsm or "types" not in adata.uns:
        raise InputError(f"{path}: no obsm['proportions'] with uns['types']; delete it and rerun")
    types = [str(name) for name in adata.uns["types"]]
    return pd.DataFrame(adata.obsm["proportions"], index=adata.obs_names, columns=types)


def aligned(truth: pd.DataFrame, predicted: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with the types of either, sorted; missing types are 0.

    Raises:
        InputError: the tables have different spots.
    """
    if not truth.index.equals(predicted.index):
        raise InputError("proportions and truth have different spots; delete both and rerun")
    types = sorted(set(truth.columns) | set(predicted.columns))
    return tuple(table.reindex(columns=types, fill_value=0.0) for table in (truth, predicted))  # type: ignore[return-value]


def _numbers(table: pd.DataFrame, where: str) -> pd.DataFrame:
    try:
        numbers = table.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{where}: composition: not numbers; give a number for each type"
        ) from None
    if not np.isfinite(numbers.to_numpy()).all() or (numbers.to_numpy() < 0).any():
        raise InputError(f"{where}: composition: negative or missing numbers; give 0 or more")
    return numbers.rename(columns=str)
