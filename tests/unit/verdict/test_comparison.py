"""A method beside shipped results, in numbers and in words."""

import pytest

from helpers.results import made_results, scores_of
from stbench.results.shipped import Shipped, beside
from stbench.verdict.comparison import against_each, canary, comparison_text

TISSUES = ("BZ5", "BZ9", "BZ14")


def results_of(method, means, spread=0.01):
    scores = [
        scores_of(name, method, [mean - spread, mean, mean + spread])
        for name, mean in zip(TISSUES, means, strict=True)
    ]
    return made_results(*scores)


def joined(*tables):
    import pandas as pd

    return pd.concat(tables, ignore_index=True)


OWN = joined(results_of("stague", [0.7, 0.5, 0.6]), results_of("smoothed_pca", [0.4, 0.5, 0.5]))
THERE = joined(results_of("sedr", [0.2, 0.55, 0.6]), results_of("smoothed_pca", [0.4, 0.5, 0.5]))
SHIPPED = Shipped(THERE, {"entries": {name: {} for name in TISSUES}})


def test_wins_and_losses_are_counted_with_and_without_noise():
    table = against_each(beside(OWN, SHIPPED), "stague", "kmeans").set_index("method")
    sedr = table.loc["sedr"]
    assert (sedr.datasets, sedr.higher, sedr.lower) == (3, 1, 1)
    assert (sedr.better, sedr.worse) == (1, 1)  # beyond the noise of three seeds
    assert sedr.mean_difference == pytest.approx(0.15)
    assert sedr.source == "shipped" and sedr.title == "SEDR‡"
    assert table.loc["smoothed_pca", "source"] == ""
    assert list(table["mean_difference"]) == sorted(table["mean_difference"])


def test_studies_take_no_part_in_the_tests():
    results = beside(OWN, SHIPPED)
    tuned = results[results["method"] == "sedr"].assign(method="sedr__k_8", study="k")
    with_study = against_each(joined(results, tuned), "stague", "kmeans")
    assert with_study.equals(against_each(results, "stague", "kmeans"))


def test_a_control_that_scores_otherwise_is_reported():
    assert "differs by at most 0.000" in canary(OWN, SHIPPED, "kmeans")
    other = joined(
        results_of("stague", [0.7, 0.5, 0.6]), results_of("smoothed_pca", [0.5, 0.5, 0.5])
    )
    assert "Warning" in canary(other, SHIPPED, "kmeans")
    assert "BZ5 +0.100" in canary(other, SHIPPED, "kmeans")
    assert "BZ9" not in canary(other, SHIPPED, "kmeans")
    without = OWN[OWN["method"] == "stague"]
    assert "was not run here" in canary(without, SHIPPED, "kmeans")


def test_the_text_has_place_lift_cost_and_what_was_shipped():
    results = beside(OWN, SHIPPED)
    text = comparison_text(results, OWN, SHIPPED, "stague", "kmeans")
    assert text.startswith("STAGUE beside shipped results (final ARI, kmeans)")
    assert "Real tissues:\nplace 1 (1-2) of 2 on 3 datasets" in text
    assert "mean ARI 0.600; a fit takes 11 s and 300 MB" in text
    assert "lift over the best control on BZ5 (Smoothed PCA): +0.300" in text
    assert "SEDR‡" in text and "‡ shipped with the project" in text


def test_a_method_without_a_score_has_no_place():
    own = joined(
        made_results(*(scores_of(name, "stague", ["not_applicable"] * 2) for name in TISSUES)),
        results_of("smoothed_pca", [0.4, 0.5, 0.5]),
    )
    results = beside(own, SHIPPED)
    assert not len(against_each(results, "stague", "kmeans"))
    text = comparison_text(results, own, SHIPPED, "stague", "kmeans")
    assert "has no place" in text and "Against each method" not in text
    assert "no score on BZ9, 2 seeds: not_applicable" in text


def test_a_failure_is_named_and_one_seed_gives_no_test():
    own = joined(
        made_results(
            scores_of("BZ5", "stague", [0.7]),
            scores_of("BZ9", "stague", [0.5]),
            scores_of("BZ14", "stague", ["oom"]),
        ),
        results_of("smoothed_pca", [0.4, 0.5, 0.5]),
    )
    results = beside(own, SHIPPED)
    text = comparison_text(results, own, SHIPPED, "stague", "kmeans")
    assert "no score on BZ14, 1 seed: oom" in text
    sedr = next(line for line in text.splitlines() if line.startswith("SEDR"))
    assert sedr.split()[1:6] == ["2", "1", "1", "-", "-"]


def test_kinds_of_tissue_have_places_of_their_own():
    kinds = dict(zip(TISSUES, ("real", "simulated", "simulated"), strict=True))
    own, there = (table.assign(tissue=table["dataset"].map(kinds)) for table in (OWN, THERE))
    shipped = Shipped(there, SHIPPED.manifest)
    text = comparison_text(beside(own, shipped), own, shipped, "stague", "kmeans")
    assert "Real tissues:\nplace 1 of 2 on 1 dataset, mean rank 1.00" in text
    assert "Simulated tissues:\nplace 2 (1-2) of 2 on 2 datasets, mean rank 2.00" in text


def test_a_result_from_elsewhere_has_no_cost():
    own = OWN.assign(seconds=float("nan"), peak_rss_mb=float("nan"))
    text = comparison_text(beside(own, SHIPPED), own, SHIPPED, "stague", "kmeans")
    assert "mean ARI 0.600; a fit takes an unknown time" in text
