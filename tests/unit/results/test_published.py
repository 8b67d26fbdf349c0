"""Measured scores beside the range of the reported ones."""

import pandas as pd
import pytest
import yaml

from helpers.results import NAN, made_results, scores_of
from stbench.common.errors import InputError
from stbench.common.paths import PROJECT
from stbench.results.published import published_vs_measured, read_published

FILE = PROJECT / "resources/published/scores.csv"
RESULTS = made_results(
    scores_of("BZ5", "stague", [0.8, 0.9]),
    scores_of("BZ5", "sedr", [0.30, 0.32]),
    scores_of("BZ9", "sedr", [0.9, "oom"]),
)


def reported(*rows):
    columns = ["dataset", "method", "metric", "mean", "sd", "n", "source"]
    return pd.DataFrame(rows, columns=columns)


def test_the_range_spans_all_sources_and_their_spread():
    published = reported(
        ("BZ5", "sedr", "ARI", 0.10, NAN, NAN, "one"),
        ("BZ5", "sedr", "ARI", 0.30, 0.05, 20, "other"),
        ("BZ9", "sedr", "ARI", 0.5, 0.1, 3, "one"),
        ("BZ14", "sedr", "ARI", 0.5, 0.1, 3, "one"),
    )
    table = published_vs_measured(RESULTS, published)
    table = table[table["method"] == "sedr"].set_index("dataset")
    assert list(table.index) == ["BZ5", "BZ9"]
    bz5 = table.loc["BZ5"]
    assert (bz5["published_low"], bz5["published_high"]) == pytest.approx((0.1, 0.4))
    assert bz5["measured"] == pytest.approx(0.31) and bz5["position"] == "inside"
    assert bz5["sources"] == "one; other"
    assert table.loc["BZ9", "position"] == "above" and table.loc["BZ9", "n"] == 1


def test_what_nobody_reported_of_a_method_stays_empty():
    published = reported(("BZ5", "sedr", "ARI", 0.1, NAN, NAN, "one"))
    results = made_results(
        scores_of("BZ5", "stague", [0.8, 0.9]),
        scores_of("BZ5", "sedr", [0.3, 0.3]),
        scores_of("BZ5", "pca", [0.1, 0.1]),
        scores_of("BZ9", "stague", [0.5, 0.5]),
    )
    table = published_vs_measured(results, published).set_index("method")
    assert list(table.index) == ["sedr", "stague"]  # no control, and no dataset nobody used
    unknown = table.loc["stague"]
    assert unknown["measured"] == pytest.approx(0.85)
    assert unknown[["published_low", "published_high"]].isna().all()
    assert (unknown["position"], unknown["sources"]) == ("", "")


def test_what_could_not_be_measured_says_why():
    published = reported(("BZ9", "sedr", "ARI", 0.5, 0.1, 3, "one"))
    results = made_results(scores_of("BZ9", "sedr", ["oom", "oom"]))
    row = published_vs_measured(results, published).iloc[0]
    assert pd.isna(row["measured"]) and row["position"] == ""
    assert (row["status"], row["published_high"]) == ("oom", pytest.approx(0.7))


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
