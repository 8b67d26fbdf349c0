"""The leaderboard's rows under each policy, and the page made of them."""

import pandas as pd
import pytest

from helpers.results import made_results, scores_of
from stbench.ranking.leaderboard import leaderboard
from stbench.ranking.markdown import leaderboard_page
from stbench.ranking.standings import _letters, all_standings, failures, memory, standings
from stbench.results.aggregates import lift_table
from stbench.results.best_control import lift_over_best_control


def three_methods(datasets=6):
    """STAGUE beats SEDR beats smoothed PCA; on the last dataset SEDR ran out of memory."""
    parts = []
    for i in range(datasets):
        name, last = f"D{i}", i == datasets - 1
        gone = ["oom", "timeout", "oom", "oom", "oom"]
        parts += [
            scores_of(name, "stague", [0.8, 0.81, 0.82, 0.83, 0.84], oracle=[0.9] * 5),
            scores_of(name, "sedr", gone if last else [0.6, 0.6, 0.61, 0.6, 0.6]),
            scores_of(name, "smoothed_pca", [0.4] * 5),
        ]
    return made_results(*parts)


RESULTS = three_methods()


def test_mean_scores_are_over_studies_and_not_over_sections():
    scores = {"A1": (0.9, 0.5), "A2": (0.7, 0.5), "B": (0.2, 0.1)}  # STAGUE, smoothed PCA
    results = made_results(
        *(
            scores_of(name, "stague", [ari], oracle=[ari + 0.1])
            for name, (ari, _) in scores.items()
        ),
        *(scores_of(name, "smoothed_pca", [ari]) for name, (_, ari) in scores.items()),
        tissues={name: {"tissue": "real", "unit": name[0]} for name in scores},
    )
    stague = standings(results, "kmeans")["worst"].table.set_index("method").loc["stague"]
    assert stague["ARI_final"] == pytest.approx((0.8 + 0.2) / 2)
    assert stague["gap"] == pytest.approx(0.1)
    assert stague["lift"] == pytest.approx((0.3 + 0.1) / 2)


def test_each_policy_has_its_own_datasets_and_means():
    both = standings(RESULTS, "kmeans")
    worst, common = (both[policy].table.set_index("method") for policy in ("worst", "common"))
    assert both["worst"].datasets == [f"D{i}" for i in range(6)]
    assert both["common"].datasets == [f"D{i}" for i in range(5)]
    assert both["common"].left_out == {"SEDR": {"has no score": ["D5"], "lacks a seed": []}}
    assert both["worst"].left_out == {}
    assert list(common.index) == ["stague", "sedr", "smoothed_pca"]
    assert worst.loc["sedr", "mean_rank"] == pytest.approx((5 * 2 + 3) / 6)
    assert common.loc["sedr", "mean_rank"] == 2
    assert worst.loc["sedr", "low"] <= worst.loc["sedr", "mean_rank"] <= worst.loc["sedr", "high"]
    assert worst.loc["sedr", "failures"] == "5 of 30: oom 4, timeout 1"
    assert common.loc["sedr", "failures"] == "0 of 25"
    assert worst.loc["stague", "seconds"] == pytest.approx(12)
    assert "Friedman's test over 6 datasets: p = " in both["worst"].certainty


def test_groups_of_ties_have_letters_beyond_the_alphabet():
    groups = [["m"] if i in (0, 25, 26, 51, 52) else [] for i in range(54)]
    assert _letters(groups, "m") == "azAZa1" and _letters(groups, "n") == ""


def test_the_gap_is_oracle_minus_final():
    board = leaderboard(RESULTS, "kmeans").set_index("method")
    assert board.loc["stague", "gap"] == pytest.approx(0.9 - 0.82)
    assert pd.isna(board.loc["smoothed_pca", "gap"])
    table = standings(RESULTS, "kmeans")["worst"].table.set_index("method")
    assert table.loc["stague", "gap"] == pytest.approx(0.9 - 0.82)


def under_two_clusterers():
    """STAGUE's final ARI differs between the clusterers; only k-means has an oracle."""
    parts = [
        scores_of(name, method, [final], clusterer=clusterer, oracle=oracle)
        for name in ("D0", "D1")
        for method, final, clusterer, oracle in (
            ("stague", 0.6, "kmeans", [0.9]),
            ("stague", 0.85, "kmeans20", None),
            ("sedr", 0.5, "kmeans", [0.7]),
            ("sedr", 0.55, "kmeans20", None),
        )
    ]
    return made_results(*parts)


def test_the_gap_compares_both_protocols_under_the_clusterer_of_the_oracle():
    board = leaderboard(under_two_clusterers(), "kmeans20").set_index("method").loc["stague"]
    assert (board["rank_by"], board["oracle_by"]) == ("kmeans20", "kmeans")
    assert (board["ARI_final"], board["ARI_oracle"]) == pytest.approx((0.85, 0.9))
    assert board["gap"] == pytest.approx(0.9 - 0.6)
    page = page_of(under_two_clusterers(), rank_by="kmeans20")
    assert "| oracle (kmeans) | gap (kmeans) | gain |" in page
    assert "| method | kmeans20 | kmeans |" in page
    assert "| STAGUE | 1: .85 | 1: .60 |\n| SEDR | 2: .55 | 2: .50 |" in page
    assert "| oracle | gap | gain |" in page_of(under_two_clusterers())


def test_a_method_that_did_not_run_is_listed_and_not_ranked():
    parts = [
        scores_of(f"D{i}", method, values)
        for i in range(3)
        for method, values in {
            "stague": [0.8, 0.81],
            "sedr": ["not_applicable"] * 2,
            "smoothed_pca": [0.4, 0.4],
        }.items()
    ]
    results = made_results(*parts)
    both = standings(results, "kmeans")
    for standing in both.values():
        assert list(standing.table["method"]) == ["stague", "smoothed_pca"]
        assert standing.not_run == {"SEDR": "it said not_applicable"} and not standing.left_out
    assert both["common"].datasets == ["D0", "D1", "D2"]
    board = leaderboard(results, "kmeans").set_index("method")
    assert board["rank"].astype(object).where(board["rank"].notna(), None).to_dict() == {
        "stague": 1,
        "smoothed_pca": None,
        "sedr": None,
    }
    assert "it said not_applicable" in board.loc["sedr", "reason"]
    assert "## Methods that were not run\n\n- SEDR: it said not" in page_of(results).replace(
        "\\", ""
    )


def test_memory_and_failures_in_words():
    assert memory(pd.Series({"peak_rss_mb": 593.2, "peak_gpu_mb": 1200.0})) == "593 + 1200 GPU"
    assert memory(pd.Series({"peak_rss_mb": float("nan"), "peak_gpu_mb": float("nan")})) == ""
    assert failures(RESULTS, "kmeans", ["D5"])["sedr"] == "5 of 5: oom 4, timeout 1"
    assert failures(RESULTS, "kmeans", ["D0"]).to_dict()["stague"] == "0 of 5"


def page_of(results, note="", rank_by="kmeans"):
    return leaderboard_page(
        *(all_standings(results, rank_by), results, lift_table(results)),
        *(lift_over_best_control(results), rank_by, note),
        figure="overview.png",
    )


def table_rows(page):
    return [line for line in page.splitlines() if line.startswith("|")]


def test_the_page_has_a_table_for_each_policy_and_says_who_beats_the_control():
    page = page_of(RESULTS)
    order = [page.index(part) for part in ("- **Best:** STAGUE", "![Overview", "| rank |")]
    assert order == sorted(order)
    worst, common = (page.index(f"### {t}") for t in ("A failure", "Only datasets"))
    assert worst < common
    rows = table_rows(page.partition("## The order")[0])
    assert len(rows) == 2 * (2 + 3) and {row.count("|") for row in rows} == {15}
    assert "*Smoothed PCA*" in page and "**STAGUE**" in page
    assert "SEDR has no score on D5; excluded from this table." in page
    assert "Ranked over" not in page[worst:common]
    assert "\n\nRanked over D0, D1, D2, D3, D4.\n\n" in page[common:]
    family = "(5 %, Holm's correction for all entries on a kind of tissue)"
    winners = "on real tissues SEDR on 5 datasets and STAGUE on 6 datasets."
    assert f"Better than smoothed PCA {family}: {winners}\n" in page
    assert f"Better than the best control {family}: " in page
    assert "The best control is Smoothed PCA on D0, Smoothed PCA on D1" in page
    assert "6 datasets: D0, D1, D2, D3, D4, D5." in page and "5 training seeds." in page


def test_one_table_where_nothing_failed_and_no_test_with_few_datasets():
    page = page_of(made_results(scores_of("A_1", "stague", [0.8]), scores_of("A_1", "pca", [0.1])))
    assert len(table_rows(page)) == 2 + 2
    assert "Every method has a score on every dataset" in page and "### " not in page
    assert "No test is possible: fewer than 2 methods" in page
    assert r"A\_1" in page and "no dataset with scores of both" in page


def test_means_that_lack_seeds_are_listed_with_their_n():
    assert "lack training seeds" not in page_of(RESULTS)  # a failure of all seeds is no mean
    results = made_results(
        scores_of("A_1", "stague", [0.8, "oom", 0.8]),
        scores_of("B", "stague", [0.8, "oom", "oom"]),
        scores_of("B", "pca", [0.1, 0.1, 0.1]),
    )
    page = page_of(results)
    assert "## Means that lack training seeds\n\n- STAGUE: A" in page
    assert r"STAGUE lacks a seed on A\_1, B; excluded" in page
    assert r"- STAGUE: A\_1 (n = 2 of 3), B (n = 1 of 3)" + "\n" in page and "- PCA: " not in page


def test_kinds_of_tissue_and_studies_are_averaged_apart():
    gains = {"R1": 0.1, "R2": 0.3, "R3": 0.5, **{f"S{i}": -0.2 for i in range(18)}}
    parts = [
        scores_of(name, method, [0.4 + more] * 2)
        for name, gain in gains.items()
        for method, more in (("stague", gain), ("smoothed_pca", 0.0))
    ]
    kinds = {"R": "real", "S": "simulated"}
    tissues = {
        name: {"tissue": kinds[name[0]], "unit": "A" if name in ("R1", "R2") else name}
        for name in gains
    }
    page = page_of(made_results(*parts, tissues=tissues))
    against = page.partition("## Against smoothed PCA")[2].partition("##")[0]
    assert "on real tissues no method on any dataset; on simulated tissues no method" in against
    assert "21 datasets (mean over studies: real +.35, simulated -.20)" in against


def test_fits_that_failed_do_not_make_a_method_quick():
    results = made_results(
        scores_of("A", "stague", [0.8]),
        scores_of("B", "stague", ["error"]),
        scores_of("B", "pca", [0]),
    )
    failed = (results["dataset"] == "B") & (results["method"] == "stague")
    results.loc[failed, "seconds"] = 1.0
    table = standings(results, "kmeans")["worst"].table.set_index("method")
    assert table.loc["stague", "seconds"] == 10


def test_a_note_stands_on_top():
    first, quoted = page_of(RESULTS, "Partial: 3 of 40 cells\nare | pending").splitlines()[:3:2]
    assert first == "# Leaderboard"
    assert quoted == r"> **Partial: 3 of 40 cells are \| pending**"


def test_what_is_not_ranked_says_why():
    absent = scores_of("Z", "stague", ["not_applicable"]), scores_of("Z", "pca", ["not_applicable"])
    unlabeled = scores_of("U", "stague", [0.1], exploratory=True)
    page = page_of(made_results(scores_of("A", "stague", [0.8]), *absent, unlabeled))
    assert "- Z: it said not\\_applicable" in page and "- U: no true labels" in page
    nothing = page_of(made_results(scores_of("Z", "stague", ["oom"])))
    assert "methods cannot be ranked" in nothing and "No dataset remains" in nothing


def test_a_difference_that_the_correction_takes_is_marked():
    seeds = [0.50, 0.52, 0.54, 0.56, 0.58]
    parts = [
        scores_of(f"D{i}", method, [value + more for value in seeds])
        for i in range(3)
        for method, more in (("stague", 0.05), ("sedr", 0.0), ("smoothed_pca", 0.0))
    ]
    page = page_of(made_results(*parts))
    against = page.partition("## Against smoothed PCA")[2].partition("##")[0]
    assert "- **STAGUE**: cannot be distinguished on D0 (+.05\\*), D1 (+.05\\*)" in against
    assert "- **SEDR**: cannot be distinguished on D0 (+.00), D1" in against
    assert "\n\\*: not after the correction, but" in against
    assert "not after the correction" not in page_of(RESULTS)
