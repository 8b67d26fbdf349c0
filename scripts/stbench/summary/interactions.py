"""What the tables of planted interactions allow to be said of a learned cell graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from stbench.interactions.tables import ALL, BEST, chosen_nulls
from stbench.results.formatting import Row, interval, number, signed
from stbench.results.statistics import BETTER, SEEDS_TO_TELL

_WORDS = {"type_pair": "the type pair", "knn": "the kNN graph", "formula": "its formula on PCA"}


def sentences_of_tables(tables: Path, titles: Mapping[str, str]) -> Iterator[str]:
    """The same from a folder of tables; nothing where no cell graph was scored."""
    paths = [tables / f"interactions_{name}.csv" for name in ("auprc", "lift")]
    if all(path.is_file() for path in paths):
        texts = dict.fromkeys(("effect", "method", "reason", "chosen"), str)
        auprc, lift = (
            pd.read_csv(path, dtype=texts).fillna({"reason": "", "chosen": ""}) for path in paths
        )
        yield from interaction_sentences(auprc, lift, titles)


def interaction_sentences(
    auprc: pd.DataFrame, lift: pd.DataFrame, titles: Mapping[str, str]
) -> Iterator[str]:
    """For every method one paragraph: against distance alone, then against the best null.

    Args:
        auprc, lift: of ``stbench.interactions.tables``.
        titles: what to call the methods, by id.
    """
    for method in dict.fromkeys(lift["method"]):
        mine = lift[lift["method"] == method]
        told = [
            _against(mine, auprc, method, titles.get(method, method), effect)
            for effect in _told_effects(mine)
        ]
        if any(told):
            yield " ".join(filter(None, told))


def _told_effects(lift: pd.DataFrame) -> list[str]:
    """All tissues, then those with the strongest effect where there are several."""
    effects = [effect for effect in dict.fromkeys(lift["effect"]) if effect != ALL]
    return [ALL, *effects[-1:]] if len(effects) > 1 else [ALL]


def _against(lift: pd.DataFrame, auprc: pd.DataFrame, method: str, title: str, effect: str) -> str:
    rows = lift[lift["effect"] == effect].set_index("null")
    near, best = rows.loc["distance"].to_dict(), rows.loc[BEST].to_dict()
    if not near["tissues"]:
        return ""
    own = _height(auprc, method, effect)
    other = own - near["mean"]  # on the same tissues, also where the method failed on some
    n = int(near["tissues"])
    where = f"On {n} tissue{'s' * (n != 1)} with planted interactions"
    if effect != ALL:
        where = f"At the strongest effect ({effect}, {n} tissue{'s' * (n != 1)})"
    size = f"AUPRC {number(own)} against {number(other)}, lift {signed(near['mean'])}"
    chosen = ", ".join(_WORDS.get(null, null) for null in chosen_nulls(str(best["chosen"])))
    return (
        f"{where} {title} {_verdict(near)} distance alone: {size}{interval(near)}. "
        f"Against the best null of each tissue ({chosen}) its lift is {signed(best['mean'])}"
        f"{interval(best)}."
    )


def _height(auprc: pd.DataFrame, scorer: str, effect: str) -> float:
    row = auprc[(auprc["scorer"] == scorer) & (auprc["effect"] == effect)]
    return float(row["mean"].iloc[0])


def _verdict(row: Row) -> str:
    """Beating takes an interval above zero, over tissues enough to tell."""
    if row["verdict"] == BETTER:
        return "beats"
    few = row["mean"] > 0 and row["tissues"] < SEEDS_TO_TELL
    return "is not shown (too few tissues) to beat" if few else "does not beat"
