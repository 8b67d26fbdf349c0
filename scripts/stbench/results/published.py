"""Published scores for the same methods and datasets, compared with measured scores."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from stbench.common.constants import ORACLE_CLUSTERER
from stbench.common.errors import InputError
from stbench.results.aggregates import score_table
from stbench.results.assembly import in_order
from stbench.results.confidence import Noise, interval
from stbench.results.formatting import count
from stbench.results.tuning import Published, with_published

COLUMNS = ["dataset", "method", "metric", "mean", "sd", "n", "source"]
_ENTRY = ["dataset", "method", "metric"]
COMPARED = [
    *(*_ENTRY, "settings", "clusterer", "protocol"),
    *("measured", "measured_sd", "sd_clustering", "n"),
    *("published", "published_sd", "published_n", "difference", "low", "high", "verdict"),
    *("assumed", "source", "status", "reason"),
]

_FOUND = ["difference", "low", "high", "verdict", "assumed"]
AGREES, DIFFERS, NO_VERDICT = "agrees", "differs", "cannot be compared"
_FEWEST_SEEDS = 3  # whose own spread is used; that of two may be small by chance
RUNS_IF_UNKNOWN = 10  # SDMBench, the only source without n, reports means of up to 10 runs


def read_published(path: str | Path) -> pd.DataFrame:
    """Read a table of published scores.

    Raises:
        InputError: the file is missing or lacks a column.
    """
    return read_table_of(path, COLUMNS)


def read_table_of(path: str | Path, columns: list[str]) -> pd.DataFrame:
    """Read these columns of a table of the repository.

    Raises:
        InputError: the file is missing or lacks a column.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; restore it from the repository")
    table = pd.read_csv(path, dtype={"dataset": str, "method": str, "source": str})
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(f"{path}: the column {missing[0]!r} is missing")
    return table[columns]


def published_vs_measured(
    results: pd.DataFrame, published: pd.DataFrame, tuned: Published | None = None
) -> pd.DataFrame:
    """The difference of each measured score from each published one, with Welch's interval.

    Publications use different clusterers, so every clusterer is compared at the last epoch, and
    k-means with one start also at the best one, as in STAGUE's paper.

    Args:
        results: of ``stbench.results.assembly.assemble``.
        published: of ``read_published``.
        tuned: entries with published settings, which replace the default ones (``with_published``).

    Returns:
        One row per dataset, method, metric, clusterer, protocol and source with a published score:
        ``settings`` (``default`` or ``published``), ``measured``, ``measured_sd``,
        ``sd_clustering``, ``n``, ``published``, ``published_sd``, ``published_n``,
        ``difference`` (measured minus published) with its 95 % interval ``low``, ``high``,
        ``verdict`` (``agrees`` if the interval contains zero, ``differs``, or ``cannot be
        compared: <reason>``), ``assumed`` (what the interval assumes of an incomplete source),
        ``source``, and ``status`` and ``reason`` where nothing was measured. A method without a
        published score on a dataset with other published scores has rows for ARI.
    """
    rows = with_published(results, tuned or {})
    with_truth = rows[~rows["exploratory"]]
    of_oracle = with_truth[with_truth["clusterer"] == ORACLE_CLUSTERER]
    measured = pd.concat(
        score_table(part, metric, protocol).assign(metric=metric, protocol=protocol)
        for metric in sorted(published["metric"].unique())
        for protocol, part in (("final", with_truth), ("oracle", of_oracle))
    )
    facts = with_truth[["dataset", "method", "settings", "tissue"]].drop_duplicates()
    measured = _with_pooled(measured.merge(facts, on=["dataset", "method"]))
    measured = measured.rename(columns={"mean": "measured", "sd": "measured_sd"})
    names = {"mean": "published", "sd": "published_sd", "n": "published_n"}
    table = measured.merge(published.rename(columns=names), on=_ENTRY, how="left")
    controls = results.loc[results["control"], "method"].unique()
    unpublished = (
        (table["metric"] == "ARI")
        & table["dataset"].isin(published["dataset"])
        & ~table["method"].isin(controls)
    )
    table = table[table["source"].notna() | unpublished].fillna({"source": ""})
    found = [_compared(row) for _, row in table.iterrows()]
    compared = pd.DataFrame(found, index=table.index, columns=_FOUND)
    table = pd.concat([table, compared], axis=1)[COMPARED]
    return in_order(table, [*_ENTRY, "clusterer", "protocol"])


def _compared(row: pd.Series) -> dict[str, object]:
    """``difference``, ``low``, ``high``, ``verdict`` and ``assumed`` of one row."""
    missing = {"difference": np.nan, "low": np.nan, "high": np.nan, "assumed": ""}
    for side in ("published", "measured"):
        if pd.isna(row[side]):
            return {**missing, "verdict": f"{NO_VERDICT}: not {side}"}
    difference = row["measured"] - row["published"]
    noises, assumed = _noises(row)
    if not noises:
        reason = f"{NO_VERDICT}: neither side has a spread"
        return {**missing, "difference": difference, "verdict": reason, "assumed": assumed}
    low, high = interval(difference, noises)
    return {
        "difference": difference,
        "low": low,
        "high": high,
        "verdict": AGREES if low <= 0 <= high else DIFFERS,
        "assumed": assumed,
    }


def _with_pooled(measured: pd.DataFrame) -> pd.DataFrame:
    """Adds the spread over seeds of a method on all its tissues of one kind together.

    Returns:
        With ``pooled_sd`` of each method, settings, kind of tissue, metric, clusterer and protocol,
        and its degrees of freedom ``pooled_df``: a mean of variances with the weights of their own.
    """
    degrees = (measured["n"] - 1).where(measured["sd"].notna(), 0).clip(lower=0)
    sums = pd.DataFrame({"squares": degrees * measured["sd"].fillna(0) ** 2, "df": degrees})
    names = ("method", "settings", "tissue", "metric", "clusterer", "protocol")
    sums = sums.groupby([measured[name] for name in names]).transform("sum")
    pooled = np.sqrt(sums["squares"] / sums["df"].where(sums["df"] > 0))
    return measured.assign(pooled_sd=pooled, pooled_df=sums["df"])


class _Spread(NamedTuple):
    """An sd over training seeds, its degrees of freedom, and what it assumes."""

    sd: float
    degrees: float
    assumed: str = ""


def _spread(row: pd.Series, published: _Spread | None) -> _Spread | None:
    """The measured spread over seeds; None if it is not known.

    That of one or two seeds may be small by chance, so it is at least that of the method on all its
    tissues or, where that is not known, the published one.
    """
    sd, n = row["measured_sd"], int(row["n"])
    own = _Spread(sd, n - 1) if n > 1 else None
    if n >= _FEWEST_SEEDS:
        return own
    other = published
    if row["pooled_df"] >= _FEWEST_SEEDS - 1 and row["pooled_sd"] > 0:
        least = "at least " if own else ""
        words = f"sd of {count(n, 'measured seed')}: {least}that of all its tissues"
        other = _Spread(row["pooled_sd"], row["pooled_df"], words)
    known = [spread for spread in (own, other) if spread is not None and spread.sd > 0]
    return max(known, key=lambda spread: spread.sd, default=None)


def _noises(row: pd.Series) -> tuple[list[Noise], str]:
    """The noise of both means, and what is assumed; no noise if neither side has a spread.

    A side without a spread, such as a single run, is assumed to have that of the other side. An sd
    of exactly zero over published runs means one seed that was repeated.
    """
    n, runs, assumed = int(row["n"]), row["published_n"], []
    if pd.isna(runs):
        runs = RUNS_IF_UNKNOWN
        assumed.append(f"n unknown: {runs} runs")
    if row["published_sd"] == 0 and runs > 1:
        runs = 1
        assumed.append("published sd 0: one seed, repeated")
    theirs = None
    if runs > 1 and pd.notna(row["published_sd"]):
        words = f"measured sd {'at least ' if n > 1 else 'unknown: '}as published"
        theirs = _Spread(row["published_sd"], runs - 1, words)
    ours = _spread(row, theirs)
    if ours is not None and ours.assumed:
        assumed.append(ours.assumed)
    if theirs is not None and ours is not None:
        if ours is theirs:
            return [Noise(theirs.sd**2 * (1 / n + 1 / runs), theirs.degrees)], "; ".join(assumed)
        both = [Noise(theirs.sd**2 / runs, theirs.degrees), Noise(ours.sd**2 / n, ours.degrees)]
        return both, "; ".join(assumed)
    if ours is not None and ours.sd > 0:
        assumed.append("published sd unknown: as measured")
        return [Noise(ours.sd**2 * (1 / n + 1 / runs), ours.degrees)], "; ".join(assumed)
    return [], "; ".join(assumed)
