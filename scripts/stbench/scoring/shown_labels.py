"""The labels of a method that galleries, maps and tests of markers show."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stbench.clustering.label_file import LabelsReader
from stbench.common.errors import NotApplicableError
from stbench.scoring.matching import median_run, median_seed


def shown_labels(
    rows: pd.DataFrame, truth: np.ndarray | None, reader: LabelsReader
) -> tuple[np.ndarray, pd.Series]:
    """Labels (n_cells,) of the last epoch of the median run, and the row of its score.

    They are those of the training seed with the median final ARI and of its clustering with the
    median ARI; without a truth, of the first seed with labels and its first clustering.

    Args:
        rows: scores of one dataset, method, number of domains and clusterer.
        truth: (n_cells,) codes, -1 = not known; None: no truth.

    Raises:
        NotApplicableError: there are no labels; the message is the reason.
    """
    metric = "CHAOS" if truth is None else "ARI"
    final = rows[(rows["metric"] == metric) & (rows["protocol"] == "final")]
    ok = final[final["status"] == "ok"]
    if not len(ok):
        first = final.iloc[0]
        raise NotApplicableError(f"{first['status']}: {first['reason']}".rstrip(": "))
    seed = int(ok["seed"].iloc[0]) if truth is None else median_seed(final)
    row = ok[ok["seed"] == seed].iloc[0]
    runs = reader.rows(row["n_domains"], seed, row["clusterer"], row["epoch"])
    return median_run(runs, truth), row
