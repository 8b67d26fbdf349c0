"""What the interactions of a tissue are made from: the dataset and the graphs of the fits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stbench.common.errors import InputError, NotApplicableError
from stbench.common.h5ad import read_elements
from stbench.fitting.output import read_fit
from stbench.interactions.edges import undirected

A_K = 5  # neighbours in the raw cell graph of methods that have no parameter a_k


@dataclass(frozen=True)
class Tissue:
    """A dataset.

    Attributes:
        name, organism: of the dataset.
        cells: (n,) their names.
        coords: (n, 2) positions.
        expression: (n, g) log-normalised.
        var: of the genes.
        types, domains: (n,) cell types and true domains without unused categories, or None.
    """

    name: str
    organism: str
    cells: np.ndarray
    coords: np.ndarray
    expression: sp.csr_matrix
    var: pd.DataFrame
    types: pd.Categorical | None
    domains: pd.Categorical | None


@dataclass(frozen=True)
class LearnedGraph:
    """The graph of one fit.

    Attributes:
        seed: training seed.
        fit: folder of the fit.
        params: parameters of the fit.
        pairs, scores: as of ``stbench.interactions.edges.undirected``.
        null_scores: (m,) where the method gives them for this graph, or None.
        embedding: (n, d) or None.
    """

    seed: int
    fit: Path
    params: dict[str, Any]
    pairs: np.ndarray
    scores: np.ndarray
    null_scores: np.ndarray | None
    embedding: np.ndarray | None

    @property
    def a_k(self) -> int:
        return int(self.params.get("a_k", A_K))


def read_tissue(data: Path, preprocessed: Path) -> Tissue:
    """Read a dataset: its types, domains and genes, and what preprocessing made of it.

    Raises:
        NotApplicableError: the dataset could not be had; the message is why.
        InputError: a file is missing or broken, or the two are of different cells.
    """
    found = read_elements(data, "uns/dataset", "obs/celltype", "obs/cluster", "var")
    facts = found.get("uns/dataset", {})
    if facts.get("status", "ok") != "ok":
        raise NotApplicableError(facts["reason"])
    made = read_elements(preprocessed, "X", "obsm/spatial")
    if not np.array_equal(found["cells"], made["cells"]):
        raise InputError(f"{preprocessed}: its cells are not those of {data}; make it again")
    return Tissue(
        name=str(facts.get("id", data.stem)),
        organism=str(facts.get("organism", "unknown")),
        cells=made["cells"],
        coords=np.asarray(made["obsm/spatial"], dtype=np.float64),
        expression=sp.csr_matrix(made["X"]),
        var=found["var"],
        types=_categories(found.get("obs/celltype")),
        domains=_categories(found.get("obs/cluster")),
    )


def _categories(values: Any) -> pd.Categorical | None:
    return None if values is None else pd.Categorical(values).remove_unused_categories()


def read_graphs(
    fits: Sequence[Path], cells: np.ndarray, which: str
) -> tuple[list[LearnedGraph], str]:
    """The graphs of all fits that are ok, and a remark on the others.

    Args:
        fits: folders, one per training seed.
        cells: names of the cells.
        which: ``raw`` or ``normalized``.

    Raises:
        NotApplicableError: no fit is ok.
        InputError: a fit has no such graph, or one that cannot be used (see ``undirected``).
    """
    graphs, left_out = [], []
    for folder in fits:
        fit = read_fit(folder, list(cells))
        if not fit.ok:
            left_out.append(f"seed {fit.seed}: {fit.status} ({fit.reason})")
            continue
        place, path = f"obsp/learned_adj_{which}", folder / "fit.h5ad"
        found = read_elements(path, place, "uns/null_scores", "uns/fit")
        if place not in found:
            raise InputError(f"{path}: no obsp['learned_adj_{which}']; its method gives no graph")
        pairs, scores = undirected(found[place], len(cells), f"{path}: learned_adj_{which}")
        if not len(pairs):
            raise InputError(f"{path}: learned_adj_{which}: has no edges; train again")
        graphs.append(
            LearnedGraph(
                seed=fit.seed,
                fit=folder,
                params=json.loads(found.get("uns/fit", {}).get("params", "{}")),
                pairs=pairs,
                scores=scores,
                null_scores=found.get("uns/null_scores") if which == "raw" else None,
                embedding=fit.embedding,
            )
        )
    if not graphs:
        raise NotApplicableError(f"no fit is ok: {'; '.join(left_out)}")
    return graphs, f"; left out: {'; '.join(left_out)}" if left_out else ""
