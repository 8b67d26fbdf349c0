"""STAGUE and the controls as functions: those methods that need no package of their own."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

# Under which name the methods are imported: `methods` here, `stbench.methods` if installed.
from methods import __name__ as _METHODS
from stbench.common.errors import InputError
from stbench.fitting.interface import Fit, Recorder, checked

if TYPE_CHECKING:
    from anndata import AnnData

METHODS: Mapping[str, Mapping[str, Any]] = {
    "stague": {},  # all parameters have defaults: methods.stague.settings
    "jittered_truth": {"jitter": 0.5},  # and `truth`, the file of a dataset
    "smoothed_pca": {"n_neighbors": 15},
    "smoothed_pca8": {"n_neighbors": 8},
    "smoothed_pca30": {"n_neighbors": 30},
    "leiden_smoothed_pca": {"n_neighbors": 15},
    "smoothed_expression": {"n_neighbors": 15},
    "pca": {},
    "bands": {},
    "coordinates": {},
    "random": {},
}
"""The methods that ``fit`` accepts, with their default parameters."""


def fit(
    method: str,
    adata: AnnData,
    n_domains: int,
    *,
    seed: int = 0,
    device: str = "cpu",
    record: Recorder | None = None,
    **params: Any,
) -> Fit:
    """Fit a method with its default parameters, or others.

    Args:
        method: a key of ``METHODS``.
        adata: the result of ``preprocess``.
        n_domains: the wanted number of domains; most methods do not use it.
        seed: training seed.
        device: ``cpu`` or ``cuda``.
        record: called as ``record(epoch, embedding)`` while STAGUE trains; epoch 0 is untrained.
        params: parameters that replace defaults; config/methods.yaml lists those of STAGUE.

    Returns:
        The embedding (n_cells, d) or labels (n_cells,), and of STAGUE the learned cell graph.

    Raises:
        InputError: there is no such method or parameter, or a needed one is missing.
        NotApplicableError: the method cannot be used on this tissue.
        FloatingPointError: the loss of STAGUE is not finite.
    """
    if method not in METHODS:
        raise InputError(f"fit: no method {method!r}; known: {', '.join(METHODS)}")
    defaults = METHODS[method]
    known = {*defaults, *(["truth"] if method == "jittered_truth" else [])}
    if method != "stague" and (unknown := sorted(params.keys() - known)):
        raise InputError(f"fit: {method} has no parameter {', '.join(unknown)}")
    if method == "jittered_truth" and "truth" not in params:
        raise InputError("fit: jittered_truth needs truth=, the file of a dataset with true labels")
    module = importlib.import_module(f".{method}{'.model' * (method == 'stague')}", _METHODS)
    result = module.fit(
        adata, n_domains, seed, device, {**defaults, **params}, record or _ignore_epoch
    )
    return checked(result, adata.n_obs)


def _ignore_epoch(epoch: int, embedding: Any) -> None:
    pass
