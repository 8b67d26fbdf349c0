"""The answer of a run of deconvolution."""

import pandas as pd

from stbench.summary.deconvolution import deconvolution_answers

METHODS = {
    "nnls": {"title": "NNLS"},
    "tangram": {"title": "Tangram"},
    "mean_reference": {"title": "Mean of the reference", "control": True},
}


def test_the_best_method_and_those_that_beat_the_controls(tmp_path):
    rows = [
        (pair, method, "pearson_type", mean, mean - 0.05, mean + 0.05)
        for pair in ("a", "b")
        for method, mean in {"nnls": 0.5, "tangram": 0.8, "mean_reference": 0.45}.items()
    ]
    columns = ["dataset", "method", "metric", "mean", "low", "high"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "deconvolution_scores.csv", index=False)
    best, controls = (answer.text for answer in deconvolution_answers(tmp_path, METHODS))
    assert best == (
        "Tangram has the highest correlation of the shares of cell types with the truth (.80, mean "
        "over 2 pairs) of 2 methods, before NNLS (.50)."
    )
    assert controls == "Better than all controls, with disjoint intervals: Tangram on 2 of 2 pairs."


def test_without_scores_there_is_no_answer(tmp_path):
    assert deconvolution_answers(tmp_path, METHODS) == []
