"""What a fit will cost: seconds, memory and disk predicted from fits that have been measured.

Each method has a curve of its own for each quantity and device,

    start + work * (cells / 1000)^a * (genes / 1000)^b * (epochs / 100)

(epochs only for seconds, and only of methods that train in epochs): a power law above what
starting Python and its libraries takes. It is fitted to the logarithms, so that factors count,
with a loss that outliers do not rule. What the measurements do not tell, such as an exponent where
all tissues are of one size, stays at what is usual of methods with linear memory (``Habits``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import least_squares
from scipy.special import expit

GROUP = ["method", "device"]
FAR = 2.0  # times the largest measured tissue: from there on a prediction is an extrapolation
_SCATTER = 0.3  # of the logarithm of a measurement: a factor of 1.35


@dataclass(frozen=True)
class Habits:
    """What is usual of a quantity: logarithms and exponents, each with how far it may be off."""

    start: tuple[float, float]
    work: tuple[float, float]
    cells: tuple[float, float]
    genes: tuple[float, float]
    with_epochs: bool


QUANTITIES = {
    "seconds": Habits((np.log(5), 1), (np.log(20), 3), (1, 0.3), (0.25, 0.25), True),
    "peak_mb": Habits((np.log(400), 0.7), (np.log(100), 2), (1, 0.3), (0.5, 0.4), False),
    "disk_mb": Habits((np.log(0.1), 2), (np.log(1), 3), (1, 0.2), (0.5, 0.5), False),
}


@dataclass(frozen=True)
class Curve:
    """One quantity of one method as a function of the tissue's size."""

    start: float
    work: float
    cells_exponent: float
    genes_exponent: float
    with_epochs: bool

    def at(self, cells: float, genes: float, epochs: float | None) -> float:
        """The quantity for a tissue of so many cells and genes; ``epochs`` None: not trained so."""
        size = (cells / 1e3) ** self.cells_exponent * (genes / 1e3) ** self.genes_exponent
        if self.with_epochs and epochs:
            size *= epochs / 100
        return float(self.start + self.work * size)


@dataclass(frozen=True)
class Cost:
    """What one fit is predicted to take; ``far``: beyond what was measured of the method."""

    seconds: float
    peak_mb: float
    disk_mb: float
    far: bool


@dataclass(frozen=True)
class CostModel:
    """Curves of every measured method, by (method, device) and quantity."""

    curves: dict[tuple[str, str], dict[str, Curve]]
    largest: dict[tuple[str, str], tuple[float, float]]

    def predict(
        self, method: str, cells: float, genes: float, epochs: float | None, device: str = "cpu"
    ) -> Cost | None:
        """What one fit takes on one core or one GPU; None where the method was never measured."""
        curves = self.curves.get((method, device))
        if curves is None:
            return None
        most = self.largest[method, device]
        told = {name: curve.at(cells, genes, epochs) for name, curve in curves.items()}
        return Cost(**told, far=cells > FAR * most[0] or genes > FAR * most[1])


def fit_cost_model(measured: pd.DataFrame) -> CostModel:
    """Fit a curve to each quantity of each method.

    Args:
        measured: one row per fit: dataset, method, device, cells, genes, epochs (NaN for none),
            seconds, peak_mb, disk_mb.
    """
    typical = _one_row_per_size(measured)
    curves = {
        (method, device): {name: _fit_curve(rows, name) for name in QUANTITIES}
        for (method, device), rows in typical.groupby(GROUP)
    }
    most = typical.groupby(GROUP)[["cells", "genes"]].max()
    largest = {key: (row["cells"], row["genes"]) for key, row in most.iterrows()}
    return CostModel(curves, largest)


def left_out_errors(measured: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """How well each method's cost on each dataset is predicted from its other datasets.

    Returns:
        Columns ``method``, ``dataset``, ``ratio`` (predicted / measured) and ``far`` (the dataset
        is much larger than all others of the method, so this was an extrapolation); methods that
        were measured on a single dataset have no row.
    """
    typical = _one_row_per_size(measured.dropna(subset=[quantity]))
    rows = [row for _, group in typical.groupby(GROUP) for row in _left_out(group, quantity)]
    return pd.DataFrame(rows, columns=["method", "dataset", "ratio", "far"])


def typical_factor(ratios: pd.Series, share: float = 0.5) -> float:
    """The factor that this share of predictions is off by at most, up or down; NaN for none."""
    return float(np.exp(np.log(ratios).abs().quantile(share)))


def fit_for_here(shipped: pd.DataFrame, own: pd.DataFrame) -> tuple[CostModel, float]:
    """A model of this machine: the shipped measurements at its pace, and the user's own.

    Returns:
        The model, and how many times as long as the shipped ones the own fits took.
    """
    model = fit_cost_model(shipped)
    if own.empty:
        return model, 1.0
    factor = pace(own, model)
    here = shipped.assign(seconds=shipped["seconds"] * factor)
    return fit_cost_model(pd.concat([here, own], ignore_index=True)), factor


def pace(measured: pd.DataFrame, model: CostModel) -> float:
    """How much longer fits took than the model says: the median factor, drawn towards 1 by few."""
    factors = []
    for _, row in _one_row_per_size(measured).iterrows():
        epochs = None if pd.isna(row["epochs"]) else row["epochs"]
        cost = model.predict(row["method"], row["cells"], row["genes"], epochs, row["device"])
        if cost is not None:
            factors.append(np.log(row["seconds"] / cost.seconds))
    return float(np.exp(np.median(factors) * len(factors) / (len(factors) + 2))) if factors else 1.0


def _one_row_per_size(measured: pd.DataFrame) -> pd.DataFrame:
    """The median over the seeds of a dataset, so that many seeds do not outweigh many sizes."""
    keys = [*GROUP, "dataset", "cells", "genes", "epochs"]
    grouped = measured.groupby(keys, dropna=False, as_index=False)
    return grouped[list(QUANTITIES)].median()


def _left_out(rows: pd.DataFrame, quantity: str) -> Iterator[tuple[str, str, float, bool]]:
    datasets = rows["dataset"].unique()
    for dataset in datasets if len(datasets) > 1 else []:
        mine = rows["dataset"] == dataset
        curve = _fit_curve(rows[~mine], quantity)
        most = FAR * rows.loc[~mine, ["cells", "genes"]].max()
        for row in rows[mine].itertuples():
            epochs = None if pd.isna(row.epochs) else row.epochs
            ratio = curve.at(row.cells, row.genes, epochs) / getattr(row, quantity)
            yield row.method, dataset, ratio, bool(row.cells > most.cells or row.genes > most.genes)


def _fit_curve(rows: pd.DataFrame, quantity: str) -> Curve:
    """Maximum a posteriori of a curve under the habits of its quantity; they alone without rows."""
    habits = QUANTITIES[quantity]
    rows = rows.dropna(subset=[quantity])
    log_cells, log_genes = (np.log(rows[name].to_numpy(float) / 1e3) for name in ("cells", "genes"))
    epochs = rows["epochs"].fillna(100).to_numpy(float) if habits.with_epochs else 100.0
    log_epochs = np.log(epochs / 100)
    log_measured = np.log(rows[quantity].to_numpy(float))
    usual, off = np.array([habits.start, habits.work, habits.cells, habits.genes], float).T

    slopes = np.column_stack([np.ones_like(log_cells), log_cells, log_genes])
    pull = np.diag(1 / off)

    def residuals(at: np.ndarray) -> np.ndarray:
        logarithm = np.logaddexp(at[0], slopes @ at[1:] + log_epochs)
        return np.concatenate([(logarithm - log_measured) / _SCATTER, pull @ (at - usual)])

    def jacobian(at: np.ndarray) -> np.ndarray:
        by_work = expit(slopes @ at[1:] + log_epochs - at[0])[:, None]
        return np.vstack([np.hstack([1 - by_work, by_work * slopes]) / _SCATTER, pull])

    found = least_squares(residuals, usual, jacobian, loss="soft_l1", max_nfev=200).x
    start, work = np.exp(found[:2])
    return Curve(
        float(start), float(work), float(found[2]), float(found[3]), with_epochs=habits.with_epochs
    )
