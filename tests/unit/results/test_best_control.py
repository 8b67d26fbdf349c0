"""The lift over the control that is best on a dataset."""

import numpy as np
import pandas as pd
import pytest

from helpers.results import METHODS, fits_of, scores_of
from stbench.results.assembly import assemble
from stbench.results.best_control import lift_over_best_control

CONTROLS = ("jittered_truth", "random", "bands")
DESCRIBED = METHODS | {
    name: {"title": name, "implementation": "control", "control": True} for name in CONTROLS
}


def table_of(*scores):
    scores = pd.concat(scores, ignore_index=True)
    table = lift_over_best_control(assemble(scores, fits_of(scores), DESCRIBED))
    return table.set_index(["dataset", "method"])


def test_the_best_control_differs_between_datasets():
    table = table_of(
        scores_of("BZ5", "stague", [0.8, 0.7]),
        scores_of("BZ5", "smoothed_pca", [0.7, 0.7]),
        scores_of("BZ5", "bands", [0.5, 0.5]),
        scores_of("BZ9", "stague", [0.8, 0.8]),
        scores_of("BZ9", "smoothed_pca", [0.4, "oom"]),
        scores_of("BZ9", "bands", [0.9, 0.9]),
    )
    assert table["best_control"].tolist() == ["smoothed_pca", "bands"]
    assert table["mean"].tolist() == pytest.approx([0.05, -0.1])
    assert set(table.index.get_level_values("method")) == {"stague"}
    assert (table["status"] == "ok").all() and table.loc[("BZ5", "stague"), "n"] == 2


def test_labels_and_noise_are_no_reference():
    table = table_of(
        scores_of("BZ5", "stague", [0.8]),
        scores_of("BZ5", "jittered_truth", [0.95]),
        scores_of("BZ5", "random", [0.1]),
    )
    cell = table.loc[("BZ5", "stague")]
    assert cell["best_control"] == "" and np.isnan(cell["mean"])
    assert (cell["status"], cell["reason"]) == ("not_applicable", "no control has a score")


def test_a_method_without_a_score_keeps_its_reason():
    table = table_of(
        scores_of("BZ5", "stague", ["oom", "oom"]), scores_of("BZ5", "pca", [0.2, 0.2])
    )
    cell = table.loc[("BZ5", "stague")]
    assert (cell["best_control"], cell["status"], cell["reason"]) == ("pca", "oom", "it said oom")
