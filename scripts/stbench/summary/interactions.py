"""Sentences about learned cell graphs and planted interactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from stbench.common.io import read_csv
from stbench.interactions.communication import TITLES
from stbench.interactions.tables import ALL, BEST, chosen_nulls
from stbench.results.formatting import Row, interval, number, signed
from stbench.results.statistics import BETTER, WITHIN_NOISE, WORSE

_WORDS = {
    "type_pair": "the type pair",
    "knn": "the kNN graph",
    "formula": "the score formula on PCA",
    "cells_and_distance": "what its cells and distances expect",
}


def sentences_of_tables(tables: Path, titles: Mapping[str, str]) -> Iterator[str]:
    """The sentences for a folder of tables; none if no cell graph was scored."""
    paths = [tables / f"interactions_{name}.csv" for name in ("auprc", "lift")]
    if all(path.is_file() for path in paths):
        auprc, lift = (read_csv(path).fillna({"reason": "", "chosen": ""}) for path in paths)
        yield from interaction_sentences(auprc, lift, {**titles, **TITLES})


def interaction_sentences(
    auprc: pd.DataFrame, lift: pd.DataFrame, titles: Mapping[str, str]
) -> Iterator[str]:
    """One paragraph for every method: comparison with distance alone, then with the best null.

    Args:
        auprc, lift: of ``stbench.interactions.tables``.
        titles: display names of the methods, by id.
    """
    for method in dict.fromkeys(lift["method"]):
        of_method = lift[lift["method"] == method]
        sentences = [
            _against(of_method, auprc, method, titles.get(method, method), effect)
            for effect in _shown_effects(of_method)
        ]
        if any(sentences):
            yield " ".join(filter(None, sentences))


def _shown_effects(lift: pd.DataFrame) -> list[str]:
    """All tissues, then those with the strongest effect if there are several effects."""
    effects = [effect for effect in dict.fromkeys(lift["effect"]) if effect != ALL]
    return [ALL, *effects[-1:]] if len(effects) > 1 else [ALL]


def _against(lift: pd.DataFrame, auprc: pd.DataFrame, method: str, title: str, effect: str) -> str:
    rows = lift[(lift["metric"] == "AUPRC") & (lift["effect"] == effect)].set_index("null")
    near, best = rows.loc["distance"].to_dict(), rows.loc[BEST].to_dict()
    if not near["tissues"]:
        return ""
    own = _height(auprc, method, effect)
    other = own - near["mean"]  # on the same tissues, also if the method failed on some
    n = int(near["tissues"])
    where = f"On {n} tissue{'s' * (n != 1)} with planted interactions"
    if effect != ALL:
        where = f"For the strongest effect ({effect}, {n} tissue{'s' * (n != 1)})"
    size = f"AUPRC {number(own)} compared with {number(other)}, lift {signed(near['mean'])}"
    chosen = ", ".join(_WORDS.get(null, null) for null in chosen_nulls(str(best["chosen"])))
    return (
        f"{where}, {_comparison(title, near)} distance alone: {size}{interval(near)}. "
        f"Its lift over the best null model of each tissue ({chosen}) is {signed(best['mean'])}"
        f"{interval(best)}."
    )


def _height(auprc: pd.DataFrame, scorer: str, effect: str) -> float:
    row = auprc[(auprc["scorer"] == scorer) & (auprc["effect"] == effect)]
    return float(row["mean"].iloc[0])


def _comparison(title: str, row: Row) -> str:
    words = {
        BETTER: "is better than",
        WORSE: "is worse than",
        WITHIN_NOISE: "cannot be distinguished from",
    }
    if row["verdict"] in words:
        return f"{title} {words[row['verdict']]}"
    alone = "tissue" if row["tissues"] == 1 else "study"
    return f"one {alone} cannot show whether {title} differs from"
