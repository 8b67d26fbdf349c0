"""Scores of all scorers of one dataset against its planted interactions, one row each.

Scorers are the methods that learn a cell graph, the nulls (``baselines.py``), and two that know
more than any method: ``informed`` knows the rules, ``supervised`` half of the truth. The scorers
of ``OWN_NULLS`` are nulls of one method and name it in the column ``method``. The scorer ``truth``
has no scores; its rows give the size of the task and its regime and range.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError
from stbench.data.planted_interactions import informed
from stbench.interactions import baselines
from stbench.interactions.candidate_pairs import Candidates, graph_scores, within_reach
from stbench.interactions.metrics import (
    HELD_OUT,
    METRICS,
    PERMUTED_TRUTH,
    PERMUTED_WITHIN,
    RECALLS,
    WITHIN,
    gene_recall,
    true_genes,
    true_pairs,
    truth_scores,
)
from stbench.interactions.strata import strata_of
from stbench.interactions.supervised import supervised

if TYPE_CHECKING:
    import pandas as pd

    from stbench.common.metric import Metric

COLUMNS = {
    "dataset": "str",
    "scorer": "str",
    "method": "str",
    "seed": "int64",
    "metric": "str",
    "value": "float64",
    "status": "str",
    "reason": "str",
}
_N_TYPES = 8  # that are searched for where cell types are not known
NO_SEED = -1  # of scorers that do not depend on a seed
TRUTH, INFORMED, SUPERVISED = "truth", "informed", "supervised"
COMMON_NULLS = ("distance", "cosine", "knn", "type_pair", "type_pair_distance", "ligand_receptor")
OWN_NULLS = ("formula", "formula_of_types", "untrained", "permuted", "permuted_by_distance")
KNOWING = (INFORMED, SUPERVISED)  # more than any method
NULLS = (*COMMON_NULLS, *OWN_NULLS)

_NO_TRUTH = "no planted interactions; the true interactions of real tissue are not known"
_NO_TRIPLES = "the types, genes or radius of the interactions are not known"
_NO_HELD_OUT = "its graph is trained on all edges, so none is held out"
_NO_GENES = "its edges are not attributed to genes"


@dataclass(frozen=True)
class Tissue:
    """A dataset: its truth and the input of the methods.

    Attributes:
        name: id of the dataset.
        missing: why the dataset is not available; empty if it is.
        coords: (n, 2) positions.
        expression: (n, genes) log-normalized.
        components: (n, d) principal components.
        genes: (genes,) names.
        types: (n,) names of cell types, None if not known.
        interactions: ``obsp['true_interactions']``, None if the truth is not known.
        triples: ``uns['true_triples']``, None if types and genes of the interactions are not known.
    """

    name: str
    missing: str
    coords: np.ndarray
    expression: Any
    components: np.ndarray
    genes: np.ndarray
    types: np.ndarray | None = None
    interactions: sp.spmatrix | None = None
    triples: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class GraphFit:
    """The result of one training of a method.

    Attributes:
        method, seed, status, reason: of the fit.
        graph, untrained: (n, n) learned graphs, None if the method provides none.
        params: of the method.
        info: facts reported by the fit.
    """

    method: str
    seed: int
    status: str
    reason: str
    graph: sp.spmatrix | None = None
    untrained: sp.spmatrix | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """Candidate pairs and which of them interact; ``reason`` is why nothing can be scored."""

    candidates: Candidates | None
    truth: np.ndarray
    reason: str
    strata: Mapping[str, np.ndarray] = field(default_factory=dict)


def score_interactions(
    tissue: Tissue, fits: Sequence[GraphFit], reach: int, ranked: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Score every scorer of a dataset.

    Args:
        tissue: the dataset.
        fits: of all methods with a cell graph, and all seeds.
        reach: candidates are no farther apart than the median distance to that nearest cell.
        ranked: by method, genes by their contribution to the edges, largest first; methods may be
            missing.

    Returns:
        A table with the columns ``COLUMNS``. ``method`` is the scorer itself, for a null of one
        method that method, otherwise empty; ``seed`` is -1 if the scorer has no seed. A row without
        a value has a status and a reason.
    """
    import pandas as pd

    task = _task(tissue, reach)
    rows = [*_size(tissue, task), *_common(tissue, task)]
    for method in dict.fromkeys(fit.method for fit in fits):
        of_method = [fit for fit in fits if fit.method == method]
        rows += _formula(tissue, task, of_method)
        for fit in of_method:
            rows += _fit(task, fit)
        rows += _recalls(tissue, method, ranked.get(method))
    rows = [{"dataset": tissue.name, **row} for row in rows]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def no_scores(tissue: Tissue, fits: Sequence[GraphFit], reason: str) -> pd.DataFrame:
    """The table of ``score_interactions`` where scoring failed: no values, and the reason."""
    table = score_interactions(replace(tissue, missing=reason), fits, 1, {})
    table.loc[table["reason"] == reason, "status"] = "error"
    return table


def _task(tissue: Tissue, reach: int) -> Task:
    nothing = np.empty(0, bool)
    if tissue.missing:
        return Task(None, nothing, tissue.missing)
    if tissue.interactions is None:
        return Task(None, nothing, _NO_TRUTH)
    try:
        candidates = within_reach(tissue.coords, reach)
    except InputError as error:
        return Task(None, nothing, str(error))
    truth = true_pairs(tissue.interactions, candidates.pairs)
    if truth.sum() in (0, len(truth)):
        return Task(None, truth, f"{truth.sum()} of {len(truth)} candidate pairs interact")
    return Task(candidates, truth, "", strata_of(candidates, tissue.types))


class _Scorer(NamedTuple):
    """The scorer, its method if it has one, and the training seed."""

    scorer: str
    method: str = ""
    seed: int = NO_SEED


def _row(scorer: _Scorer, metric: str, value: float | None, cause: Any) -> dict:
    """``cause``: status and reason if there is no value."""
    status, reason = ("ok", "") if value is not None else cause
    number = float("nan") if value is None else value
    return {
        **scorer._asdict(),
        "metric": metric,
        "value": number,
        "status": status,
        "reason": reason,
    }


def _against_truth(
    scorer: _Scorer, task: Task, scores: np.ndarray | None, cause: Any = None
) -> Iterator[dict]:
    """The metrics of one scorer, or a reason for each."""
    values = {} if scores is None else truth_scores(task.truth, scores)
    for metric in METRICS:
        yield _row(scorer, metric, values.get(metric), cause)
    for stratified in WITHIN.values():
        value = None
        if scores is not None:
            value, cause = _within(task, stratified, scores)
        yield _row(scorer, stratified.name, value, cause)


def _within(task: Task, metric: Metric, scores: np.ndarray, *seed: int) -> tuple[float | None, Any]:
    """A metric within strata, or the cause why it has no value."""
    try:
        return metric(task.truth, scores, task.strata, *seed), ("ok", "")
    except ValueError as error:
        return None, ("not_applicable", str(error))


def _size(tissue: Tissue, task: Task) -> Iterator[dict]:
    if task.candidates is None or tissue.interactions is None:
        return
    triples = tissue.triples or {}
    facts = {
        "pairs": float(len(task.truth)),
        "true_pairs": float(task.truth.sum()),
        "true_pairs_out_of_reach": tissue.interactions.nnz / 2 - float(task.truth.sum()),
    }
    if triples:
        facts["recall_by_chance"] = len(true_genes(triples)["gene"]) / len(tissue.genes)
    if "effect" in triples:
        facts["effect"] = float(triples["effect"])
    for name in ("regime", "range"):
        if name in triples:
            facts[f"{name}_{triples[name]}"] = 1.0
    for metric, value in facts.items():
        yield _row(_Scorer(TRUTH), metric, value, None)


def _common(tissue: Tissue, task: Task) -> Iterator[dict]:
    scores: dict[str, np.ndarray] = {}
    if task.candidates is not None:
        candidates = task.candidates
        scores = {
            "distance": baselines.distance(candidates),
            "cosine": baselines.cosine(tissue.expression, candidates),
            "knn": baselines.knn(tissue.coords, candidates),
            SUPERVISED: supervised(tissue.components, tissue.coords, candidates, task.truth),
        }
        if tissue.triples is not None:
            scores |= _by_triples(tissue, tissue.triples, candidates)
    for scorer in (*COMMON_NULLS, *KNOWING):
        cause = ("not_applicable", task.reason or _NO_TRIPLES)
        yield from _against_truth(_Scorer(scorer), task, scores.get(scorer), cause)


def _by_triples(
    tissue: Tissue, triples: Mapping[str, Any], candidates: Candidates
) -> dict[str, np.ndarray]:
    """The scorers that get the types or the genes of the interactions."""
    genes = (tissue.expression, tissue.genes, triples)
    found = {"ligand_receptor": baselines.ligand_receptor(*genes, candidates)}
    if tissue.types is None:
        return found
    found["type_pair"] = baselines.type_pair(tissue.types, triples, candidates)
    found["type_pair_distance"] = baselines.type_pair_distance(tissue.types, triples, candidates)
    if "radius" in triples:
        pairs = (candidates.pairs, candidates.distances)
        found[INFORMED] = informed(tissue.types, *genes, *pairs)
    return found


def _formula(tissue: Tissue, task: Task, fits: Sequence[GraphFit]) -> Iterator[dict]:
    """STAGUE's score formula without its learner, if the method has this formula.

    On components, and on the mean components of types that k-means finds in them.
    """
    trained = [fit for fit in fits if fit.status == "ok"]
    scores: list[np.ndarray | None] = [None, None]
    cause = ("not_applicable", task.reason or "no fit reports its parameters")
    if trained and not set(baselines.FORMULA) <= set(trained[0].params):
        cause = ("not_applicable", "its score is not a mixture of similarity and distance")
    elif trained and task.candidates is not None:
        params, components = trained[0].params, tissue.components
        n_types = _N_TYPES if tissue.types is None else len(np.unique(tissue.types))
        of_types = baselines.means_of_found_types(components, n_types)
        scores = [
            baselines.formula(features, tissue.coords, params, task.candidates)
            for features in (components, of_types)
        ]
    for name, values in zip(("formula", "formula_of_types"), scores, strict=True):
        yield from _against_truth(_Scorer(name, fits[0].method), task, values, cause)


def _fit(task: Task, fit: GraphFit) -> Iterator[dict]:
    """The learned graph of one seed, its nulls, and the edges that it held out."""
    name, seed = fit.method, fit.seed
    own = _Scorer(name, name, seed)
    failed = (fit.status, fit.reason) if fit.status != "ok" else None
    learned, cause = _graph(task, fit.graph, failed, "the fit has no cell graph")
    yield from _against_truth(own, task, learned, cause)
    alone = None if learned is None else PERMUTED_TRUTH(task.truth, learned, seed)
    yield _row(own, PERMUTED_TRUTH.name, alone, cause)
    for scheme, metric in PERMUTED_WITHIN.items():
        value, why = None, cause
        if learned is not None:
            value, why = _within(task, metric, learned, seed)
        yield _row(own, scheme, value, why)
    strata = {"permuted": None, "permuted_by_distance": task.strata.get("distance")}
    for scorer, stratum in strata.items():
        permuted = None if learned is None else baselines.permuted(learned, seed, stratum)
        yield from _against_truth(_Scorer(scorer, name, seed), task, permuted, cause)
    before, cause = _graph(
        task, fit.untrained, failed, "it provides no graph of the untrained network"
    )
    yield from _against_truth(_Scorer("untrained", name, seed), task, before, cause)
    for metric in HELD_OUT.values():
        cause = failed or ("not_applicable", _NO_HELD_OUT)
        value = metric(fit.info) if metric.name.lower() in fit.info else None
        yield _row(own, metric.name, value, cause)


def _graph(
    task: Task, graph: sp.spmatrix | None, failed: tuple[str, str] | None, none: str
) -> tuple[np.ndarray | None, tuple[str, str]]:
    """Scores of the candidates, or status and reason if there are none."""
    if failed is not None:
        return None, failed
    if task.candidates is None:
        return None, ("not_applicable", task.reason)
    if graph is None:
        return None, ("not_applicable", none)
    try:
        return graph_scores(graph, task.candidates), ("ok", "")
    except InputError as error:
        return None, ("error", str(error))


def _recalls(tissue: Tissue, method: str, ranked: Sequence[str] | None) -> Iterator[dict]:
    """Recall of the genes of the triples."""
    values: dict[str, float] = {}
    reason = tissue.missing
    if not reason and tissue.triples is None:
        reason = _NO_TRUTH if tissue.interactions is None else _NO_TRIPLES
    if not reason and ranked is None:
        reason = _NO_GENES
    if not reason and ranked is not None and tissue.triples is not None:
        values = gene_recall(ranked, tissue.triples)
    for metric in RECALLS:
        yield _row(_Scorer(method, method), metric, values.get(metric), ("not_applicable", reason))
