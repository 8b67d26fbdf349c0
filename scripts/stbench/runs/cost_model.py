"""Cost of a fit: seconds, memory and disk, predicted from measured fits.

Each method has a separate curve for each quantity and device,

    start + work * (cells / 1000)^a * (genes / 1000)^b * (epochs / 100)

(epochs only for seconds, and only for methods that train in epochs): a power law plus the cost of
starting Python and its libraries. It is fitted to the logarithms, so that relative errors count,
with a loss that is robust to outliers. A parameter that the measurements do not determine, such as
an exponent if all tissues have the same size, keeps its usual value for methods with linear memory
(``Prior``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

GROUP = ["method", "device"]
FAR = 2.0  # times the largest measured tissue: larger ones are an extrapolation
_WITHOUT_EPOCHS = 100.0  # a fit that is not trained in epochs counts as one of this many
_SCATTER = 0.3  # standard deviation of the logarithm of a measurement: a factor of 1.35


@dataclass(frozen=True)
class Prior:
    """Prior of a quantity: mean and standard deviation of its logarithms and exponents."""

    start: tuple[float, float]
    work: tuple[float, float]
    cells: tuple[float, float]
    genes: tuple[float, float]
    with_epochs: bool


QUANTITIES = {
    "seconds": Prior((np.log(5), 1), (np.log(20), 3), (1, 0.3), (0.25, 0.25), True),
    "peak_mb": Prior((np.log(400), 0.7), (np.log(100), 2), (1, 0.3), (0.5, 0.4), False),
    "disk_mb": Prior((np.log(0.1), 2), (np.log(1), 3), (1, 0.2), (0.5, 0.5), False),
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
        """The quantity for a tissue of this size; ``epochs`` None: not trained in epochs."""
        size = (cells / 1e3) ** self.cells_exponent * (genes / 1e3) ** self.genes_exponent
        if self.with_epochs and epochs:
            size *= epochs / 100
        return float(self.start + self.work * size)


@dataclass(frozen=True)
class Cost:
    """Predicted cost of one fit; ``far``: extrapolated to a much larger tissue."""

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
        """Cost of one fit on one core or one GPU; None if the method was never measured."""
        curves = self.curves.get((method, device))
        if curves is None:
            return None
        largest = self.largest[method, device]
        values = {name: curve.at(cells, genes, epochs) for name, curve in curves.items()}
        return Cost(**values, far=cells > FAR * largest[0] or genes > FAR * largest[1])


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
    """Errors of predicting each method's cost on a dataset from its other datasets.

    Returns:
        Columns ``method``, ``dataset``, ``ratio`` (predicted / measured) and ``far`` (the dataset
        is much larger than all others of the method, so this is an extrapolation); methods that
        were measured on a single dataset have no row.
    """
    typical = _one_row_per_size(measured.dropna(subset=[quantity]))
    rows = [row for _, group in typical.groupby(GROUP) for row in _left_out(group, quantity)]
    return pd.DataFrame(rows, columns=["method", "dataset", "ratio", "far"])


def typical_factor(ratios: pd.Series, share: float = 0.5) -> float:
    """Largest factor, up or down, of the errors of this share of predictions; NaN for none."""
    return float(np.exp(np.log(ratios).abs().quantile(share)))


def fit_for_here(shipped: pd.DataFrame, own: pd.DataFrame) -> tuple[CostModel, float]:
    """A model of this machine: the shipped measurements scaled to its pace, and the user's own.

    Returns:
        The model, and the time of the own fits relative to the shipped ones.
    """
    model = fit_cost_model(shipped)
    if own.empty:
        return model, 1.0
    factor = pace(own, model)
    here = shipped.assign(seconds=shipped["seconds"] * factor)
    return fit_cost_model(pd.concat([here, own], ignore_index=True)), factor


def pace(measured: pd.DataFrame, model: CostModel) -> float:
    """Median ratio of measured to predicted time, shrunk towards 1 when there are few fits."""
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
    """Predictions for each dataset of a method from its other datasets, and how good they are."""
    datasets, measured = rows["dataset"].to_numpy(), _measured(rows, quantity)
    method = rows["method"].iloc[0]
    names = list(dict.fromkeys(datasets))
    for dataset in names if len(names) > 1 else []:
        held_out = datasets == dataset
        curve = _fit(quantity, *map(tuple, measured[:, ~held_out]))
        most = FAR * measured[:2, ~held_out].max(axis=1)
        for cells, genes, epochs, value in measured[:, held_out].T:
            far = bool(cells > most[0] or genes > most[1])
            yield method, dataset, curve.at(cells, genes, epochs) / value, far


def _fit_curve(rows: pd.DataFrame, quantity: str) -> Curve:
    """Maximum a posteriori estimate of a curve; the mean of its prior without rows."""
    return _fit(quantity, *map(tuple, _measured(rows.dropna(subset=[quantity]), quantity)))


def _measured(rows: pd.DataFrame, quantity: str) -> np.ndarray:
    """Four rows: cells, genes, epochs (100 for a fit without epochs) and the quantity."""
    columns = rows[["cells", "genes", "epochs", quantity]].to_numpy(float).T
    columns[2] = np.where(np.isnan(columns[2]), _WITHOUT_EPOCHS, columns[2])
    return columns


@lru_cache(maxsize=10_000)  # the shipped measurements are fitted more than once
def _fit(
    quantity: str,
    cells: tuple[float, ...],
    genes: tuple[float, ...],
    epochs: tuple[float, ...],
    measured: tuple[float, ...],
) -> Curve:
    # In here because every process of Snakemake imports this module, and few fit a model.
    from scipy.optimize import least_squares
    from scipy.special import expit

    prior = QUANTITIES[quantity]
    log_cells, log_genes = np.log(np.array([cells, genes]) / 1e3)
    log_epochs = np.log(np.array(epochs) / 100) if prior.with_epochs else 0.0
    log_measured = np.log(np.array(measured))
    mean, sd = np.array([prior.start, prior.work, prior.cells, prior.genes], float).T

    slopes = np.column_stack([np.ones_like(log_cells), log_cells, log_genes])
    pull = np.diag(1 / sd)

    def residuals(at: np.ndarray) -> np.ndarray:
        logarithm = np.logaddexp(at[0], slopes @ at[1:] + log_epochs)
        return np.concatenate([(logarithm - log_measured) / _SCATTER, pull @ (at - mean)])

    def jacobian(at: np.ndarray) -> np.ndarray:
        by_work = expit(slopes @ at[1:] + log_epochs - at[0])[:, None]
        return np.vstack([np.hstack([1 - by_work, by_work * slopes]) / _SCATTER, pull])

    solution = least_squares(residuals, mean, jacobian, loss="soft_l1", max_nfev=200).x
    start, work = np.exp(solution[:2])
    return Curve(
        float(start),
        float(work),
        float(solution[2]),
        float(solution[3]),
        with_epochs=prior.with_epochs,
    )
