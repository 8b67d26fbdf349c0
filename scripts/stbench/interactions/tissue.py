"""The input of the interactions of a tissue: the dataset and the graphs of the fits."""

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

A_K = 5  # neighbors in the raw cell graph of methods that have no parameter a_k


@dataclass(frozen=True)
class Tissue:
    """A dataset.

    Attributes:
        name, organism: of the dataset.
        cells: (n,) their names.
        coords: (n, 2) positions.
        expression: (n, g) log-normalized.
        var: of the genes.
        types, domains: (n,) cell types and true domains without unused categories, or None.
        sections: (n,) codes of the joined sections; all 0 for a single one.
        y_down: whether y grows downwards, as in images.
    """

    name: str
    organism: str
    cells: np.ndarray
    coords: np.ndarray
    expression: sp.csr_matrix
    var: pd.DataFrame
    types: pd.Categorical | None
    domains: pd.Categorical | None
    sections: np.ndarray
    y_down: bool = False


@dataclass(frozen=True)
class LearnedGraph:
    """The graph of one fit.

    Attributes:
        seed: training seed.
        fit: folder of the fit.
        params: parameters of the fit.
        pairs, scores: of ``stbench.interactions.edges.undirected``.
        null_scores: (m,) if the method provides them for this graph, or None.
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
    """Read a dataset: its types, domains and genes, and its preprocessed expression.

    Raises:
        NotApplicableError: the dataset is not available; the message is the reason.
        InputError: a file is missing or broken, or the two are of different cells.
    """
    places = ("uns/dataset", "obs/celltype", "obs/cluster", "obs/section", "var")
    elements = read_elements(data, *places)
    facts = elements.get("uns/dataset", {})
    if facts.get("status", "ok") != "ok":
        raise NotApplicableError(facts["reason"])
    processed = read_elements(preprocessed, "X", "obsm/spatial", "uns/dataset")
    if processed.get("uns/dataset", {}).get("status", "ok") != "ok":
        raise NotApplicableError(processed["uns/dataset"]["reason"])
    if not np.array_equal(elements["cells"], processed["cells"]):
        raise InputError(f"{preprocessed}: its cells are not those of {data}; preprocess again")
    return Tissue(
        name=str(facts.get("id", data.stem)),
        organism=str(facts.get("organism", "unknown")),
        cells=processed["cells"],
        coords=np.asarray(processed["obsm/spatial"], dtype=np.float64),
        expression=sp.csr_matrix(processed["X"]),
        var=elements["var"],
        types=_categories(elements.get("obs/celltype")),
        domains=_categories(elements.get("obs/cluster")),
        sections=_codes(elements.get("obs/section"), len(processed["cells"])),
        y_down=facts.get("y_down") == "true",
    )


def _codes(values: Any, n: int) -> np.ndarray:
    return np.zeros(n, np.int64) if values is None else pd.factorize(np.asarray(values))[0]


def _categories(values: Any) -> pd.Categorical | None:
    return None if values is None else pd.Categorical(values).remove_unused_categories()


def read_graphs(
    fits: Sequence[Path], cells: np.ndarray, which: str
) -> tuple[list[LearnedGraph], str]:
    """The graphs of all fits that are ok, and a note on the others.

    Args:
        fits: folders, one per training seed.
        cells: names of the cells.
        which: ``raw`` or ``normalized``.

    Raises:
        NotApplicableError: no fit is ok.
        InputError: no fit that is ok has such a graph, or one cannot be used (see ``undirected``).
    """
    graphs, left_out, without = [], [], []
    for folder in fits:
        fit = read_fit(folder, list(cells))
        if not fit.ok:
            left_out.append(f"seed {fit.seed}: {fit.status} ({fit.reason})")
            continue
        place, path = f"obsp/learned_adj_{which}", folder / "fit.h5ad"
        elements = read_elements(path, place, "uns/null_scores", "uns/fit")
        if place not in elements:
            without.append(f"{path}: no obsp['learned_adj_{which}']; its method provides no graph")
            continue
        pairs, scores = undirected(elements[place], len(cells), f"{path}: learned_adj_{which}")
        if not len(pairs):
            without.append(f"{path}: learned_adj_{which}: has no edges; train again")
            continue
        graphs.append(
            LearnedGraph(
                seed=fit.seed,
                fit=folder,
                params=json.loads(elements.get("uns/fit", {}).get("params", "{}")),
                pairs=pairs,
                scores=scores,
                null_scores=elements.get("uns/null_scores") if which == "raw" else None,
                embedding=fit.embedding,
            )
        )
    if not graphs and without:
        raise InputError(without[0])
    if not graphs:
        raise NotApplicableError(f"no fit is ok: {'; '.join(left_out)}")
    left_out += without
    return graphs, f"excluded: {'; '.join(left_out)}" if left_out else ""
