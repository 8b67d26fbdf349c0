"""Tables of a benchmark that is not finished: what is scored so far, and ``pending`` for the rest.

A cell is a dataset and a method with all its training seeds. Ranks need the same datasets for every
method, so the leaderboard covers the datasets on which every method that has any score yet has been
scored; methods without a score stand below it as pending. Every table says in its first column how
much of the whole it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.constants import PROTOCOLS
from stbench.common.errors import InputError
from stbench.config.benchmark import Benchmark
from stbench.results.aggregates import BASELINE, NO_BASELINE
from stbench.results.assembly import FIT, SCORES, assemble, read_fits, read_scores
from stbench.runs.fit_status import FitState, Key, fit_states, matrix
from stbench.scoring.metrics import METRICS
from stbench.scoring.scores import NO_NUMBER

PENDING = "pending"
NOT_RUN, NOT_SCORED = "not run yet", "fitted, not scored yet"
_CELL = ["dataset", "method"]


@dataclass(frozen=True)
class Partial:
    """What there is of a benchmark.

    Attributes:
        results: as of ``stbench.results.assembly.assemble``, with a row of status ``pending``
            for every score that is still to come.
        ranked: its rows that take part in the ranking.
        missing: one row per cell that is not scored yet: ``dataset``, ``method``, ``fits``,
            ``waiting`` (fits that have ended and wait for scoring), ``not_run``.
        cells: how many cells there will be.
    """

    results: pd.DataFrame
    ranked: pd.DataFrame
    missing: pd.DataFrame
    cells: int

    @property
    def scored(self) -> int:
        return self.cells - len(self.missing)

    @property
    def words(self) -> str:
        """``partial: 31 of 120 cells``."""
        return f"partial: {self.scored} of {self.cells} cells"


def read_partial(
    benchmark: Benchmark, folder: Path, methods: Mapping[str, Mapping[str, Any]]
) -> Partial:
    """Read what has been scored below a results folder, and note what has not.

    Args:
        benchmark: the whole.
        folder: the results folder; a run may be writing to it.
        methods: entry of ``config/methods.yaml`` by method id.

    Raises:
        InputError: a file of scores is broken, or nothing at all has been scored yet.
    """
    states = fit_states(folder, matrix(benchmark))
    scores = _scores(benchmark, folder)
    ended = {state.key for state in states if state.ended}
    scored = {Key(*key) for key in scores[FIT].drop_duplicates().itertuples(index=False)} & ended
    if not scored:
        waiting = f"{len(ended)} of {len(states)} fits have ended, none is scored"
        raise InputError(f"{folder}/scores: no scores yet ({waiting}); try again later")
    fits = read_fits(_folder(folder, state.key) for state in states if state.ended)
    kept = scores[[Key(*key) in scored for key in scores[FIT].itertuples(index=False)]]
    pending = [state for state in states if state.key not in scored]
    unfitted = [_unfitted(state.key, list(fits)) for state in pending if not state.ended]
    rows = [row for state in pending for row in _pending_scores(benchmark, kept, state)]
    results = assemble(
        _stack(kept, pd.DataFrame(rows, columns=SCORES)),
        _stack(fits, pd.DataFrame(unfitted, columns=list(fits))),
        methods,
        benchmark.config.get("budget", "full"),
        benchmark.studies,
    )
    ranked = results[results["study"] == ""]
    cells = len({state.key[:2] for state in states})
    return Partial(results, ranked, _missing(states, scored), cells)


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
    waiting, cells = partial.missing["waiting"], len(partial.missing)
    lines = [f"{partial.words} are scored"]
    if not cells:
        return f"{lines[0]}; the run's own tables hold the same"
    lines.append(
        f"{cells} cells are pending: {waiting.sum()} fits of {(waiting > 0).sum()} of them have"
        f" ended and wait for scoring, {partial.missing['not_run'].sum()} fits are still to be run"
    )
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


def _scores(benchmark: Benchmark, folder: Path) -> pd.DataFrame:
    """All scores there are of cells, seeds and clusterers that the configuration asks for."""
    cells = product(benchmark.datasets, benchmark.chosen)
    paths = [folder / f"scores/{dataset}/{method}.parquet" for dataset, method in cells]
    there = [path for path in paths if path.is_file()]
    scores = read_scores(there) if there else pd.DataFrame(columns=SCORES)
    wanted = {tuple(key) for key in matrix(benchmark)}
    asked = [
        tuple(key) in wanted and clusterer in benchmark.config["clusterers"]
        for *key, clusterer in scores[[*FIT, "clusterer"]].itertuples(index=False)
    ]
    return scores.loc[asked, SCORES]


def _pending_scores(
    benchmark: Benchmark, scores: pd.DataFrame, state: FitState
) -> list[dict[str, Any]]:
    key, config = state.key, benchmark.config
    alike = scores[scores["dataset"] == key.dataset]
    given = benchmark.datasets[key.dataset]["n_domains"]
    numbers = alike["n_domains"].unique() if len(alike) else _listed(given)
    exploratory = bool(alike["exploratory"].any()) if len(alike) else isinstance(given, list)
    reason = NOT_SCORED if state.ended else NOT_RUN
    axes = product(numbers, config["clusterers"], PROTOCOLS, METRICS)
    return [
        {
            **key._asdict(),
            "n_domains": int(number),
            "clusterer": clusterer,
            "protocol": protocol,
            "metric": metric,
            "exploratory": exploratory,
            "value": float("nan"),
            "sd_clustering": float("nan"),
            "epoch": -1,
            "status": PENDING,
            "reason": reason,
        }
        for number, clusterer, protocol, metric in axes
    ]


def _listed(n_domains: Any) -> list[int]:
    if n_domains is None:  # the labels tell, which nobody has looked at yet
        return [NO_NUMBER]
    return n_domains if isinstance(n_domains, list) else [n_domains]


def _unfitted(key: Key, columns: list[str]) -> dict[str, Any]:
    nothing = dict.fromkeys(columns)
    return {**nothing, **key._asdict(), "status": PENDING, "reason": NOT_RUN}


def _missing(states: list[FitState], scored: set[Key]) -> pd.DataFrame:
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
    cells = pd.DataFrame(facts).groupby(_CELL, sort=False, as_index=False).sum()
    return cells[cells["waiting"] + cells["not_run"] > 0].reset_index(drop=True)


def _folder(root: Path, key: Key) -> Path:
    return root / "fits" / key.dataset / key.method / f"seed{key.seed}"


def _stack(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """One table above the other; what has no value in one does not count for the types."""
    full = [table.dropna(axis=1, how="all") for table in (one, other) if len(table)]
    names = list(dict.fromkeys([*one, *other]))
    return pd.concat(full, ignore_index=True).reindex(columns=names) if full else one
