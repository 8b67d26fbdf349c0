"""What explains a score: shares of the variance of the final ARI.

Sums of squares of type II (each source is adjusted for all others that are not nested with it) of
linear models, divided by the total sum of squares. Shares therefore need not add up to 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from stbench.clustering.stage import LABELS_ONLY
from stbench.common.constants import NO_TRAINING
from stbench.ranking.selection import OWN, ranked_methods
from stbench.results.assembly import PUBLISHED_SETTINGS
from stbench.results.formatting import count, joined

TRAINED, SMOOTHED, CLUSTERED = "trained", "smoothed", "clustered"
# Facts within tissues, with their columns; several columns are one source.
WITHIN_TISSUE = {
    "kind": ["same_label", "in_layers"],
    "technology": ["technology"],
    "spots": ["spots"],
    "cells": ["cells"],
}
MAIN = ("tissue", "method", "clusterer", "settings")
_ENTRY = list(MAIN)
_SHUFFLES = 200
_FEWEST_UNITS = 3  # to leave one out


def classes_of_methods(results: pd.DataFrame) -> pd.Series:
    """How each method works, by id.

    ``trained``: it trains a network or another model in epochs. ``clustered``: it gives labels
    without an embedding and without training. ``smoothed``: it gives an embedding without training.
    """
    reasons = results.groupby("method")["reason"].agg(set)
    untrained = results[results["protocol"] == "untrained"].groupby("method")["reason"].agg(set)
    return pd.Series(
        {
            method: TRAINED
            if NO_TRAINING not in untrained.get(method, set())
            else (CLUSTERED if LABELS_ONLY in said else SMOOTHED)
            for method, said in reasons.items()
        }
    )


def runs_of(results: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """One row for each final ARI of a ranked method or of one with published settings.

    The clusterer ``own`` is left out, because it is no choice. Labels of a method itself, which are
    the same under every clusterer, have one row, under the first clusterer.

    Args:
        results: of one kind of tissue, with studies.
        facts: of ``stbench.verdict.tissues.tissue_facts``.

    Returns:
        ``tissue``, ``unit``, ``method``, ``class``, ``clusterer``, ``settings``, ``seed``, ``ARI``,
        and the facts of the tissue; ``cells`` as log10.
    """
    tuned = results["study"] == PUBLISHED_SETTINGS
    chosen = results["method"].isin(ranked_methods(results)) & (results["study"] == "") | tuned
    rows = results[
        chosen
        & (results["metric"] == "ARI")
        & (results["protocol"] == "final")
        & (results["clusterer"] != OWN)
        & ~results["exploratory"]
        & results["value"].notna()
    ]
    method = rows["method"].str.partition("__")[0]
    table = pd.DataFrame(
        {
            "tissue": rows["dataset"],
            "unit": rows["unit"],
            "method": method,
            "class": method.map(classes_of_methods(results)),
            "clusterer": rows["clusterer"],
            "settings": np.where(tuned[rows.index], "published", "default"),
            "seed": rows["seed"],
            "ARI": rows["value"],
        }
    )
    # Labels of a method itself are the same under every clusterer: one run.
    copies = table.duplicated(["tissue", "method", "settings", "seed"])
    table = table[~(copies & (rows["reason"] == LABELS_ONLY))]
    known = facts.assign(cells=np.log10(facts["cells"])).drop(columns="kind")
    return table.merge(known, left_on="tissue", right_index=True).reset_index(drop=True)


def explained(runs: pd.DataFrame) -> pd.DataFrame:
    """The share of the variance of the final ARI that each source explains.

    Args:
        runs: of ``runs_of``, at least two rows that differ.

    Returns:
        One row per source: ``source``, ``within`` (the source that it is a part of, or empty),
        ``levels`` (distinct values), ``share`` of the total sum of squares, its range ``low``,
        ``high`` when one study is left out (NaN for fewer than three studies; a bootstrap of few
        studies repeats whole tissues, which lowers the share of the tissue and raises the others),
        and ``by_chance``: what a source of this many levels explains on
        average if studies exchange the values of their tissues, or methods theirs (NaN for other
        sources).

        ``tissue``, ``method``, ``clusterer``, ``settings`` are main effects. ``kind`` (share of
        neighbors with the same true label, and of borders between layers), ``technology``,
        ``spots`` (or single cells) and ``cells`` are each alone in place of ``tissue``, ``class``
        in place of ``method``. ``method x tissue`` is the interaction, ``seed`` the differences
        between training seeds, ``rest`` other interactions.
    """
    shares = _shares(runs)
    table = pd.DataFrame({"share": shares}).rename_axis("source").reset_index()
    parts = {**dict.fromkeys(WITHIN_TISSUE, "tissue"), "class": "method"}
    table.insert(1, "within", [parts.get(name, "") for name in table["source"]])
    table.insert(2, "levels", [_levels(runs, name) for name in table["source"]])
    table["low"], table["high"] = _ranges(runs, list(table["source"]))
    chance = _by_chance(runs, [name for name in table["source"] if name in parts])
    table["by_chance"] = table["source"].map(chance).astype("float64")
    return table


def explained_sentences(table: pd.DataFrame, runs: pd.DataFrame) -> list[str]:
    """Three sentences: tissue and method; what is within them; the choices of the benchmark.

    Args:
        table: of ``explained``.
        runs: what it was computed from.
    """
    rows = table.set_index("source")
    studies, tissues = runs["unit"].nunique(), runs["tissue"].nunique()
    where = f"{count(tissues, 'tissue')} of {count(studies, 'study', 'studies')}"
    first = [
        f"the {name} explains {_share(rows.loc[source])}"
        for source, name in (("tissue", "tissue"), ("method", "method"))
        if source in rows.index
    ]
    if "method x tissue" in rows.index:
        first.append(f"which method suits which tissue {_share(rows.loc['method x tissue'])}")
    parts = [
        f"{words} {_share(rows.loc[source])} ({_percent(rows.loc[source, 'by_chance'])} by chance)"
        for source, words in (
            ("kind", "how its domains are laid out"),
            ("technology", "its technology"),
            ("spots", "whether it has spots or single cells"),
            ("cells", "its number of cells"),
            ("class", "whether a method trains, smooths or clusters"),
        )
        if source in rows.index
    ]
    both = int((runs.groupby("method")["settings"].nunique() > 1).sum())
    choices = [
        f"the {name} {_share(rows.loc[source])}"
        for source, name in (
            ("clusterer", "clusterer"),
            ("settings", f"settings (default or published, of {count(both, 'method')})"),
            ("seed", "training seed"),
        )
        if source in rows.index
    ]
    if "rest" in rows.index and {"clusterer", "settings"} & set(rows.index):
        choices.append(f"which choice suits which method and tissue {_share(rows.loc['rest'])}")
    found = [
        f"Of the variance of the final ARI over {len(runs)} runs on {where}, {joined(first)}.",
        f"Of the same variance, each alone, {joined(parts)}." if parts else "",
        f"Of the choices of a benchmark, {joined(choices)}." if choices else "",
    ]
    return [sentence for sentence in found if sentence]


def _shares(runs: pd.DataFrame) -> dict[str, float]:
    total = _squares(runs["ARI"])
    if not total:
        return {}
    entries = _means(runs)
    main = [name for name in MAIN if entries[name].nunique() > 1]
    found = {}
    for name in MAIN:
        if name in main:
            others = [other for other in main if other != name]
            found[name] = _added(entries, others, [name])
        if name == "tissue" and name in main:
            for fact, columns in WITHIN_TISSUE.items():
                if entries[columns].notna().all(axis=None) and _vary(entries, columns):
                    found[fact] = _added(entries, others, columns)
        if name == "method" and name in main and entries["class"].nunique() > 1:
            found["class"] = _added(entries, others, ["class"])
    if {"tissue", "method"} <= set(main):
        cells = entries["tissue"] + "\n" + entries["method"]
        choices = [name for name in ("clusterer", "settings") if name in main]
        inside = _left_within(entries, cells, choices)
        found["method x tissue"] = _left(entries, main) - inside
        found["rest"] = inside
    if runs.duplicated(_ENTRY).any():
        within = runs["ARI"] - runs.groupby(_ENTRY)["ARI"].transform("mean")
        found["seed"] = float((within**2).sum())
    return {name: max(value, 0.0) / total for name, value in found.items()}


def _means(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per entry: its mean ARI; ``seed`` is the number of its seeds."""
    facts = {column: "first" for columns in WITHIN_TISSUE.values() for column in columns}
    return runs.groupby(_ENTRY, sort=False, as_index=False).agg(
        {"ARI": "mean", "seed": "size", "class": "first", "unit": "first", **facts}
    )


def _vary(entries: pd.DataFrame, columns: Sequence[str]) -> bool:
    return bool((entries[list(columns)].nunique() > 1).any())


def _squares(values: pd.Series) -> float:
    return float(((values - values.mean()) ** 2).sum())


def _added(entries: pd.DataFrame, others: list[str], columns: Sequence[str]) -> float:
    """The sum of squares that columns explain beyond others."""
    return _left(entries, others) - _left(entries, [*others, *columns])


def _design(entries: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Indicators of texts, numbers as they are, and a constant."""
    parts = [np.ones((len(entries), 1))]
    for name in columns:
        if pd.api.types.is_numeric_dtype(entries[name]):
            values = entries[name].to_numpy(dtype=float)
            parts.append((values - values.mean())[:, None])
        else:
            codes, levels = pd.factorize(entries[name])
            parts.append(np.eye(len(levels))[codes][:, 1:])
    return np.hstack(parts)


def _left(entries: pd.DataFrame, columns: Sequence[str]) -> float:
    """Residual sum of squares of the means of entries, each with the weight of its seeds."""
    root = np.sqrt(entries["seed"].to_numpy(dtype=float))
    return _residual(_design(entries, columns) * root[:, None], entries["ARI"].to_numpy() * root)


def _left_within(entries: pd.DataFrame, groups: pd.Series, columns: Sequence[str]) -> float:
    """As ``_left``, with a mean of its own for each group."""
    weights = entries["seed"].to_numpy(dtype=float)
    values = np.column_stack([_design(entries, columns)[:, 1:], entries["ARI"].to_numpy()])
    sums = pd.DataFrame(values * weights[:, None]).groupby(groups.to_numpy()).transform("sum")
    of_group = pd.Series(weights).groupby(groups.to_numpy()).transform("sum").to_numpy()
    centered = (values - sums.to_numpy() / of_group[:, None]) * np.sqrt(weights)[:, None]
    return _residual(centered[:, :-1], centered[:, -1])


def _residual(design: np.ndarray, values: np.ndarray) -> float:
    """Residual sum of squares by the normal equations, which are small."""
    moments = design.T @ values
    fitted = moments @ np.linalg.pinv(design.T @ design, hermitian=True) @ moments
    return float(values @ values - fitted)


def _ranges(runs: pd.DataFrame, sources: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest share when one study is left out."""
    units = runs["unit"].unique()
    if len(units) < _FEWEST_UNITS:
        unknown = np.full(len(sources), np.nan)
        return unknown, unknown
    without = [_shares(runs[runs["unit"] != unit].reset_index(drop=True)) for unit in units]
    found = np.array([[shares.get(name, 0.0) for name in sources] for shares in without])
    return found.min(axis=0), found.max(axis=0)


def _by_chance(runs: pd.DataFrame, sources: Sequence[str]) -> dict[str, float]:
    """Mean shares when studies exchange the facts of their tissues, or methods their classes.

    Sections of one study are alike, so single sections cannot exchange facts.
    """
    rng = np.random.default_rng(0)
    entries, total = _means(runs), _squares(runs["ARI"])
    root = np.sqrt(entries["seed"].to_numpy(dtype=float))[:, None]
    found = {}
    for source in sources:
        columns = WITHIN_TISSUE.get(source, ["class"])
        key = "tissue" if source in WITHIN_TISSUE else "method"
        others = [name for name in MAIN if name != key and entries[name].nunique() > 1]
        base = _design(entries, others) * root
        inverse = np.linalg.pinv(base.T @ base, hermitian=True)

        def rest(values: np.ndarray, base=base, inverse=inverse) -> np.ndarray:
            return values - base @ (inverse @ (base.T @ values))

        left = rest(entries["ARI"].to_numpy() * root[:, 0])
        codes, names = pd.factorize(entries[key])
        firsts = entries.drop_duplicates(key).set_index(key).loc[names]
        known = _design(firsts, columns)[:, 1:]
        units = firsts["unit"] if key == "tissue" else pd.Series(names)
        members = [np.flatnonzero(units == unit) for unit in units.unique()]
        shares = []
        for _ in range(_SHUFFLES):
            shuffled = rest(known[_exchanged(members, rng)][codes] * root)
            shares.append((left @ left - _residual(shuffled, left)) / total)
        found[source] = float(np.mean(shares))
    return found


def _exchanged(members: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """For each item, one of the group whose place its own takes, in order, with repeats."""
    taken = np.empty(sum(map(len, members)), dtype=int)
    for own, other in zip(members, rng.permutation(len(members)), strict=True):
        taken[own] = np.resize(members[other], len(own))
    return taken


def _levels(runs: pd.DataFrame, source: str) -> int:
    if source == "method x tissue":
        return runs.groupby(["tissue", "method"]).ngroups
    columns = WITHIN_TISSUE.get(source, [source])
    return 0 if source == "rest" else runs.groupby(columns).ngroups


def _share(row: pd.Series) -> str:
    ends = "" if pd.isna(row["low"]) else f" [{_percent(row['low'])}, {_percent(row['high'])}]"
    return _percent(row["share"]) + ends


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
