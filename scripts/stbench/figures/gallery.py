"""The labels that a gallery shows: for each method, those of its last epoch.

The gallery shows the training seed with the median final ARI (the lower of two), and of its k-means
runs the one with the median ARI, so that a map is neither better nor worse than usual. The ARI in
the title is that of the tables, the mean over the k-means runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import numpy as np
import pandas as pd

from stbench.clustering.label_file import LabelsReader
from stbench.figures.domains import Map
from stbench.scoring.matching import median_run, median_seed

OpenLabels = Callable[[str], AbstractContextManager[LabelsReader]]
"""From a method to its open file of labels."""


def gallery_maps(
    rows: pd.DataFrame,
    titles: Mapping[str, str],
    truth: np.ndarray | None,
    open_labels: OpenLabels,
) -> list[Map]:
    """Choose the labels of every method.

    Args:
        rows: results of one dataset, number of domains and clusterer; every metric and protocol.
        titles: display names of the methods, by id, in order.
        truth: (n_cells,) codes of the true domains, -1 = not known; None: no truth.
        open_labels: opens the file of labels of a method.

    Returns:
        One map for each method, empty with the reason where there are no labels. With a truth
        methods come first, then controls, each from the best to the worst.
    """
    metric = "CHAOS" if truth is None else "ARI"
    final = rows[(rows["protocol"] == "final") & (rows["metric"] == metric)]
    controls = set(rows.loc[rows["control"], "method"])
    maps = []
    for method, title in titles.items():
        of_method = final[final["method"] == method]
        with open_labels(method) as reader:
            maps.append((method in controls, *_map(of_method, title, truth, reader)))
    if truth is not None:
        maps.sort(key=lambda entry: entry[:2])
    return [one for *_, one in maps]


def _map(
    final: pd.DataFrame, title: str, truth: np.ndarray | None, reader: LabelsReader
) -> tuple[float, Map]:
    """The place of a map among others, and the map."""
    ok = final[final["status"] == "ok"]
    if not len(ok):
        first = final.iloc[0]
        return math.inf, Map(title, None, f"{first['status']}: {first['reason']}".rstrip(": "))
    seed = int(ok["seed"].iloc[0]) if truth is None else median_seed(final)
    row = ok[ok["seed"] == seed].iloc[0]
    runs = reader.rows(row["n_domains"], seed, row["clusterer"], row["epoch"])
    note = "" if truth is None else f"ARI {round(row['value'], 2) + 0:.2f}"
    return -row["value"], Map(title, median_run(runs, truth), note)
