"""Labels matched to true domains, and the run that is shown for a method."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stbench.scoring.matching import match_labels, median_run, median_seed

TRUTH = np.array([0, 0, 0, 0, 1, 1, 1, 1, -1])


def test_the_largest_overlap_gives_the_name_and_other_labels_follow():
    labels = np.array([3, 3, 3, 1, 0, 0, 2, -1, 2])
    assert match_labels(TRUTH, labels).tolist() == [0, 0, 0, 2, 1, 1, 3, -1, 3]


def test_cells_without_truth_or_label_do_not_vote():
    truth = np.array([0, 0, 1, 1, -1, -1, -1])
    labels = np.array([0, 1, 1, -1, 0, 0, -1])
    assert match_labels(truth, labels).tolist() == [0, 1, 1, -1, 0, 0, -1]


def test_fewer_labels_than_domains():
    truth = np.array([0, 1, 2, 2, 2])
    assert match_labels(truth, np.array([0, 0, 0, 0, 0])).tolist() == [2] * 5


def test_the_median_seed_leaves_out_what_has_no_value():
    table = pd.DataFrame({"seed": [4, 5, 6, 7], "value": [0.9, np.nan, 0.1, 0.5]})
    assert median_seed(table) == 7
    assert median_seed(table.iloc[:3]) == 6
    assert median_seed(table.iloc[:1]) == 4


def test_the_median_run_is_that_of_the_labeled_cells_or_the_first():
    good = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0])
    fair = np.array([0, 0, 0, 1, 1, 1, 1, 1, 0])
    bad = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0])
    assert median_run(np.stack([good, bad, fair]), TRUTH).tolist() == fair.tolist()
    assert median_run(np.stack([good, bad]), TRUTH).tolist() == bad.tolist()
    assert median_run(np.stack([good, bad]), None).tolist() == good.tolist()
