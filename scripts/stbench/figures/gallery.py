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
from stbench.common.errors import NotApplicableError
from stbench.figures.domains import Map
from stbench.scoring.shown_labels import shown_labels

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
    controls = set(rows.loc[rows["control"], "method"])
    maps = []
    for method, title in titles.items():
        of_method = rows[rows["method"] == method]
        with open_labels(method) as reader:
            maps.append((method in controls, *_map(of_method, title, truth, reader)))
    if truth is not None:
        maps.sort(key=lambda entry: entry[:2])
    return [one for *_, one in maps]


def _map(
    rows: pd.DataFrame, title: str, truth: np.ndarray | None, reader: LabelsReader
) -> tuple[float, Map]:
    """The place of a map among others, and the map."""
    try:
        labels, row = shown_labels(rows, truth, reader)
    except NotApplicableError as error:
        return math.inf, Map(title, None, str(error))
    note = "" if truth is None else f"ARI {round(row['value'], 2) + 0:.2f}"
    return -row["value"], Map(title, labels, note)
