"""Tables of the results: means, gains, lifts, run times, statuses.

An entry is a method on a dataset under a clusterer (and a number of domains, if several are
requested). An entry without a value always has a status and a reason. ``sd`` is taken over training
seeds (ddof 1, empty for one seed), ``sd_clustering`` is the root mean square over those seeds of
the sd over clusterings. A score of all training seeds together has n = 1.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from stbench.common.constants import PROTOCOLS
from stbench.results.assembly import FIT, in_order, one_row_per_fit
from stbench.results.statistics import (
    Difference,
    Sample,
    difference,
    holm,
    paired_difference,
    verdict,
)
from stbench.scoring.metrics import METRICS

ENTRY = ["dataset", "method", "clusterer", "n_domains", "exploratory"]
BASELINE = "smoothed_pca"
NO_BASELINE = f"{BASELINE} was not run"

_SCORE = ["mean", "sd", "n", "sd_clustering", "status", "reason"]
_GAIN = ["mean", "sd", "n", "low", "high", "p", "p_holm", "verdict", "status", "reason"]
LIFT = [name for name in _GAIN if name != "sd"]
_NO_INTERVAL = "no interval: too few seeds, seeds that agree, or an unknown noise of cells"


def final_rows(results: pd.DataFrame, clusterer: str) -> pd.DataFrame:
    """The rows of the final ARI on data with a truth: one per dataset, method and training seed."""
    return results[
        (results["metric"] == "ARI")
        & (results["protocol"] == "final")
        & (results["clusterer"] == clusterer)
        & ~results["exploratory"]
    ]


def all_tables(results: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Every table but the leaderboard, by file name without ending."""
    return {
        **score_tables(results),
        "gain": gain_table(results),
        "lift": lift_table(results),
        "runtime": runtime_table(results),
        "status": status_table(results),
    }


def score_tables(
    results: pd.DataFrame, metrics: Collection[str] = tuple(METRICS)
) -> dict[str, pd.DataFrame]:
    """``score_table`` of these metrics under every protocol, by ``<metric>_<protocol>``."""
    kinds = ["metric", "protocol"]
    table = _scores(results[results["metric"].isin(metrics)], [*kinds, *ENTRY])
    parts = {kind: part.drop(columns=kinds) for kind, part in table.groupby(kinds, sort=False)}
    nothing = table.iloc[:0].drop(columns=kinds)
    return {
        f"{metric}_{protocol}": parts.get((metric, protocol), nothing).reset_index(drop=True)
        for metric in metrics
        for protocol in PROTOCOLS
    }


def score_table(results: pd.DataFrame, metric: str, protocol: str) -> pd.DataFrame:
    """Mean and spread of one metric under one protocol, one row per entry."""
    return _scores(_select(results, metric, protocol), ENTRY)


def _scores(results: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean and spread over seeds of each group of rows."""
    rows = results.assign(variance=results["sd_clustering"] ** 2)
    grouped = rows.groupby(keys, sort=False)
    table = grouped.agg(
        mean=("value", "mean"), sd=("value", "std"), n=("value", "count"), v=("variance", "mean")
    )
    table["sd_clustering"] = np.sqrt(table["v"])
    kinds = [key for key in keys if key not in ENTRY]
    return _finish(table.join(_statuses(rows, keys)), [*kinds, *_SCORE])


def gain_table(results: pd.DataFrame) -> pd.DataFrame:
    """The effect of training on the ARI: final minus untrained, paired by training seed.

    Intervals and ``p`` are those of ``stbench.results.statistics``; ``p_holm``, on which the
    verdict is based, is corrected as ``differences`` says.
    """
    keys = [*ENTRY, "seed", "tissue", "study"]
    pairs = _select(results, "ARI", "final").merge(
        _select(results, "ARI", "untrained"), on=keys, how="outer", suffixes=("", "_before")
    )
    # The reason is that of the protocol without a value.
    missing = pairs["value"].isna()
    for column in ("status", "reason"):
        pairs[column] = pairs[column].where(missing, pairs[f"{column}_before"])
    both = pairs.dropna(subset=["value", "value_before"])
    rows = {
        entry: paired_difference(sample_of(group), sample_of(group, "_before"))
        for entry, group in both.groupby(ENTRY, sort=False)
    }
    return differences(rows, pairs, _GAIN)


def lift_table(results: pd.DataFrame, no_baseline: str = NO_BASELINE) -> pd.DataFrame:
    """Final ARI minus that of the control ``smoothed_pca``, a reference without training.

    Intervals, ``p`` and ``p_holm`` are as in ``gain_table``. They are empty if a side that depends
    on its seed has a single one.

    Args:
        results: of ``stbench.results.assembly.assemble``.
        no_baseline: the reason for a missing lift on a dataset without results of the control.
    """
    final = _select(results, "ARI", "final").copy()
    samples = {
        entry: sample_of(group)
        for entry, group in final.dropna(subset=["value"]).groupby(ENTRY, sort=False)
    }
    baseline_reasons = _baseline_reasons(final)
    rows, missing = {}, {}
    for entry in final.groupby(ENTRY, sort=False).groups:
        dataset, method, *rest = entry
        baseline = (dataset, BASELINE, *rest)
        if method == BASELINE:
            missing[entry] = "the control itself"
        elif entry in samples and baseline in samples:
            rows[entry] = difference(samples[entry], samples[baseline])
        elif entry in samples:
            missing[entry] = baseline_reasons.get(baseline, no_baseline)
    for entry, reason in missing.items():
        of_entry = (final[ENTRY] == list(entry)).all(axis=1)
        final.loc[of_entry, ["status", "reason"]] = ["not_applicable", reason]
    return differences(rows, final, LIFT)


def sample_of(rows: pd.DataFrame, suffix: str = "") -> Sample:
    """The scores of one entry, one row per training seed.

    Args:
        rows: with the columns ``value``, ``sd_clustering``, ``blocks`` and ``deterministic``, their
            names with this ``suffix``.
    """
    values, spreads = (rows[f"{name}{suffix}"].to_numpy() for name in ("value", "sd_clustering"))
    blocks = list(rows[f"blocks{suffix}"])
    known = all(np.ndim(parts) for parts in blocks)  # None, or NaN where tables were stacked
    return Sample(
        values,
        spreads,
        np.stack(blocks) if known and blocks else None,
        bool(rows[f"deterministic{suffix}"].all()),
    )


def methods_that_ran(results: pd.DataFrame) -> list[str]:
    """Methods with a fit that was started on any dataset.

    A method whose environment is missing is ``not_applicable`` everywhere: it is listed with its
    reason, not ranked.
    """
    started = results["fit_status"] != "not_applicable"
    return list(dict.fromkeys(results.loc[started, "method"]))


def runtime_table(results: pd.DataFrame) -> pd.DataFrame:
    """Seconds (mean, sd) and peak memory (largest) of the fits per dataset and method.

    ``gpu_seconds`` is the mean over the fits that used a GPU, empty if none did. The time in which
    a fit found out that it is not applicable does not count.
    """
    fits = _fits(results)
    costs = ["seconds", "peak_rss_mb", "peak_gpu_mb"]
    fits[costs] = fits[costs].where(fits["status"] != "not_applicable")
    fits["gpu_seconds"] = fits["seconds"].where(fits["device"] == "cuda")
    keys = ["dataset", "method"]
    table = fits.groupby(keys, sort=False).agg(
        seconds=("seconds", "mean"),
        seconds_sd=("seconds", "std"),
        n=("seconds", "count"),
        gpu_seconds=("gpu_seconds", "mean"),
        peak_rss_mb=("peak_rss_mb", "max"),
        peak_gpu_mb=("peak_gpu_mb", "max"),
        device=("device", lambda names: " ".join(sorted(set(names) - {""}))),
    )
    table = table.join(_statuses(fits, keys)).reset_index()
    return in_order(table, keys)


def status_table(results: pd.DataFrame) -> pd.DataFrame:
    """Status and reason of every fit."""
    return _fits(results)[["dataset", "method", "seed", "status", "reason"]]


def fold_statuses(statuses: Sequence[str]) -> str:
    """One status if all agree, otherwise the number of each failure: ``oom 1/5``."""
    if len(set(statuses)) == 1:
        return statuses[0]
    others = dict.fromkeys(status for status in statuses if status != "ok")
    return ", ".join(f"{name} {statuses.count(name)}/{len(statuses)}" for name in others)


def fold_reasons(seeds: Sequence[int], reasons: Sequence[str]) -> str:
    """One reason if all agree, otherwise each reason with its seeds."""
    if len(set(reasons)) == 1:
        return reasons[0]
    by_reason: dict[str, list[str]] = {}
    for seed, reason in zip(seeds, reasons, strict=True):
        if reason:
            by_reason.setdefault(reason, []).append(str(seed))
    return "; ".join(
        f"seed{'s' * (len(names) > 1)} {', '.join(names)}: {reason}"
        for reason, names in by_reason.items()
    )


def _select(results: pd.DataFrame, metric: str, protocol: str) -> pd.DataFrame:
    chosen = (results["metric"] == metric) & (results["protocol"] == protocol)
    columns = [*ENTRY, "seed", "tissue", "study", "value", "sd_clustering", "blocks"]
    columns += ["deterministic", "status", "reason"]
    return results.loc[chosen, columns]


def _fits(results: pd.DataFrame) -> pd.DataFrame:
    fits = one_row_per_fit(results).drop(columns=["status", "reason"])
    fits = fits.rename(columns={"fit_status": "status", "fit_reason": "reason"})
    return in_order(fits, FIT)


def _statuses(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Status and reason of each group of rows, which has one row per seed."""
    groups: dict[tuple, list[tuple]] = {}
    columns = (rows[name] for name in [*keys, "seed", "status", "reason"])
    for *key, seed, status, reason in zip(*columns, strict=True):
        groups.setdefault(tuple(key), []).append((seed, status, reason))
    folded = {
        key: (fold_statuses(statuses), fold_reasons(seeds, reasons))
        for key, group in groups.items()
        for seeds, statuses, reasons in [zip(*group, strict=True)]
    }
    index = pd.MultiIndex.from_tuples(list(folded), names=keys)
    return pd.DataFrame(list(folded.values()), index=index, columns=["status", "reason"])


def differences(
    rows: Mapping[tuple, Difference], pairs: pd.DataFrame, columns: list[str]
) -> pd.DataFrame:
    """Differences with the statuses of their entries; entries without one keep their reason.

    ``p_holm`` is for all entries of one kind of tissue under one clusterer, which are ranked apart.
    Entries of a study, such as variants of a method, are no part of the ranking and have a family
    of their own.
    """
    table = _statuses(pairs, ENTRY)
    numbers = ["mean", "sd", "n", "low", "high", "p"]
    facts = [[getattr(result, name) for name in numbers] for result in rows.values()]
    index = pd.MultiIndex.from_tuples(list(rows), names=ENTRY) if rows else table.index[:0]
    found = pd.DataFrame(facts, index=index, columns=numbers, dtype="float64")
    tissues = pairs.drop_duplicates("dataset").set_index("dataset")["tissue"]
    kinds = index.get_level_values("dataset").map(tissues)
    studies = pairs.drop_duplicates(["dataset", "method"]).set_index(["dataset", "method"])["study"]
    study = index.droplevel([name for name in ENTRY if name not in studies.index.names])
    keys = [index.get_level_values("clusterer"), kinds, studies.reindex(study).to_numpy()]
    family = found.groupby(keys, dropna=False)["p"]
    found["p_holm"] = family.transform(lambda p: holm(p.to_numpy()))
    words = map(verdict, found["mean"], found["p_holm"])
    found["verdict"] = pd.Series(list(words), index=index, dtype="str")
    found["note"] = np.where(found["p"].isna(), _NO_INTERVAL, "")
    table = table.join(found)
    table["n"] = table["n"].fillna(0).astype(int)
    table["verdict"] = table["verdict"].fillna("")
    notes = zip(table["reason"], table["note"].fillna(""), strict=True)
    table["reason"] = ["; ".join(filter(None, parts)) for parts in notes]
    return _finish(table, columns)


def _finish(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    table = table.reset_index()
    order = ["dataset", "method", "clusterer", *columns, "n_domains", "exploratory"]
    return in_order(table[order], ["dataset", "method", "clusterer", "n_domains"])


def _baseline_reasons(final: pd.DataFrame) -> dict[tuple, str]:
    rows = final[final["method"] == BASELINE]
    if not len(rows):
        return {}
    folded = _statuses(rows, ENTRY)
    return {
        entry: f"{BASELINE}: {status}: {reason}".rstrip(": ")
        for entry, status, reason in zip(
            folded.index, folded["status"], folded["reason"], strict=True
        )
    }
