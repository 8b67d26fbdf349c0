"""How the order of methods depends on choices of the benchmark: the rank under each condition."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import pandas as pd

from stbench.ranking.ranks import complete_scores, mean_ranks, places
from stbench.ranking.selection import (
    OWN,
    by_tissue,
    competing,
    final_scores,
    mean_over_units,
    units_of,
)
from stbench.results.aggregates import score_table
from stbench.results.assembly import FEATURES
from stbench.results.formatting import count, joined

RANKING = "the ranking"
EXPRESSION = "without components"
OWN_LABELS = "own labels"
CHOICE_WORDS = "clusterer, metric and rules"  # of the benchmark, in words
FLOOR, CEILING = "random", "jittered_truth"
OTHER_METRICS = ("AMI", "NMI")
_CHOICES = ("clusterer", "metric", "policy", "aggregate")  # kinds of conditions


def rank_robustness(results: pd.DataFrame, rank_by: str) -> pd.DataFrame:
    """The place of every ranked method under every condition.

    Conditions change one choice at a time: the clusterer (also: own labels of the methods that
    give any, and for the others the clusterer that ranks), the metric, the policy for failures
    (only datasets on which every fit has a score), the aggregate (mean ARI, or mean scaled ARI, in
    place of the mean rank), the data (only datasets of expression, if others are features such as
    principal components), and the units (each is left out).

    Returns:
        ``tissue``, ``kind`` of the condition, ``condition``, ``method``, ``rank`` (empty for a
        method without a score under the condition).
    """
    tables = [
        _places_of(condition, order).assign(tissue=tissue, kind=kind)
        for tissue, rows in by_tissue(results, rank_by).items()
        for kind, condition, order in _conditions(rows, rank_by)
        if len(order)
    ]
    columns = ["tissue", "kind", "condition", "method", "rank"]
    return (
        pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)
    )


def rank_spans(robustness: pd.DataFrame) -> pd.DataFrame:
    """The best and the worst place of each method over all conditions that compare all methods.

    Under the clusterer ``own`` only some methods have a score, so the last of them may be third.

    Args:
        robustness: of ``rank_robustness``, of one kind of tissue; places are counted among the
            methods of the given rows.

    Returns:
        By method ``best`` and ``worst``.
    """
    return _among(robustness).groupby(robustness["method"]).agg(best="min", worst="max")


def _among(robustness: pd.DataFrame) -> pd.Series:
    """Places among the methods of the rows, empty where a condition does not compare all."""
    among = robustness.groupby("condition")["rank"].rank(method="min")
    compared = among.groupby(robustness["condition"]).transform("count")
    return among.where(compared == compared.max())


def other_choices(robustness: pd.DataFrame, method: str, titles: Mapping[str, str]) -> str:
    """The places of a method under other choices of the benchmark and without single units.

    Args:
        robustness: of ``rank_robustness``, of one kind of tissue and without controls.
        method: id.
        titles: display names by id.

    Returns:
        A sentence; empty if nothing else compares all methods.
    """
    table = robustness.assign(place=_among(robustness)).dropna(subset=["place"])
    units = table[table["kind"] == "unit"]
    choices = table[table["kind"].isin(_CHOICES)]
    own = choices.loc[choices["method"] == method, "place"]
    parts = []
    if len(own):
        others = count(len(own), "other choice")
        where = f"under {others} of {CHOICE_WORDS}"
        text = f"{_span(own)} {where}"
        firsts = choices.loc[choices["place"] == 1, "method"].value_counts(sort=False)
        often = firsts.index[firsts == firsts.max()]
        if own.max() > 1 and list(often) == [method]:
            text += f" (first under {firsts.max()} of them)"
        elif own.max() > 1:
            names = joined([titles[name] for name in often])
            verb = "is" if len(often) == 1 else "are"
            text += f", where {names} {verb} first most often ({count(firsts.max(), 'time')})"
        parts.append(text)
    expression = table[table["condition"] == EXPRESSION]
    own = expression.loc[expression["method"] == method, "place"]
    if len(own):
        leaders = [titles[name] for name in expression.loc[expression["place"] == 1, "method"]]
        text = f"{_span(own)} without the datasets that are principal components"
        parts.append(text + (f" ({joined(leaders)} first)" if own.max() > 1 else ""))
    left_out = units.loc[units["method"] == method, "place"]
    if len(left_out):
        parts.append(f"{_span(left_out)} when one study is left out")
    return f"{titles[method]} is {_list(parts)}." if parts else ""


def before_controls(robustness: pd.DataFrame, controls: Collection[str]) -> pd.Series:
    """By condition other than the ranking, the number of methods before the best control.

    Args:
        robustness: of ``rank_robustness``, of one kind of tissue.
        controls: ids; those that are ranked compete.

    Returns:
        Empty without ranked controls, or if no other condition compares all methods.
    """
    methods = robustness[~robustness["method"].isin(controls)]
    compared = methods.groupby("condition")["rank"].count()
    complete = robustness["condition"].map(compared) == compared.max()
    rows = robustness[(robustness["kind"] != "ranking") & complete]
    best = rows[rows["method"].isin(controls)].groupby("condition")["rank"].min().dropna()
    rows = rows[~rows["method"].isin(controls) & rows["condition"].isin(best.index)]
    return (rows["rank"] < rows["condition"].map(best)).groupby(rows["condition"]).sum()


def _list(parts: Sequence[str]) -> str:
    """``a, b, and c``, for parts that contain commas."""
    return ", ".join([*parts[:-1], f"and {parts[-1]}"]) if len(parts) > 1 else parts[0]


def _span(places: pd.Series) -> str:
    low, high = int(places.min()), int(places.max())
    if low == high:
        return "first" if low == 1 else f"at place {low}"
    return f"at places {low} to {high}"


def scaled_scores(
    results: pd.DataFrame, clusterer: str, scores: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Final ARI on a scale from 0, the control ``random``, to 1, the slightly wrong truth.

    Datasets differ in the highest ARI that can be reached; ``jittered_truth`` estimates it.

    Args:
        results: of ``stbench.results.assembly.assemble``.
        clusterer: of the scores.
        scores: (datasets, methods) to scale; those of the results when None.

    Returns:
        (datasets, methods); without datasets that lack one of the two controls.
    """
    rows = results[~results["exploratory"] & (results["clusterer"] == clusterer)]
    table = score_table(rows, "ARI", "final")
    wide = table.pivot_table(index="dataset", columns="method", values="mean", dropna=False)
    wide = wide.reindex(columns=list(dict.fromkeys([*wide.columns, FLOOR, CEILING])))
    span = wide[CEILING] - wide[FLOOR]
    span = span[span > 0]
    rows = (wide if scores is None else scores).reindex(span.index)
    return rows.sub(wide.loc[span.index, FLOOR], axis=0).div(span, axis=0)


def _conditions(results: pd.DataFrame, rank_by: str) -> Iterator[tuple[str, str, pd.Series]]:
    """Kind, name, and a value per method, the lowest for the best."""
    scores, units = final_scores(results, rank_by), units_of(results)
    yield "ranking", RANKING, mean_ranks(scores, units)
    for clusterer in sorted(set(results["clusterer"]) - {rank_by}):
        others = competing(final_scores(results, clusterer), scores)
        yield "clusterer", clusterer, mean_ranks(others, units)
    own = final_scores(results, OWN).reindex(index=scores.index)
    if own.notna().any().any():
        yield "clusterer", OWN_LABELS, mean_ranks(own.combine_first(scores), units)
    for metric in OTHER_METRICS:
        yield "metric", metric, mean_ranks(final_scores(results, rank_by, metric), units)
    common = complete_scores(final_scores(results, rank_by, policy="common"), "common")
    yield "policy", "common datasets", mean_ranks(common, units)
    complete = complete_scores(scores, "worst")
    scaled = scaled_scores(results, rank_by, complete)
    for name, table in (("mean ARI", complete), ("mean scaled ARI", scaled)):
        yield "aggregate", name, -mean_over_units(table, units)
    features = set(results.loc[results["data"] == FEATURES, "dataset"])
    expression = scores[~scores.index.isin(features)]
    if 0 < len(expression) < len(scores):
        yield "data", EXPRESSION, mean_ranks(expression, units)
    ranked_units = dict.fromkeys(units[name] for name in complete.index)
    if len(ranked_units) > 1:
        for unit in ranked_units:
            kept = scores[[units[name] != unit for name in scores.index]]
            yield "unit", f"without {unit}", mean_ranks(kept, units)


def _places_of(condition: str, order: pd.Series) -> pd.DataFrame:
    """The places of the methods; without a row if no method has one."""
    if order.isna().all():
        return pd.DataFrame({"condition": [], "method": [], "rank": []})
    ranks = places(order)
    return pd.DataFrame({"condition": condition, "method": ranks.index, "rank": ranks.to_numpy()})
