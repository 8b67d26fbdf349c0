"""All scores as compact columns for a web page, whose script ranks and filters them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stbench.common.constants import ORACLE_CLUSTERER, PROTOCOLS
from stbench.ranking.ranks import POLICY_WORDS
from stbench.ranking.selection import by_tissue
from stbench.results.aggregates import BASELINE
from stbench.results.assembly import method_titles, natural
from stbench.scoring.metrics import METRICS
from stbench.scoring.spatial_metrics import SMOOTHNESS_NOTE, SPATIAL_METRICS

SCALE = 1_000_000  # scores are stored as integers, with six decimals
SPREAD_SCALE = 1_000  # their sd over clusterings has three
AXES = ("items", "methods", "seeds", "clusterers", "protocols", "metrics")
NOT_RUN = ("not run", "")


def packed_scores(results: pd.DataFrame, rank_by: str) -> dict[str, Any]:
    """The scores in the order of the axes, the last one fastest.

    An item is a dataset with a number of domains. The last seed is ``ALL_SEEDS``, if there are
    scores of all training seeds together. ``codes`` are run lengths (index into ``why``,
    count) over all combinations of the axes; ``values`` has one integer for each combination with a
    value, which is the third element of its ``why``. ``epochs`` are run lengths (epoch, count) over
    all axes except the last. ``spreads`` are run lengths (sd over clusterings, count) over the
    values, -1 for a single clustering.

    Args:
        results: of ``stbench.results.assembly.read_results``.
        rank_by: the clusterer that ranks.
    """
    titles = method_titles(results)
    items = _items(results)
    axes: dict[str, list[Any]] = {
        "items": [(item["dataset"], item["n_domains"]) for item in items],
        "methods": list(titles),
        "seeds": sorted(results["seed"].unique().tolist(), key=lambda seed: (seed < 0, seed)),
        "clusterers": _in_order([rank_by], results["clusterer"]),
        "protocols": _in_order(["final", *PROTOCOLS], results["protocol"]),
        "metrics": _in_order(list(METRICS), results["metric"]),
    }
    shape = tuple(len(axes[axis]) for axis in AXES)
    positions = _positions(results, axes, shape)
    given = results["value"].notna().to_numpy()
    whys = list(zip(results["status"], results["reason"], given.tolist(), strict=True))
    code_of = {why: i for i, why in enumerate(dict.fromkeys([(*NOT_RUN, False), *whys]))}
    codes = np.zeros(np.prod(shape), dtype=np.int64)
    codes[positions] = [code_of[why] for why in whys]
    values = np.full(codes.shape, np.nan)
    values[positions] = results["value"].to_numpy(dtype=float)
    spreads = np.full(codes.shape, np.nan)
    spreads[positions] = results["sd_clustering"].to_numpy(dtype=float)
    spreads = np.nan_to_num(np.rint(spreads * SPREAD_SCALE), nan=-1).astype(int)
    epochs = np.full(codes.shape, -1, dtype=np.int64)
    epochs[positions] = results["epoch"].to_numpy()
    return {
        **axes,
        "items": items,
        "methods": _methods(results, titles),
        "metric_labels": {name: METRICS[name].label for name in axes["metrics"]},
        "lower": [name for name in axes["metrics"] if not METRICS[name].higher_is_better],
        "smoothness": [name for name in axes["metrics"] if name in SPATIAL_METRICS],
        "smoothness_note": SMOOTHNESS_NOTE.replace("`", ""),
        "policies": POLICY_WORDS,
        "baseline": BASELINE,
        "rank_by": rank_by,
        "headline": next(iter(by_tissue(results, rank_by))),
        "oracle_clusterer": ORACLE_CLUSTERER,
        "scale": SCALE,
        "spread_scale": SPREAD_SCALE,
        "why": [list(why) for why in code_of],
        "codes": run_lengths(codes),
        "values": np.rint(values[~np.isnan(values)] * SCALE).astype(int).tolist(),
        "spreads": run_lengths(spreads[~np.isnan(values)]),
        "epochs": run_lengths(epochs.reshape(-1, shape[-1]).max(axis=1)),
    }


def _positions(
    results: pd.DataFrame, axes: Mapping[str, list[Any]], shape: tuple[int, ...]
) -> np.ndarray:
    """The position of each row of the results among all combinations of the axes."""
    keys = pd.DataFrame(
        {
            "items": pd.MultiIndex.from_frame(results[["dataset", "n_domains"]]).to_flat_index(),
            "methods": results["method"],
            "seeds": results["seed"],
            "clusterers": results["clusterer"],
            "protocols": results["protocol"],
            "metrics": results["metric"],
        },
        index=results.index,
    )
    codes = [keys[axis].map({key: i for i, key in enumerate(axes[axis])}) for axis in AXES]
    return np.ravel_multi_index(tuple(codes), shape)


def run_lengths(values: np.ndarray) -> list[int]:
    """(n,) integers as value, count, value, count ..."""
    if not len(values):
        return []
    starts = np.concatenate([[0], np.flatnonzero(np.diff(values)) + 1])
    counts = np.diff(np.append(starts, len(values)))
    return np.column_stack([values[starts], counts]).ravel().tolist()


def pooled(column: pd.Series) -> dict[str, list[Any]]:
    """A column as its distinct values and an index into them per row."""
    pool = {value: i for i, value in enumerate(dict.fromkeys(column))}
    return {"pool": list(pool), "index": [pool[value] for value in column]}


def _items(results: pd.DataFrame) -> list[dict[str, Any]]:
    """Datasets with their numbers of domains, which are in the label if there are several."""
    pairs = results.drop_duplicates(["dataset", "n_domains"])
    numbers = pairs.groupby("dataset")["n_domains"].nunique()
    several = set(numbers.index[numbers > 1])
    items = [
        {
            "dataset": str(row.dataset),
            "n_domains": int(row.n_domains),
            "label": f"{row.dataset} ({row.n_domains})" if row.dataset in several else row.dataset,
            "exploratory": bool(row.exploratory),
            "tissue": str(row.tissue),
            "unit": str(row.unit),
        }
        for row in pairs.itertuples()
    ]
    return sorted(items, key=lambda item: (natural(item["dataset"]), item["n_domains"]))


def _methods(results: pd.DataFrame, titles: Mapping[str, str]) -> list[dict[str, Any]]:
    methods = results.drop_duplicates("method").set_index("method")
    return [
        {
            "id": method,
            "title": title,
            "implementation": str(methods.loc[method, "implementation"]),
            "control": bool(methods.loc[method, "control"]),
            "ranked": bool(methods.loc[method, "ranked"]),
        }
        for method, title in titles.items()
    ]


def _in_order(order: list[str] | tuple[str, ...], column: pd.Series) -> list[str]:
    """The distinct names of a column: those of ``order`` first, then the others sorted."""
    names = set(column)
    return [name for name in dict.fromkeys([*order, *sorted(names)]) if name in names]
