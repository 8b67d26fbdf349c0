"""The answer of a run of deconvolution."""

from argparse import Namespace

import numpy as np
import pandas as pd

import summarize
from stbench.common.paths import CONFIG
from stbench.deconvolution.metrics import METRICS
from stbench.deconvolution.scoring import ALL_TYPES, NO_TRUTH
from stbench.deconvolution.tables import summary
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
    pd.DataFrame(rows, columns=columns).assign(status="ok").to_csv(
        tmp_path / "deconvolution_scores.csv", index=False
    )
    best, controls = (answer.text for answer in deconvolution_answers(tmp_path, METHODS))
    assert best == (
        "Tangram has the highest correlation of the shares of cell types with the truth (.80, mean "
        "over 2 pairs) of 2 methods, before NNLS (.50). Its interval and that of NNLS overlap on 0 "
        "of 2 pairs."
    )
    assert controls == "Better than all controls, with disjoint intervals: Tangram on 2 of 2 pairs."
    table = pd.read_csv(tmp_path / "deconvolution_scores.csv")
    control = table["method"] == "mean_reference"
    lacking = "Mean of the reference: no interval, so methods are not compared with all controls"
    table.loc[control & (table["dataset"] == "b"), ["low", "high"]] = np.nan
    table.to_csv(tmp_path / "deconvolution_scores.csv", index=False)
    text = deconvolution_answers(tmp_path, METHODS)[1].text
    assert text.endswith(f"intervals: Tangram on 1 of 1 pair. {lacking} on 1 other pair.")
    table.loc[control, ["low", "high"]] = np.nan
    table.to_csv(tmp_path / "deconvolution_scores.csv", index=False)
    assert deconvolution_answers(tmp_path, METHODS)[1].text == f"{lacking}."
    rows = table.assign(note="", reason="", reference="other", data_note="", n_spots=9)
    rows = pd.concat([rows.assign(metric=metric, type=ALL_TYPES) for metric in METRICS])
    assert summary(rows, METHODS).count(lacking) == 2  # and no method is better than the others


def summary_of(rows, tmp_path):
    """The part of a run on one pair; each row describes a method."""
    unknown = ("low", "high", "sd_seeds", "n_seeds", "se_spots", "blocks", "epochs")
    about = {"dataset": "a", "reference": "other", "type": ALL_TYPES, "n_spots": 9}
    about |= dict.fromkeys(unknown, np.nan) | {"note": "", "data_note": ""}
    table = pd.DataFrame([{**about, **row, "metric": metric} for row in rows for metric in METRICS])
    table.to_parquet(tmp_path / "scores.parquet")
    methods = CONFIG / "deconvolution_methods.yaml"
    args = {"deconvolution": [tmp_path / "scores.parquet"], "deconvolution_methods": methods}
    return summarize.of_deconvolution(Namespace(**args, tables=tmp_path, derived_pairs={}))


def test_a_run_has_scores_where_only_a_part_of_the_training_seeds_failed(tmp_path):
    lost = {"status": "ok oom", "reason": "seed 1: too large"}
    made = summary_of([{"method": "nnls", "mean": 0.5, **lost}], tmp_path)
    assert made.any_score and "ok oom: seed 1: too large" in made.text


def test_proportions_of_spots_without_a_truth_are_a_result(tmp_path):
    nothing = {"method": "nnls", "mean": np.nan, "status": "not_applicable", "reason": NO_TRUTH}
    made = summary_of([nothing, {**nothing, "method": "mean_reference"}], tmp_path)
    assert made.any_score
    assert "the true proportions are not known, so nothing is scored; maps are in" in made.text
    lost = {**nothing, "status": "oom", "reason": "too large"}
    assert not summary_of([lost], tmp_path).any_score


def test_without_scores_there_is_no_answer(tmp_path):
    assert deconvolution_answers(tmp_path, METHODS) == []


def test_a_method_that_fails_on_hard_pairs_is_not_better_for_it(tmp_path):
    nnls, tangram = {"a": 0.95, "b": 0.6, "c": 0.6}, {"a": 0.9}
    rows = [
        (pair, method, "pearson_type", means.get(pair), 0.0, 1.0)
        for method, means in (("nnls", nnls), ("tangram", tangram))
        for pair in nnls
    ]
    columns = ["dataset", "method", "metric", "mean", "low", "high"]
    pd.DataFrame(rows, columns=columns).assign(status="ok").to_csv(
        tmp_path / "deconvolution_scores.csv", index=False
    )
    best = deconvolution_answers(tmp_path, METHODS)[0].text
    assert best.startswith("NNLS has the highest") and "mean over 3 pairs" in best
    assert "before Tangram (.30). Its interval and that of Tangram overlap on 1 of 1 pair." in best
    assert best.endswith(" Pairs without a score count 0: Tangram 2.")


def test_a_method_that_fails_everywhere_is_named(tmp_path):
    means = {"nnls": 0.6, "tangram": None, "mean_reference": 0.2}
    rows = [(method, "pearson_type", mean, 0.1, 0.9) for method, mean in means.items()]
    table = pd.DataFrame(rows, columns=["method", "metric", "mean", "low", "high"])
    path = tmp_path / "deconvolution_scores.csv"
    table.assign(dataset="a", status="not_applicable").to_csv(path, index=False)
    assert deconvolution_answers(tmp_path, METHODS) == []
    unscored = pd.DataFrame({"method": ["nnls", "tangram"], "metric": "pearson_type"})
    statuses = table.assign(dataset="a", status=["ok", "oom", "ok"])
    without_truth = unscored.assign(dataset="b", status="not_applicable")
    pd.concat([statuses, without_truth]).to_csv(path, index=False)
    best, controls = (answer.text for answer in deconvolution_answers(tmp_path, METHODS))
    assert "mean over 1 pair" in best and "no method" in controls
    assert "of 2 methods, before Tangram (.00)" in best
    assert best.endswith("Pairs without a score count 0: Tangram 1.")
