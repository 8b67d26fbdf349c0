"""The section of the leaderboard about degraded data."""

import pandas as pd
import pytest

from stbench.common.io import read_csv
from stbench.common.paths import RESOURCES
from stbench.results.shipped import read_shipped
from stbench.verdict.degraded import FILE, robustness_section
from stbench.verdict.pages import rank_by_of

TITLES = {"stague": "STAGUE", "sedr": "SEDR", "pca": "PCA", "absent": "Absent"}


def curve(method, way, scores, clusterer="kmeans", dataset="BZ5"):
    return [
        {"dataset": dataset, "method": method, "clusterer": clusterer, "way": way, "level": level}
        | {"mean": mean, "n": 2}
        for level, mean in scores.items()
    ]


def curves(*parts):
    return pd.DataFrame([row for part in parts for row in part])


def test_every_level_is_a_column_beside_the_original_score():
    text = robustness_section(
        curves(
            curve("sedr", "counts", {1: 0.5, 0.5: 0.44, 0.25: 0.2}),
            curve("sedr", "jitter", {0: 0.5, 2: 0.55}),
            curve("stague", "counts", {1: 0.8, 0.5: 0.8, 0.25: 0.7}),
            curve("stague", "jitter", {0: 0.8, 2: float("nan")}),
            curve("pca", "counts", {1: 0.1, 0.5: 0.1, 0.25: 0.05}),
            curve("pca", "jitter", {0: 0.1, 2: 0.1}),
            curve("sedr", "counts", {1: 0.0, 0.5: 0.0, 0.25: 0.0}, clusterer="gmm"),
            curve("unknown", "counts", {1: 1.0, 0.5: 1.0, 0.25: 1.0}),
        ),
        "kmeans",
        TITLES,
    )
    sentence, table = text.split("\n\n")
    assert sentence == (
        "BZ5, 2 training seeds, each with its own draw. What the 2 methods and controls with an "
        "ARI of .30 or more on the original data lose: with 50% of the counts .03 at the median, "
        "from .00 (STAGUE) to .06 (SEDR); with 25% of the counts .20 at the median, from .10 "
        "(STAGUE) to .30 (SEDR); with positions jittered by 2 cell spacings -.05 at the median, "
        "from -.05 (SEDR) to -.05 (SEDR)."
    )
    assert table.splitlines() == [
        "| method | original | with 50% of the counts | with 25% of the counts | "
        "with positions jittered by 2 cell spacings |",
        "| :-- | --: | --: | --: | --: |",
        "| STAGUE | .80 | .80 (+.00) | .70 (-.10) | – |",
        "| SEDR | .50 | .44 (-.06) | .20 (-.30) | .55 (+.05) |",
        "| PCA | .10 | .10 (+.00) | .05 (-.05) | .10 (+.00) |",
    ]


def test_each_dataset_has_its_own_sentence_and_a_way_without_scores_is_said():
    nothing = {1: 0.5, 0.5: float("nan")}
    text = robustness_section(
        curves(
            curve("sedr", "counts", nothing),
            curve("sedr", "counts", {1: 0.5, 0.5: 0.4}, dataset="DLPFC151507_pca"),
        ),
        "kmeans",
        TITLES,
    )
    first, _, second, _ = text.split("\n\n")
    assert first.endswith("lose: with 50% of the counts not known.")
    assert second.startswith(r"DLPFC151507\_pca, 2 training seeds")


def test_shipped_scores_on_the_original_data_are_those_of_the_shipped_results():
    shipped = read_shipped(RESOURCES / "verdict")
    rank_by, results = rank_by_of(shipped.manifest), shipped.results
    final = results[(results["metric"] == "ARI") & (results["protocol"] == "final")]
    final = final[(final["clusterer"] == rank_by) & (final["study"] == "")]
    known = final.groupby(["dataset", "method"])["value"].mean()
    curves = read_csv(RESOURCES / "verdict" / FILE)
    original = curves[(curves["clusterer"] == rank_by) & curves["level"].isin([0, 1])]
    assert len(original) > 50
    for row in original.itertuples():
        assert row.mean == pytest.approx(known[row.dataset, row.method], abs=1e-4)
