"""Published scores beside shipped ones: which measured score judges a claim, and how."""

import pandas as pd
import pytest

from helpers.results import METHODS, made_results, scores_of
from stbench.clustering.stage import LABELS_ONLY
from stbench.common.paths import PROJECT
from stbench.results.published import COLUMNS
from stbench.verdict.claims import (
    KNOWN,
    claims,
    claims_page,
    claims_sentence,
    read_other_claims,
)

OTHERS = read_other_claims(PROJECT / "resources/published/claims.csv")
BENCHMARK, NOTEBOOK = "BenchmarkST, ari_results/GraphST.txt", "STAGUE's notebook"


NONE = pd.DataFrame(columns=KNOWN)
OTHER_METHODS = {
    "graphst": {"title": "GraphST", "implementation": "reimplemented", "trainable": True},
    "spagcn": {"title": "SpaGCN", "implementation": "package SpaGCN==1.2", "trainable": True},
}


def results_of(*scores, methods=(), **more):
    return made_results(*scores, methods={**OTHER_METHODS, **dict(methods)}, **more)


def reported(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def score(dataset, method, values, **more):
    return scores_of(dataset, method, values, **more)


RESULTS = results_of(
    score("BZ5", "graphst", [0.30, 0.31, 0.32]),
    score("BZ5", "graphst", [0.50, 0.51, 0.52], clusterer="mclust"),
    score("BZ5", "stague", [0.6, 0.6, 0.6], oracle=[0.70, 0.71, 0.72]),
    score("V1_pca", "graphst", [0.2, 0.21, 0.22], clusterer="mclust"),
    score("BZ9", "graphst", ["oom", "oom"], clusterer="mclust"),
)
PUBLISHED = reported(
    ("BZ5", "graphst", "ARI", 0.51, 0.02, 20, BENCHMARK),
    ("BZ5", "graphst", "NMI", 0.51, 0.02, 20, BENCHMARK),
    ("BZ5", "stague", "ARI", 0.95, None, 1, NOTEBOOK),
    ("V1", "graphst", "ARI", 0.11, 0.01, 20, BENCHMARK),
    ("BZ9", "graphst", "ARI", 0.1, 0.01, 20, BENCHMARK),
    ("BZ14", "graphst", "ARI", 0.1, 0.01, 20, BENCHMARK),
    ("BZ5", "adept", "ARI", 0.1, 0.01, 20, BENCHMARK),
)


@pytest.fixture(scope="module")
def table():
    return claims(RESULTS, PUBLISHED, NONE)


def claim(table, dataset, method):
    rows = table[(table["dataset"] == dataset) & (table["method"] == method)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_protocol_and_clusterer_of_the_source_are_used(table):
    graphst, stague = claim(table, "BZ5", "graphst"), claim(table, "BZ5", "stague")
    assert (graphst["clusterer"], graphst["protocol"]) == ("mclust", "final")
    assert graphst["measured"] == pytest.approx(0.51)
    assert graphst["verdict"] == "holds"
    assert (stague["measured"], stague["protocol"]) == (pytest.approx(0.71), "oracle")
    assert (stague["by"], stague["verdict"]) == ("authors", "lower")
    assert stague["reason"].startswith("-.24 [")


def test_a_wide_interval_decides_nothing():
    results = results_of(score("BZ5", "graphst", [0.3, 0.5, 0.7], clusterer="mclust"))
    row = claim(claims(results, PUBLISHED, NONE), "BZ5", "graphst")
    assert (row["verdict"], row["measured"]) == ("undecided", pytest.approx(0.5))


def test_another_clusterer_decides_nothing():
    results = results_of(score("BZ5", "graphst", [0.540, 0.541, 0.542], clusterer="gmm"))
    table = claims(results, PUBLISHED, NONE)
    row = claim(table, "BZ5", "graphst")
    assert row["verdict"] == "undecided" and "gmm in place of mclust" in row["reason"]
    assert claims_sentence(table).endswith("decided: the clusterer is another one here (1).")


def test_the_clusterer_of_a_source_depends_on_the_method():
    scores = [score("BZ5", "sedr", [0.3, 0.3], clusterer=c) for c in ("gmm", "kmeans20", "leiden")]
    of_sedr = reported(("BZ5", "sedr", "ARI", 0.3, None, 1, "SDMBench"))
    row = claim(claims(results_of(*scores), of_sedr, NONE), "BZ5", "sedr")
    assert (row["clusterer"], row["differs"]) == ("leiden", "")
    row = claim(claims(results_of(*scores[:2]), of_sedr, NONE), "BZ5", "sedr")
    assert row["differs"] == "kmeans20 in place of leiden"


def test_labels_of_a_method_itself_need_no_clusterer_of_that_name():
    results = results_of(score("BZ5", "spagcn", [0.3, 0.31], clusterer="kmeans"))
    results["reason"] = LABELS_ONLY
    of_spagcn = reported(("BZ5", "spagcn", "ARI", 0.3, None, 1, "SDMBench"))
    assert claim(claims(results, of_spagcn, NONE), "BZ5", "spagcn")["differs"] == ""


def test_a_file_of_a_source_with_other_values_is_another_section():
    results = results_of(score("osmFISH", "graphst", [0.3, 0.31], clusterer="mclust"))
    published = reported(("osmFISH_sdmbench", "graphst", "ARI", 0.3, None, 10, "SDMBench"))
    row = claim(claims(results, published, NONE), "osmFISH_sdmbench", "graphst")
    assert (row["measured_on"], row["verdict"]) == ("osmFISH", "undecided")


def test_a_claim_holds_within_the_margin_and_is_lower_or_higher_beyond_it():
    near = results_of(score("BZ5", "graphst", [0.540, 0.541, 0.542], clusterer="mclust"))
    row = claim(claims(near, PUBLISHED, NONE), "BZ5", "graphst")
    assert row["verdict"] == "holds" and row["reason"].startswith("+.03 [+.0")
    far = results_of(score("BZ5", "graphst", [0.33, 0.35, 0.37], clusterer="mclust"))
    assert claim(claims(far, PUBLISHED, NONE), "BZ5", "graphst")["verdict"] == "lower"
    # The interval excludes 0, but not the margin.
    between = results_of(score("BZ5", "graphst", [0.40, 0.41, 0.42], clusterer="mclust"))
    row = claim(claims(between, PUBLISHED, NONE), "BZ5", "graphst")
    assert row["verdict"] == "undecided" and row["reason"].startswith("-.10 [")


def test_two_seeds_have_at_least_the_spread_of_the_method_elsewhere():
    alike = score("BZ5", "graphst", [0.40, 0.40], clusterer="mclust")
    alone = claim(claims(results_of(alike), PUBLISHED, NONE), "BZ5", "graphst")
    assert "measured sd at least as published" in alone["reason"]
    elsewhere = [score(d, "graphst", [0.2, 0.5], clusterer="mclust") for d in ("BZ9", "BZ14", "A1")]
    row = claim(claims(results_of(alike, *elsewhere), PUBLISHED, NONE), "BZ5", "graphst")
    assert row["verdict"] == "undecided"
    assert "sd of 2 measured seeds: at least that of all its tissues" in row["reason"]
    # Seeds that differ more here than elsewhere keep their own spread, and one degree of freedom.
    quiet = [score(d, "graphst", [0.39, 0.40], clusterer="mclust") for d in ("BZ9", "BZ14", "A1")]
    apart = score("BZ5", "graphst", [0.10, 0.30], clusterer="mclust")
    row = claim(claims(results_of(apart, *quiet), PUBLISHED, NONE), "BZ5", "graphst")
    assert row["verdict"] == "undecided" and "tissues" not in row["reason"]


def test_the_same_section_with_other_features_decides_nothing(table):
    row = claim(table, "V1", "graphst")
    assert (row["measured_on"], row["verdict"]) == ("V1_pca", "undecided")
    assert "measured on V1_pca, the same section with other features" in row["reason"]


def test_a_known_difference_of_the_method_decides_nothing():
    near = results_of(score("BZ5", "graphst", [0.33, 0.35, 0.37], clusterer="mclust"))
    known = pd.DataFrame([("BenchmarkST", "graphst", "version 1 there")], columns=KNOWN)
    row = claim(claims(near, PUBLISHED, known), "BZ5", "graphst")
    assert row["verdict"] == "undecided" and "version 1 there" in row["reason"]
    assert row["differs"] == "version 1 there"
    assert claim(claims(near, PUBLISHED, known.assign(source="SDM")), "BZ5", "graphst")[
        "verdict"
    ] == ("lower")
    shorter = results_of(
        score("BZ5", "graphst", [0.33, 0.35, 0.37], clusterer="mclust"), shortened={"graphst": 50}
    )
    table = claims(shorter, PUBLISHED, NONE)
    assert claim(table, "BZ5", "graphst")["differs"] == "at most 50 epochs"
    assert claims_sentence(table) == (
        "Of 1 published score (0 of the authors of a method, 1 of benchmarks) none can be "
        "decided: the method has another version, other steps or fewer epochs here (1)."
    )


def test_the_page_says_how_far_sources_agree():
    both = reported(
        ("BZ5", "graphst", "ARI", 0.51, 0.02, 20, BENCHMARK),
        ("BZ5", "graphst", "ARI", 0.30, 0.02, 10, "SDMBench"),
    )
    page = claims_page(claims(RESULTS, both, NONE), RESULTS, both, OTHERS)
    assert "1 pairs have several scores, which differ by more than .20 in 1 of them" in page


def test_a_failed_fit_judges_nothing_and_says_why(table):
    row = claim(table, "BZ9", "graphst")
    assert row["verdict"] == "not judged" and row["reason"].startswith("it said oom")
    assert pd.isna(row["measured"])


def test_only_claims_with_shipped_results_are_listed(table):
    assert set(table["dataset"]) == {"BZ5", "BZ9", "V1"}
    assert set(table["method"]) == {"graphst", "stague"}
    assert claims(RESULTS, PUBLISHED[PUBLISHED["method"] == "adept"], NONE).empty


def test_published_settings_judge_where_there_are_any():
    entry = {"stague__published": {**METHODS["stague"], "title": "STAGUE, published settings"}}
    results = results_of(
        score("BZ5", "stague", [0.6, 0.6, 0.6], oracle=[0.70, 0.71, 0.72]),
        score("BZ5", "stague__published", [0.6, 0.6, 0.6], oracle=[0.94, 0.95, 0.96]),
        methods=entry,
    )
    tuned = results["method"] == "stague__published"
    results.loc[tuned, "study"] = "published settings"
    row = claim(claims(results, PUBLISHED, NONE), "BZ5", "stague")
    assert (row["settings"], row["verdict"]) == ("published", "holds")


def test_the_sentence_counts_what_was_judged(table):
    assert claims_sentence(table) == (
        "Of 3 published scores (1 of the authors of a method, 2 of benchmarks) 2 can be "
        "decided: 1 holds, 1 was measured lower and 0 higher. The other is undecided: the section "
        "has other features here (1)."
    )
    assert claims_sentence(table.iloc[:0]).startswith("No published score can be judged")


def test_the_page_lists_claims_and_what_was_not_measured(table):
    again = PUBLISHED[PUBLISHED["dataset"] == "BZ14"].assign(source="another file of these runs")
    page = claims_page(table, RESULTS, pd.concat([PUBLISHED, again]), OTHERS)
    assert "| STAGUE | BZ5 | .95 | .71 | **lower** |" in page
    assert "1 scores on sections that were not run: BZ14." in page
    assert "1 scores on other sections of methods not run: adept." in page
    assert "`resources/published` has no score of" not in page
    without = claims_page(table, RESULTS, PUBLISHED[PUBLISHED["method"] != "stague"], OTHERS)
    assert "`resources/published` has no score of STAGUE." in without
    by_method = page.partition("## By method")[2].partition("##")[0]
    assert "| method | holds | lower | undecided | not judged |" in by_method
    assert "| GraphST | 1 | 0 | 1 | 1 |" in by_method
    other = page.partition("## Other claims")[2].partition("##")[0]
    assert other.count("\n| ") == len(OTHERS) + 2 and all(OTHERS["verdict"])
    assert "| SpatialFusion | ARI .658 and NMI .749 on DLPFC151673 |" in other
