"""Scores of all scorers of one dataset against its planted interactions, one row each.

Scorers are the methods that learn a cell graph, the nulls (``baselines.py``), and two that know
more than any method: ``informed`` knows the rules, ``supervised`` half of the truth. The scorers
of ``OWN_NULLS`` are nulls of one method and name it in the column ``method``. The scorer ``truth``
has no scores; its rows give the size of the task and its regime and range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError
from stbench.data.planted_interactions import informed
from stbench.interactions import baselines
from stbench.interactions.candidate_pairs import Candidates, graph_scores, within_reach
from stbench.interactions.communication import Communication, Pairs, candidate_genes
from stbench.interactions.communication_scores import (
    contest_of,
    graph_of,
    kernel,
    level_rows,
    pair_scores,
)
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
from stbench.interactions.score_rows import OK, Cause, Scorer, row
from stbench.interactions.strata import strata_of
from stbench.interactions.supervised import supervised
from stbench.interactions.truth import NO_TRIPLES, NO_TRUTH, Tissue

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
TRUTH, INFORMED, SUPERVISED = "truth", "informed", "supervised"
VARIABLE_GENES = "variable_genes"  # ranks genes alone: planted genes are highly expressed ones
COMMON_NULLS = (
    *("distance", "cosine", "knn", "type_pair", "type_pair_distance"),
    *("ligand_receptor", "ligand_receptor_decoys"),
)
OWN_NULLS = (
    *("formula", "formula_of_types", "untrained", "permuted", "permuted_by_distance"),
    "cells_and_distance",
)
KNOWING = (INFORMED, SUPERVISED)  # more than any method
NULLS = (*COMMON_NULLS, *OWN_NULLS)

_NO_HELD_OUT = "its graph is trained on all edges, so none is held out"
_NO_GRAPH = "the fit has no cell graph"
_NO_UNTRAINED = "it provides no graph of the untrained network"
_NO_GENES = "its edges are not attributed to genes"


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
    tissue: Tissue,
    fits: Sequence[GraphFit],
    reach: int,
    ranked: Mapping[str, Sequence[str]],
    tools: Callable[[Pairs], Mapping[str, Communication | Cause]] | None = None,
) -> pd.DataFrame:
    """Score every scorer of a dataset.

    Args:
        tissue: the dataset.
        fits: of all methods with a cell graph, and all seeds.
        reach: candidates are no farther apart than the median distance to that nearest cell.
        ranked: by method, genes by their contribution to the edges, largest first; methods may be
            missing.
        tools: returns what each tool for cell-cell communication found for these pairs of genes, or
            why there is nothing.

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
        rows += _recalls(tissue, Scorer(method, method), ranked.get(method))
    rows += _recalls(tissue, Scorer(VARIABLE_GENES), _by_variance(tissue))
    rows += _communication(tissue, task, fits, tools)
    rows = [{"dataset": tissue.name, **row} for row in rows]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def no_scores(
    tissue: Tissue, fits: Sequence[GraphFit], reason: str, tools: Sequence[str] = ()
) -> pd.DataFrame:
    """The table of ``score_interactions`` where scoring failed: no values, and the reason."""
    nothing = dict.fromkeys(tools, Cause("error", reason))
    table = score_interactions(replace(tissue, missing=reason), fits, 1, {}, lambda pairs: nothing)
    table.loc[table["reason"] == reason, "status"] = "error"
    return table


def _task(tissue: Tissue, reach: int) -> Task:
    nothing = np.empty(0, bool)
    if tissue.missing:
        return Task(None, nothing, tissue.missing)
    if tissue.interactions is None:
        return Task(None, nothing, NO_TRUTH)
    try:
        candidates = within_reach(tissue.coords, reach)
    except InputError as error:
        return Task(None, nothing, str(error))
    truth = true_pairs(tissue.interactions, candidates.pairs)
    if truth.sum() in (0, len(truth)):
        return Task(None, truth, f"{truth.sum()} of {len(truth)} candidate pairs interact")
    return Task(candidates, truth, "", strata_of(candidates, tissue.types))


def _against_truth(
    scorer: Scorer, task: Task, scores: np.ndarray | None, cause: Cause = OK
) -> Iterator[dict]:
    """The metrics of one scorer, or a reason for each."""
    values = {} if scores is None else truth_scores(task.truth, scores)
    for metric in METRICS:
        yield row(scorer, metric, values.get(metric), cause)
    seed = max(scorer.seed, 0)
    alone = None if scores is None else PERMUTED_TRUTH(task.truth, scores, seed)
    yield row(scorer, PERMUTED_TRUTH.name, alone, cause)
    for metrics, seeds in ((WITHIN, ()), (PERMUTED_WITHIN, (seed,))):
        for stratified in metrics.values():
            value, why = None, cause
            if scores is not None:
                value, why = _within(task, stratified, scores, *seeds)
            yield row(scorer, stratified.name, value, why)


def _within(
    task: Task, metric: Metric, scores: np.ndarray, *seed: int
) -> tuple[float | None, Cause]:
    """A metric within strata, or the cause why it has no value."""
    try:
        return metric(task.truth, scores, task.strata, *seed), OK
    except ValueError as error:
        return None, Cause("not_applicable", str(error))


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
        yield row(Scorer(TRUTH), metric, value)


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
        cause = Cause("not_applicable", task.reason or NO_TRIPLES)
        yield from _against_truth(Scorer(scorer), task, scores.get(scorer), cause)


def _by_triples(
    tissue: Tissue, triples: Mapping[str, Any], candidates: Candidates
) -> dict[str, np.ndarray]:
    """The scorers that get the types or the genes of the interactions."""
    genes = (tissue.expression, tissue.genes, triples)
    decoys = np.array(candidate_genes(*genes)).T  # as tools for communication get them
    found = {
        "ligand_receptor": baselines.ligand_receptor(*genes, candidates),
        "ligand_receptor_decoys": baselines.ligand_receptor(
            *genes[:2], dict(zip(("ligand", "receptor"), decoys, strict=True)), candidates
        ),
    }
    if tissue.types is None:
        return found
    found["type_pair"] = baselines.type_pair(tissue.types, triples, candidates)
    found["type_pair_distance"] = baselines.type_pair_distance(tissue.types, triples, candidates)
    if "radius" in triples and np.size(triples["targets"]):  # else its rules are not known
        pairs = (candidates.pairs, candidates.distances)
        found[INFORMED] = informed(tissue.types, *genes, *pairs)
    return found


def _formula(tissue: Tissue, task: Task, fits: Sequence[GraphFit]) -> Iterator[dict]:
    """STAGUE's score formula without its learner, if the method has this formula.

    On components, and on the mean components of types that k-means finds in them.
    """
    trained = [fit for fit in fits if fit.status == "ok"]
    scores: list[np.ndarray | None] = [None, None]
    cause = Cause("not_applicable", task.reason or "no fit reports its parameters")
    if trained and not set(baselines.FORMULA) <= set(trained[0].params):
        cause = Cause("not_applicable", "its score is not a mixture of similarity and distance")
    elif trained and task.candidates is not None:
        params, components = trained[0].params, tissue.components
        types = set() if tissue.types is None else set(np.asarray(tissue.types, dtype=str))
        n_types = len(types - {""}) or _N_TYPES
        of_types = baselines.means_of_found_types(components, n_types)
        scores = [
            baselines.formula(features, tissue.coords, params, task.candidates)
            for features in (components, of_types)
        ]
    for name, values in zip(("formula", "formula_of_types"), scores, strict=True):
        yield from _against_truth(Scorer(name, fits[0].method), task, values, cause)


def _fit(task: Task, fit: GraphFit) -> Iterator[dict]:
    """The learned graph of one seed, its nulls, and the edges that it held out."""
    name, seed = fit.method, fit.seed
    own = Scorer(name, name, seed)
    failed = Cause(fit.status, fit.reason) if fit.status != "ok" else None
    learned, cause = _graph(task, fit.graph, failed, _NO_GRAPH)
    yield from _against_truth(own, task, learned, cause)
    strata = {"permuted": None, "permuted_by_distance": task.strata.get("distance")}
    for scorer, stratum in strata.items():
        permuted = None if learned is None else baselines.permuted(learned, seed, stratum)
        yield from _against_truth(Scorer(scorer, name, seed), task, permuted, cause)
    expected = None
    if learned is not None and task.candidates is not None:
        expected = baselines.cells_and_distance(learned, task.candidates, task.strata["distance"])
    yield from _against_truth(Scorer("cells_and_distance", name, seed), task, expected, cause)
    before, cause = _graph(task, fit.untrained, failed, _NO_UNTRAINED)
    yield from _against_truth(Scorer("untrained", name, seed), task, before, cause)
    for metric in HELD_OUT.values():
        cause = failed or Cause("not_applicable", _NO_HELD_OUT)
        value = metric(fit.info) if metric.name.lower() in fit.info else None
        yield row(own, metric.name, value, cause)


def _graph(
    task: Task, graph: sp.spmatrix | None, failed: Cause | None, none: str
) -> tuple[np.ndarray | None, Cause]:
    """Scores of the candidates, or status and reason if there are none."""
    if failed is not None:
        return None, failed
    if task.candidates is None:
        return None, Cause("not_applicable", task.reason)
    if graph is None:
        return None, Cause("not_applicable", none)
    try:
        return graph_scores(graph, task.candidates), OK
    except InputError as error:
        return None, Cause("error", str(error))


def _communication(
    tissue: Tissue,
    task: Task,
    fits: Sequence[GraphFit],
    tools: Callable[[Pairs], Mapping[str, Communication | Cause]] | None,
) -> Iterator[dict]:
    """Tools and graphs at the levels of cells and types, and tools at that of pairs of cells."""
    cause = Cause("not_applicable", task.reason or NO_TRIPLES)
    contest = None
    if task.candidates is not None and tissue.triples is not None:
        contest = contest_of(tissue, tissue.triples, task.candidates)
    for scorer, graph, why in _graphs(tissue, task, fits):
        found = None if contest is None or graph is None else contest.of_graph(graph)
        yield from level_rows(scorer, contest, found, why if graph is None else cause)
    everywhere = None if contest is None else contest.without_positions()
    yield from level_rows(Scorer("ligand_receptor"), contest, everywhere, cause)
    for tool, found_or_cause in (tools(contest.pairs if contest else []) if tools else {}).items():
        found, why = None, cause
        if isinstance(found_or_cause, Communication):
            found = found_or_cause
        elif contest is not None:
            why = found_or_cause
        scorer, scores = Scorer(tool, tool), None
        yield from level_rows(scorer, contest, found, why)
        if found is not None and task.candidates is not None:
            scores = pair_scores(found, task.candidates)
            why = Cause("not_applicable", "it does not score pairs of cells")
        yield from _against_truth(scorer, task, scores, why)


def _graphs(
    tissue: Tissue, task: Task, fits: Sequence[GraphFit]
) -> Iterator[tuple[Scorer, sp.csr_matrix | None, Cause]]:
    """The graphs that do not learn, then the learned ones, or why there is none."""
    nothing = Cause("not_applicable", task.reason)
    near = task.candidates
    weights = {}
    if near is not None:
        weights = {"distance": kernel(near), "knn": baselines.knn(tissue.coords, near)}
    for name in ("distance", "knn"):
        yield Scorer(name), graph_of(near, weights[name]) if near is not None else None, nothing
    for fit in fits:
        failed = Cause(fit.status, fit.reason) if fit.status != "ok" else None
        for name, graph, none in (
            (fit.method, fit.graph, _NO_GRAPH),
            ("untrained", fit.untrained, _NO_UNTRAINED),
        ):
            scores, why = _graph(task, graph, failed, none)
            known = graph_of(near, scores) if near is not None and scores is not None else None
            yield Scorer(name, fit.method, fit.seed), known, why


def _by_variance(tissue: Tissue) -> list[str] | None:
    """All genes, those with the largest variance of log-normalized expression first."""
    if tissue.missing:
        return None
    values = sp.csc_matrix(tissue.expression, dtype=np.float64)
    variance = np.ravel(values.power(2).mean(axis=0) - np.square(values.mean(axis=0)))
    return list(map(str, tissue.genes[np.argsort(-variance, kind="stable")]))


def _recalls(tissue: Tissue, scorer: Scorer, ranked: Sequence[str] | None) -> Iterator[dict]:
    """Recall of the genes of the triples."""
    values: dict[str, float] = {}
    reason = tissue.missing
    if not reason and tissue.triples is None:
        reason = NO_TRUTH if tissue.interactions is None else NO_TRIPLES
    if not reason and ranked is None:
        reason = _NO_GENES
    if not reason and ranked is not None and tissue.triples is not None:
        values = gene_recall(ranked, tissue.triples)
    for metric in RECALLS:
        why = reason or f"no true {metric.removeprefix('recall_')}s are given"
        yield row(scorer, metric, values.get(metric), Cause("not_applicable", why))
