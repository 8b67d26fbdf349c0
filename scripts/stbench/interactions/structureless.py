"""Graphs of the same method, trained again on the same tissue with its cells shuffled.

Shuffled cells keep their expression and the tissue its positions, so only the arrangement is lost.
A network also fits data without structure, and its training seeds agree on them. What it gives to
other data does not show that; networks trained on shuffled cells do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch

from stbench.common.errors import NotApplicableError
from stbench.common.limits import TRAINED_AGAIN
from stbench.common.seeding import seed_everything
from stbench.fitting.interface import checked
from stbench.interactions.edges import undirected
from stbench.interactions.tissue import LearnedGraph


class Structureless(NamedTuple):
    """The shuffled tissue, and the graph and the weights of every training seed."""

    adata: Any
    graphs: list[LearnedGraph]
    weights: list[Mapping[str, np.ndarray] | None]


def shuffled_cells(sections: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) a random order of the cells; those of joined sections stay in their section."""
    order = np.arange(len(sections))
    for section in np.unique(sections):
        own = np.flatnonzero(sections == section)
        order[own] = rng.permutation(own)
    return order


def shuffled_tissue(adata: Any, sections: np.ndarray, seed: int = 0) -> Any:
    """A copy of a preprocessed dataset whose cells have exchanged their expression."""
    order = shuffled_cells(sections, np.random.default_rng(seed))
    moved = adata.copy()
    moved.X = adata.X[order]
    for name in list(adata.layers):
        moved.layers[name] = adata.layers[name][order]
    for name in set(adata.obsm) - {"spatial"}:
        moved.obsm[name] = adata.obsm[name][order]
    return moved


def train_on_shuffled_cells(
    module: ModuleType | None,
    adata: Any,
    sections: np.ndarray,
    graphs: Sequence[LearnedGraph],
    which: str,
) -> tuple[Structureless, str]:
    """Train every seed again, on one shuffled tissue.

    Args:
        module: of the method.
        adata: the preprocessed dataset.
        sections: (n,) codes of joined sections.
        graphs: of the fits, whose seeds and parameters are used.
        which: ``raw`` or ``normalized``, as the graphs.

    Raises:
        NotApplicableError: the method is not a Python module of the pipeline, or there are more
            than ``TRAINED_AGAIN`` cells, which take too long on a CPU.
    """
    if module is None:
        raise NotApplicableError("the method cannot be trained within this stage")
    if adata.n_obs > TRAINED_AGAIN:
        raise NotApplicableError(f"more than {TRAINED_AGAIN} cells would take too long")
    moved, trained, weights = shuffled_tissue(adata, sections), [], []
    n_domains = int(np.max(adata.uns["dataset"]["n_domains"]))
    for graph in graphs:
        seed_everything(graph.seed, torch.get_num_threads())
        params = _without_epochs(graph.params)
        fit = module.fit(moved.copy(), n_domains, graph.seed, "cpu", params, _forget)
        fit = checked(fit, adata.n_obs)
        pairs, scores = undirected(getattr(fit, f"adj_{which}"), adata.n_obs, "shuffled cells")
        trained.append(replace(graph, pairs=pairs, scores=scores, null_scores=None, embedding=None))
        weights.append(fit.weights)
    seeds = ", ".join(str(graph.seed) for graph in graphs)
    return Structureless(moved, trained, weights), f"trained again with seed {seeds}"


def _without_epochs(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same training, but only the last epoch is embedded."""
    if not {"record_every", "epochs"} <= params.keys():
        return params
    return {**params, "record_every": params["epochs"]}


def _forget(epoch: int, embedding: np.ndarray) -> None:
    """A recorder of epochs that are not needed."""
