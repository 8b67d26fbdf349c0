"""Tables of a benchmark that is not finished: what is scored so far, and ``pending`` for the rest.

An entry is a dataset and a method with all its training seeds. Ranks need the same datasets for
every method, so the leaderboard covers the datasets on which every method that has any score yet
has been scored; methods without a score are below it as pending. Every table says in its first
column how much of the whole it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.constants import ALL_SEEDS, OF_ALL_SEEDS, OF_EACH_SEED
from stbench.common.errors import InputError
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.config.tasks import DECONVOLUTION, DOMAINS
from stbench.results.aggregates import BASELINE, NO_BASELINE
from stbench.results.assembly import COLUMNS, FIT, SCORES, assemble, read_fits, read_scores
from stbench.runs.fit_status import FitState, Key, fit_states, matrix
from stbench.scoring.metrics import METRICS
from stbench.scoring.scores import NO_NUMBER

PENDING = "pending"
NOT_RUN, NOT_SCORED = "not run yet", "fitted, not scored yet"
_ENTRY = ["dataset", "method"]


@dataclass(frozen=True)
class Partial:
    """What there is of a benchmark.

    Attributes:
        results: as of ``stbench.results.assembly.assemble``, with a row of status ``pending``
            for every score that is still to come; no rows without datasets of ``domains``.
        ranked: its rows that take part in the ranking.
        proportions: files of scores of ``deconvolution``.
        missing: one row per entry that is not scored yet: ``dataset``, ``method``, ``fits``,
            ``waiting`` (fits that have ended and wait for scoring), ``not_run``.
        entries: how many entries there will be.
    """

    results: pd.DataFrame
    ranked: pd.DataFrame
    proportions: Sequence[Path]
    missing: pd.DataFrame
    entries: int

    @property
    def scored(self) -> int:
        return self.entries - len(self.missing)

    @property
    def words(self) -> str:
        """``partial: 31 of 120 entries``."""
        return f"partial: {self.scored} of {self.entries} entries"


def read_partial(benchmark: Benchmark, layout: Layout) -> Partial:
    """Read what has been scored of a benchmark, and note what has not.

    Args:
        benchmark: the whole.
        layout: of the results; a run may be writing to them.

    Raises:
        InputError: a file of scores is broken, or nothing at all has been scored yet.
    """
    states = fit_states(layout, matrix(benchmark))
    scores = _scores(benchmark, layout)
    paths = [path for path in benchmark.score_files(layout, DECONVOLUTION) if path.is_file()]
    pairs = {path.parts[-3:-1] for path in paths}
    named = {tuple(fit) for fit in scores[FIT].drop_duplicates().itertuples(index=False)}
    scored = {
        state.key
        for state in states
        if state.ended and (state.key[1:] in named or state.key[1:3] in pairs)
    }
    if not scored:
        ended = sum(bool(state.ended) for state in states)
        waiting = f"{ended} of {len(states)} fits have ended, none is scored"
        raise InputError(f"{layout.root}: no scores yet ({waiting}); try again later")
    results = _results(benchmark, layout, scores, [s for s in states if s.key.task == DOMAINS])
    entries = len({state.key[:3] for state in states})
    ranked = results[results["study"] == ""]
    return Partial(results, ranked, paths, _missing(states, scored), entries)


def _results(
    benchmark: Benchmark, layout: Layout, scores: pd.DataFrame, states: Sequence[FitState]
) -> pd.DataFrame:
    """The scores of ``domains`` with their fits, and rows for those that are pending."""
    named = {tuple(fit) for fit in scores[FIT].drop_duplicates().itertuples(index=False)}
    ended = {state.key[1:] for state in states if state.ended}
    if not named & ended:
        return pd.DataFrame(columns=COLUMNS)
    fits = read_fits(layout.fit(*state.key[1:]) for state in states if state.ended)
    pending = [state for state in states if state.key[1:] not in named & ended]
    reasons = {state.key: NOT_SCORED if state.ended else NOT_RUN for state in pending}
    reasons |= {key._replace(seed=ALL_SEEDS): reason for key, reason in reasons.items()}
    whole = {state.key._replace(seed=ALL_SEEDS) for state in states} - reasons.keys()
    ended |= {key[1:] for key in whole}
    kept = scores[[fit in ended for fit in scores[FIT].itertuples(index=False, name=None)]]
    unfitted = [_unfitted(state.key, list(fits)) for state in pending if not state.ended]
    rows = [
        row
        for key, reason in reasons.items()
        for row in _pending_scores(benchmark, kept, key, reason)
    ]
    return assemble(
        _stack(kept, pd.DataFrame(rows, columns=SCORES)),
        _stack(fits, pd.DataFrame(unfitted, columns=list(fits))),
        benchmark.methods[DOMAINS],
        benchmark.shortened,
        benchmark.studies,
        benchmark.tissues,
    )


def rankable(results: pd.DataFrame) -> pd.DataFrame:
    """The part of partial results that compares like with like; it may be empty."""
    waits = results["status"] == PENDING
    begun = results[results["method"].isin(results.loc[~waits, "method"].unique())]
    unfinished = begun.loc[begun["status"] == PENDING, "dataset"].unique()
    return begun[~begun["dataset"].isin(unfinished)]


def partial_leaderboard(
    partial: Partial, rank_by: str, board: Callable[[pd.DataFrame, str, str], pd.DataFrame]
) -> pd.DataFrame:
    """The leaderboard (``board``) of what can be ranked, then the methods that wait."""
    ranked = rankable(partial.ranked)
    pending = BASELINE in set(partial.ranked["method"])
    no_baseline = f"{BASELINE} waits" if pending else NO_BASELINE
    there = board(ranked, rank_by, no_baseline) if len(ranked) else pd.DataFrame()
    methods = partial.ranked.drop_duplicates("method")
    waiting = methods[~methods["method"].isin(ranked["method"])]
    why = "no dataset yet on which every method that was begun is scored"
    begun = set(partial.ranked.loc[partial.ranked["status"] != PENDING, "method"])
    rows = [
        {
            "method": row.method,
            "control": row.control,
            "implementation": row.implementation,
            "rank_by": rank_by,
            "status": PENDING,
            "reason": why if row.method in begun else NOT_RUN,
        }
        for row in waiting.itertuples()
    ]
    return _stack(there, pd.DataFrame(rows)) if rows else there


def marked(table: pd.DataFrame, partial: Partial) -> pd.DataFrame:
    """The table with a first column that says how much of the whole it rests on."""
    return pd.concat([pd.Series(partial.words, index=table.index, name="partial"), table], axis=1)


def report(partial: Partial) -> str:
    """What there is and what is missing, in words."""
    waiting, missing = partial.missing["waiting"], len(partial.missing)
    lines = [f"{partial.words} are scored"]
    if not missing:
        return f"{lines[0]}; the run's own tables hold the same"
    lines.append(
        f"{missing} entries are pending: {waiting.sum()} fits of {(waiting > 0).sum()} of them have"
        f" ended and wait for scoring, {partial.missing['not_run'].sum()} fits are still to be run"
    )
    if not len(partial.ranked):
        return "\n".join(lines)
    ranked = rankable(partial.ranked)
    datasets = ", ".join(ranked["dataset"].unique())
    methods = ranked["method"].nunique()
    lines.append(
        f"the leaderboard ranks {methods} of {partial.ranked['method'].nunique()} methods on"
        f" {datasets}"
        if datasets
        else "nothing can be ranked yet: no dataset on which every begun method is scored"
    )
    return "\n".join(lines)


def _scores(benchmark: Benchmark, layout: Layout) -> pd.DataFrame:
    """The scores of ``domains`` of seeds and clusterers that the configuration asks for."""
    paths = [path for path in benchmark.score_files(layout, DOMAINS) if path.is_file()]
    scores = read_scores(paths) if paths else pd.DataFrame(columns=SCORES)
    keys = matrix(benchmark)
    wanted = {key[1:] for key in (*keys, *(key._replace(seed=ALL_SEEDS) for key in keys))}
    asked = [
        tuple(key) in wanted and clusterer in benchmark.config["clusterers"]
        for *key, clusterer in scores[[*FIT, "clusterer"]].itertuples(index=False)
    ]
    return scores.loc[asked, SCORES]


def _pending_scores(
    benchmark: Benchmark, scores: pd.DataFrame, key: Key, reason: str
) -> list[dict[str, Any]]:
    config = benchmark.config
    alike = scores[scores["dataset"] == key.dataset]
    given = benchmark.datasets[key.dataset]["n_domains"]
    numbers = alike["n_domains"].unique() if len(alike) else _listed(given)
    exploratory = bool(alike["exploratory"].any()) if len(alike) else isinstance(given, list)
    protocols = OF_ALL_SEEDS if key.seed == ALL_SEEDS else OF_EACH_SEED
    axes = product(numbers, config["clusterers"], protocols, METRICS)
    return [
        {
            **_names(key),
            "n_domains": int(number),
            "clusterer": clusterer,
            "protocol": protocol,
            "metric": metric,
            "exploratory": exploratory,
            "value": float("nan"),
            "sd_clustering": float("nan"),
            "blocks": None,
            "epoch": -1,
            "status": PENDING,
            "reason": reason,
        }
        for number, clusterer, protocol, metric in axes
    ]


def _listed(n_domains: Any) -> list[int]:
    if n_domains is None:  # it follows from the labels, which are not read yet
        return [NO_NUMBER]
    return n_domains if isinstance(n_domains, list) else [n_domains]


def _unfitted(key: Key, columns: list[str]) -> dict[str, Any]:
    nothing = dict.fromkeys(columns)
    return {**nothing, **_names(key), "status": PENDING, "reason": NOT_RUN}


def _names(key: Key) -> dict[str, Any]:
    return {name: getattr(key, name) for name in FIT}


def _missing(states: Sequence[FitState], scored: Collection[Key]) -> pd.DataFrame:
    facts = [
        {
            "dataset": state.key.dataset,
            "method": state.key.method,
            "fits": 1,
            "waiting": int(bool(state.ended) and state.key not in scored),
            "not_run": int(not state.ended),
        }
        for state in states
    ]
    entries = pd.DataFrame(facts).groupby(_ENTRY, sort=False, as_index=False).sum()
    return entries[entries["waiting"] + entries["not_run"] > 0].reset_index(drop=True)


def _stack(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """One table above the other; what has no value in one does not count for the types."""
    full = [table.dropna(axis=1, how="all") for table in (one, other) if len(table)]
    names = list(dict.fromkeys([*one, *other]))
    return pd.concat(full, ignore_index=True).reindex(columns=names) if full else one
