"""Answers that are computed from made results."""

import pandas as pd
import pytest

from helpers.results import METHODS, made_results, scores_of
from stbench.verdict.claims import KNOWN, claims
from stbench.verdict.questions import (
    best_on,
    on_a_laptop,
    questions,
    spaceless_place,
    without_space,
    without_tuning,
)
from stbench.verdict.tissues import tissue_facts

EXTRA = {"bands": {**METHODS["pca"], "title": "Bands"}}
LAYERS, SPOTS = ("L1", "L2"), ("S1",)
MEANS = {
    # stague wins on layers; sedr and PCA win on spots.
    "stague": (0.8, 0.8, 0.1),
    "sedr": (0.5, 0.5, 0.4),
    "smoothed_pca": (0.6, 0.6, 0.2),
    "pca": (0.2, 0.2, 0.5),
    "bands": (0.5, 0.5, 0.0),
}
RESULTS = made_results(
    *(
        scores_of(dataset, method, [mean - 0.01, mean + 0.01])
        for method, means in MEANS.items()
        for dataset, mean in zip(LAYERS + SPOTS, means, strict=True)
    ),
    methods=EXTRA,
)
TISSUES = {
    **{name: {"technology": "STARmap", "tumor": False, "in_layers": 1.0} for name in LAYERS},
    "S1": {"technology": "10x Visium", "tumor": True, "in_layers": 0.5},
}
FACTS = tissue_facts(RESULTS, TISSUES, "kmeans")
PUBLISHED = pd.DataFrame(
    [("L1", "sedr", "ARI", 0.9, 0.01, 20, "BenchmarkST, ari_results/SEDR.txt")],
    columns=["dataset", "method", "metric", "mean", "sd", "n", "source"],
)


@pytest.fixture(scope="module")
def asked():
    return questions(
        RESULTS, FACTS, claims(RESULTS, PUBLISHED, pd.DataFrame(columns=KNOWN)), "kmeans"
    )


def on(*datasets):
    return RESULTS[RESULTS["dataset"].isin(datasets)]


def test_the_first_method_the_control_and_the_certainty_are_named():
    text = best_on(on(*LAYERS), FACTS, "kmeans")
    assert text.startswith(
        "On 2 datasets, STAGUE (mean rank 1.00, mean ARI .80) is first of 2 methods, before SEDR"
    )
    assert "one of them is before the best control, Smoothed PCA (mean rank 2.0" in text
    no_test = "No test is possible: 2 independent units, at least 5 are needed."
    elsewhere = (
        "STAGUE is first under 2 other choices of clusterer, metric and rules, and first when one "
        "study is left out."
    )
    assert text.endswith(f"{no_test} {elsewhere} Datasets: L1, L2.")
    mixed = RESULTS.assign(data=RESULTS["data"].mask(RESULTS["dataset"] == "S1", "features"))
    assert best_on(mixed[mixed["dataset"].isin(["L1", "S1"])], FACTS, "kmeans").endswith(
        "Datasets: L1, S1; 1 of 2 are principal components in place of counts, among them all of "
        "10x Visium."
    )
    assert best_on(RESULTS.iloc[:0], FACTS, "kmeans") == "No such tissue has a score."


def test_methods_that_share_the_first_place_are_both_named():
    means = {"stague": (0.8, 0.4), "sedr": (0.5, 0.6), "smoothed_pca": (0.2, 0.1)}
    tied = made_results(
        *(
            scores_of(f"L{i}", method, [value] * 2)
            for method, values in means.items()
            for i, value in enumerate(values, 1)
        )
    )
    both = "On 2 datasets, SEDR (mean rank 1.50, mean ARI .55) and STAGUE (mean rank 1.50"
    text = best_on(tied, tissue_facts(tied, TISSUES, "kmeans"), "kmeans")
    assert text.startswith(both) and "share the first place of 2 methods;" in text
    assert "SEDR and STAGUE share the first place on 2 datasets." in without_tuning(
        tied, tied, "kmeans"
    )
    assert "SEDR, place 1 of all" in on_a_laptop(tied, "kmeans")


def test_a_method_without_any_score_is_not_named_with_a_mean():
    failed = made_results(
        *(scores_of("L1", name, [0.5]) for name in ("stague", "smoothed_pca")),
        scores_of("L1", "sedr", ["oom"]),
    )
    text = best_on(failed, FACTS, "kmeans")
    assert "STAGUE" in text and "nan" not in text


def test_technologies_are_ranked_apart(asked):
    answers = {question.text: question.answer for question in asked}
    assert len(answers) == 6
    assert (
        "SEDR (mean rank 1.00, mean ARI .40) is first"
        in answers["Which method for Visium and other spots?"]
    )
    assert (
        "STAGUE (mean rank 1.00, mean ARI .80) is first"
        in answers["Which method for imaging panels?"]
    )
    held = answers["Which published scores hold?"]
    assert held.startswith("Of 1 published score (0 of the authors")


def test_pca_is_named_where_it_is_among_the_first():
    assert spaceless_place(on("S1"), "kmeans") == ("pca", 1, 3)
    assert spaceless_place(on("S1")[on("S1")["method"] != "pca"], "kmeans") is None
    leiden = {"leiden_pca": {**METHODS["sedr"], "title": "Leiden on PCA"}}
    both = [scores_of("S1", "pca", [0.3]), scores_of("S1", "leiden_pca", [0.4])]
    best = spaceless_place(made_results(*both, methods=leiden), "kmeans")
    assert best == ("leiden_pca", 1, 2)
    text = without_space(RESULTS, FACTS, "kmeans")
    assert "patchy tissues (1 section of 1 study): place 1 of 3" in text
    assert "layered tissues (2 sections of 2 studies): place 3 of 3" in text
    assert text.count("place 3 of 3") == 1  # STARmap are the same sections
    other = {**TISSUES, "L2": {**TISSUES["L2"], "in_layers": 0.5}}
    text = without_space(RESULTS, tissue_facts(RESULTS, other, "kmeans"), "kmeans")
    smoothed = {**TISSUES, "L1": {**TISSUES["L1"], "refined": 50}}
    without = without_space(RESULTS, tissue_facts(RESULTS, smoothed, "kmeans"), "kmeans")
    assert "layered tissues (1 section of 1 study): place 3 of 3" in without
    assert without.endswith("without L1, where all labels are smoothed.")
    assert (
        "spots of tumors (1 section" in text and "STARmap (2 sections of 2 studies): place" in text
    )


def test_a_method_that_costs_too_much_is_no_laptop_method():
    cheap = on(*LAYERS)
    assert on_a_laptop(cheap, "kmeans").startswith("2 of 2 methods fit every tissue within")
    slow = cheap.assign(
        seconds=cheap["seconds"].mask(cheap["method"] == "stague", 4000.0),
    )
    text = on_a_laptop(slow, "kmeans")
    assert text.startswith("1 of 2 methods") and "is SEDR, place 2 of all, with at most 1" in text
    failed = cheap.assign(
        fit_status=cheap["fit_status"].mask(
            (cheap["method"] == "stague") & (cheap["dataset"] == "L2"), "error"
        )
    )
    assert on_a_laptop(failed, "kmeans").startswith("1 of 2 methods")
    none = cheap.assign(peak_rss_mb=9000.0)
    assert on_a_laptop(none, "kmeans").startswith("No method fits every tissue")


def test_published_settings_are_compared_with_default_ones():
    assert "Published settings" not in without_tuning(RESULTS, RESULTS, "kmeans")
    tuned = {"sedr__published": {**METHODS["sedr"], "title": "SEDR, published settings"}}
    with_tuned = made_results(
        scores_of("L1", "stague", [0.8, 0.8]),
        scores_of("L1", "sedr", [0.5, 0.5]),
        scores_of("L1", "sedr__published", [0.6, 0.7]),
        methods=tuned,
    )
    published = with_tuned["method"] == "sedr__published"
    with_tuned.loc[published, "study"] = "published settings"
    whole = with_tuned[~published]
    text = without_tuning(whole, with_tuned, "kmeans")
    assert "default settings and the true number of domains: STAGUE is first on 1 dataset." in text
    assert "STAGUE is first under 2 other choices of clusterer, metric and rules." in text
    assert "ARI over studies by +.15 for SEDR (+.15 to +.15 on 1 dataset): 0 better" in text


def test_published_settings_count_each_study_once():
    tuned = {"sedr__published": {**METHODS["sedr"], "title": "SEDR, published settings"}}
    gains = {"A1": 0.1, "A2": 0.3, "B": -0.2}
    with_tuned = made_results(
        *(scores_of(name, "sedr", [0.5, 0.5]) for name in gains),
        *(scores_of(name, "sedr__published", [0.5 + gain] * 2) for name, gain in gains.items()),
        methods=tuned,
        tissues={name: {"tissue": "real", "unit": name[0]} for name in gains},
    )
    published = with_tuned["method"] == "sedr__published"
    with_tuned.loc[published, "study"] = "published settings"
    text = without_tuning(with_tuned[~published], with_tuned, "kmeans")
    assert "by +.00 for SEDR (-.20 to +.30 on 3 datasets)" in text  # not +.07


def test_each_answer_is_a_sentence(asked):
    for question in asked:
        assert question.text.endswith("?") and question.answer.endswith(".")
        assert "nan" not in question.answer
