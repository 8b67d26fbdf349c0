"""The return value of a method, and the recorder of its epochs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp

from stbench.common.array_files import checked_sparse

Recorder = Callable[[int, np.ndarray], None]
"""``record(epoch, embedding)``: epoch 0 is the evaluation pass before the first training step,
epochs count from 1 after that; ``embedding`` is (n_cells, d)."""

UNLINKED = "cells_without_link"  # in ``Fit.info``; a fit says it in its note
GRAPHS = ("adj_raw", "adj_normalized", "adj_untrained")


@dataclass(frozen=True)
class Fit:
    """The result of one method on one dataset with one seed.

    At least one of ``embedding`` and ``labels`` is needed.

    Attributes:
        embedding: (n_cells, d) float32, rows in the order of the input cells.
        labels: (n_cells,) integers, for methods that cluster by themselves (clusterer ``own``).
        adj_raw: (n_cells, n_cells) sparse learned cell graph, raw scores.
        adj_normalized: the same graph, symmetrically normalized.
        adj_untrained: the graph of the untrained network, as ``adj_raw``.
        null_scores: (m,) scores of the trained network for pairs of cells without any interaction,
            for example after shuffling expression among cells; not needed of a method with an
            ``edge_scorer``, whose edges are compared with their own scores.
        weights: arrays by name, needed to explain the graph.
        losses: the training loss of every epoch from 1 on, before its step.
        info: small facts about the fit (plain numbers and strings).
    """

    embedding: np.ndarray | None = None
    labels: np.ndarray | None = None
    adj_raw: sp.csr_matrix | None = None
    adj_normalized: sp.csr_matrix | None = None
    adj_untrained: sp.csr_matrix | None = None
    null_scores: np.ndarray | None = None
    weights: Mapping[str, np.ndarray] | None = None
    losses: Sequence[float] | np.ndarray | None = None
    info: Mapping[str, Any] | None = None


def checked(fit: Any, n_cells: int) -> Fit:
    """The fit, with its arrays validated and converted to the stored types.

    Args:
        fit: the return value of a method.
        n_cells: number of cells of the dataset.

    Raises:
        TypeError: not a Fit, neither embedding nor labels, or of the wrong type.
        ValueError: a wrong shape.
        FloatingPointError: values that are not finite.
        InputError: a sparse matrix with indices outside of its shape.
    """
    if not isinstance(fit, Fit):
        raise TypeError(f"fit returned {type(fit).__name__}, not a stbench.fitting.interface.Fit")
    if fit.embedding is None and fit.labels is None:
        raise TypeError("fit returned neither an embedding nor labels")
    return replace(
        fit,
        embedding=None if fit.embedding is None else _checked_embedding(fit.embedding, n_cells),
        labels=None if fit.labels is None else _checked_labels(fit.labels, n_cells),
        null_scores=_checked_numbers(fit.null_scores, "null_scores"),
        losses=_checked_numbers(fit.losses, "losses"),
        **{name: _checked_graph(getattr(fit, name), name, n_cells) for name in GRAPHS},
    )


def _checked_embedding(embedding: Any, n_cells: int) -> np.ndarray:
    with np.errstate(over="ignore"):  # overflow becomes infinite and is rejected below
        values = np.asarray(embedding).astype(np.float32)
    if values.ndim != 2 or values.shape[0] != n_cells or values.shape[1] == 0:
        raise ValueError(f"the embedding has the shape {values.shape}, not ({n_cells}, columns)")
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).any(axis=1).sum())
        raise FloatingPointError(f"the embedding of {bad} of {n_cells} cells is not finite")
    return values


def _checked_labels(labels: Any, n_cells: int) -> np.ndarray:
    values = np.asarray(labels)
    if values.shape != (n_cells,):
        raise ValueError(f"the labels have the shape {values.shape}, not ({n_cells},)")
    if not np.issubdtype(values.dtype, np.integer):
        raise TypeError(f"the labels are {values.dtype}, not integers")
    return values.astype(np.int32)


def _checked_numbers(numbers: Any, name: str) -> np.ndarray | None:
    if numbers is None:
        return None
    values = np.asarray(numbers, dtype=np.float32)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError(f"{name} must be a one-dimensional array of finite numbers")
    return values


def _checked_graph(graph: Any, name: str, n_cells: int) -> sp.csr_matrix | None:
    if graph is None:
        return None
    if not sp.issparse(graph):
        raise TypeError(f"{name} is {type(graph).__name__}, not a scipy sparse matrix")
    if graph.shape != (n_cells, n_cells):
        raise ValueError(f"{name} has the shape {graph.shape}, not ({n_cells}, {n_cells})")
    matrix = sp.csr_matrix(checked_sparse(graph, name), dtype=np.float32)
    if not np.isfinite(matrix.data).all():
        raise FloatingPointError(f"{name} has values that are not finite")
    return matrix


class Method(Protocol):
    """The function that every file in ``scripts/methods/`` defines."""

    def fit(
        self,
        adata: Any,
        n_domains: int,
        seed: int,
        device: str,
        params: Mapping[str, Any],
        record: Recorder,
    ) -> Fit: ...
