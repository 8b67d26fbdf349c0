"""The labels that a gallery shows: for each method, those of its best epoch and of its last epoch.

The gallery shows the training seed with the median final ARI (the lower of two), and of its k-means
runs the one with the median ARI, so that a map is neither better nor worse than usual. The ARI in
the title is that of the tables, the mean over the k-means runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    titles: dict[str, str],
    truth: np.ndarray | None,
    open_labels: OpenLabels,
) -> tuple[list[Map], list[Map]]:
    """Choose the labels of every method.

    Args:
        rows: results of one dataset, number of domains and clusterer; every metric and protocol.
        titles: display names of the methods, by id, in order.
        truth: (n_cells,) codes of the true domains, -1 = not known; None: no truth.
        open_labels: opens the file of labels of a method.

    Returns:
        For methods with a best and a final epoch, two maps each, in pairs; for all other methods
        one map each, the final one or an empty map with the reason.
    """
    pairs: list[Map] = []
    singles: list[Map] = []
    for method, title in titles.items():
        of_method = rows[rows["method"] == method]
        with open_labels(method) as reader:
            maps = list(_maps(of_method, title, truth, reader))
        (pairs if len(maps) > 1 else singles).extend(maps)
    return pairs, singles


def _maps(
    rows: pd.DataFrame, title: str, truth: np.ndarray | None, reader: LabelsReader
) -> Iterator[Map]:
    defined = rows[rows["metric"] == ("CHAOS" if truth is None else "ARI")]
    final = defined[defined["protocol"] == "final"]
    ok = final[final["status"] == "ok"]
    if not len(ok):
        first = final.iloc[0]
        yield Map(title, None, f"{first['status']}: {first['reason']}".rstrip(": "))
        return
    seed = int(ok["seed"].iloc[0]) if truth is None else median_seed(final)
    of_seed = defined[(defined["seed"] == seed) & (defined["status"] == "ok")]
    for protocol, word in (("oracle", "best, epoch {}"), ("final", "final")):
        chosen = of_seed[of_seed["protocol"] == protocol]
        if not len(chosen):
            continue
        row = chosen.iloc[0]
        runs = reader.rows(row["n_domains"], seed, row["clusterer"], row["epoch"])
        score = "" if truth is None else f": ARI {round(row['value'], 2) + 0:.2f}"
        yield Map(title, median_run(runs, truth), word.format(row["epoch"]) + score)
