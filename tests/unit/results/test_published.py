"""Measured scores compared with published ones."""

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import t, ttest_ind

from helpers.results import NAN, made_results, scores_of
from stbench.common.errors import InputError
from stbench.common.paths import PROJECT
from stbench.results.published import COMPARED, published_vs_measured, read_published

FILE = PROJECT / "resources/published/scores.csv"


def reported(*rows):
    columns = ["dataset", "method", "metric", "mean", "sd", "n", "source"]
    return pd.DataFrame(rows, columns=columns)


def compare(measured, *published):
    """The comparison of one method on BZ5 with rows (mean, sd, n) of sources."""
    results = made_results(scores_of("BZ5", "sedr", measured))
    rows = [("BZ5", "sedr", "ARI", *values, f"source {i}") for i, values in enumerate(published)]
    table = published_vs_measured(results, reported(*rows))
    return table[table["protocol"] == "final"].set_index("source")


def test_two_samples_are_compared_by_welchs_interval():
    # The last epoch of STAGUE on BZ14: inside the mean +- 2 sd of single runs, yet it differs.
    ours = np.array([0.53, 0.55, 0.60, 0.63, 0.67])
    theirs = np.array([0.61, 0.64, 0.67, 0.70, 0.74])
    row = compare(ours, (theirs.mean(), theirs.std(ddof=1), 5)).loc["source 0"]
    expected = ttest_ind(ours, theirs, equal_var=False)
    low, high = expected.confidence_interval()
    assert [row["low"], row["high"]] == pytest.approx([low, high])
    assert row["difference"] == pytest.approx(ours.mean() - theirs.mean())
    assert (row["verdict"], expected.pvalue < 0.05) == ("agrees", False)
    closer = theirs + 0.02
    row = compare(ours, (closer.mean(), closer.std(ddof=1), 5)).loc["source 0"]
    assert (row["verdict"], ttest_ind(ours, closer, equal_var=False).pvalue < 0.05) == (
        "differs",
        True,
    )
    assert ours.mean() > closer.mean() - 2 * closer.std(ddof=1)
    assert row["assumed"] == ""


def test_each_source_has_its_own_verdict():
    table = compare([0.50, 0.52, 0.54], (0.51, 0.02, 20), (0.9, 0.02, 20))
    assert table["verdict"].tolist() == ["agrees", "differs"]
    assert table["measured"].tolist() == pytest.approx([0.52, 0.52])


def test_what_a_source_does_not_say_is_assumed_and_named():
    ours = np.array([0.50, 0.52, 0.54])
    table = compare(ours, (0.6, NAN, 1), (0.6, NAN, NAN), (0.6, 0.0, 20))
    assert table["assumed"].tolist() == [
        "published sd unknown: as measured",
        "n unknown: 10 runs; published sd unknown: as measured",
        "published sd 0: one seed, repeated; published sd unknown: as measured",
    ]
    half = (table["high"] - table["low"]) / 2
    for source, runs in zip(table.index, (1, 10, 1), strict=True):
        expected = t.ppf(0.975, 2) * ours.std(ddof=1) * np.sqrt(1 / 3 + 1 / runs)
        assert half[source] == pytest.approx(expected)


def test_one_measured_seed_has_the_spread_of_the_source_or_no_verdict():
    table = compare([0.5], (0.6, 0.05, 20), (0.6, NAN, 1))
    half = t.ppf(0.975, 19) * 0.05 * np.sqrt(1 + 1 / 20)
    assert table.loc["source 0", "high"] == pytest.approx(-0.1 + half)
    assert table.loc["source 0", "assumed"] == "measured sd unknown: as published"
    assert table.loc["source 1", "verdict"] == "cannot be compared: neither side has a spread"
    assert table.loc["source 1", "difference"] == pytest.approx(-0.1)


def test_what_nobody_reported_of_a_method_stays_empty():
    published = reported(("BZ5", "sedr", "ARI", 0.1, NAN, NAN, "one"))
    results = made_results(
        scores_of("BZ5", "stague", [0.8, 0.9]),
        scores_of("BZ5", "sedr", [0.3, 0.3]),
        scores_of("BZ5", "pca", [0.1, 0.1]),
        scores_of("BZ9", "stague", [0.5, 0.5]),
    )
    table = published_vs_measured(results, published).query("protocol == 'final'")
    table = table.set_index("method")
    assert list(table.index) == ["sedr", "stague"]  # no control, and no dataset nobody used
    unknown = table.loc["stague"]
    assert unknown["measured"] == pytest.approx(0.85)
    assert unknown[["published", "difference", "low"]].isna().all()
    assert (unknown["verdict"], unknown["source"]) == ("cannot be compared: not published", "")


def test_what_could_not_be_measured_says_why():
    published = reported(("BZ9", "sedr", "ARI", 0.5, 0.1, 3, "one"))
    results = made_results(scores_of("BZ9", "sedr", ["oom", "oom"]))
    row = published_vs_measured(results, published).iloc[0]
    assert pd.isna(row["measured"]) and row["verdict"] == "cannot be compared: not measured"
    assert (row["status"], row["published"]) == ("oom", 0.5)


def test_without_a_published_dataset_the_table_is_empty_with_its_columns():
    published = reported(("BZ14", "sedr", "ARI", 0.5, 0.1, 3, "one"))
    results = made_results(scores_of("BZ5", "sedr", [0.1, 0.2]))
    table = published_vs_measured(results, published)
    assert table.empty and list(table.columns) == COMPARED


def test_the_shipped_figures_are_of_known_methods_and_datasets_each_with_a_source():
    published = read_published(FILE)
    methods = yaml.safe_load((PROJECT / "config/methods.yaml").read_text())
    datasets = yaml.safe_load((PROJECT / "config/datasets.yaml").read_text())
    elsewhere = {"adept", "congi", "const", "deepst"}  # reported on HER2ST, not run here
    assert set(published["method"]) <= set(methods) | elsewhere
    her2st = published[published["dataset"].str.startswith("HER2ST")]
    assert len(her2st) == 72 and her2st["dataset"].nunique() == 8
    assert set(published["dataset"]) <= set(datasets)
    assert (published["source"].str.len() > 5).all()
    assert published["mean"].between(-0.1, 1).all()
    assert not published.duplicated(["dataset", "method", "metric", "source"]).any()


def test_a_broken_file_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("dataset,method\nBZ5,pca\n")
    with pytest.raises(InputError, match="'metric' is missing"):
        read_published(tmp_path / "x.csv")
