"""A method that the budget cuts is marked wherever it is named, and the mark is explained."""

import pytest

from helpers.results import made_results, scores_of
from stbench.ranking.latex import latex_tables
from stbench.ranking.leaderboard import leaderboards
from stbench.ranking.markdown import leaderboard_page
from stbench.ranking.standings import all_standings
from stbench.results.aggregates import all_tables, lift_table, score_table
from stbench.results.best_control import lift_over_best_control
from stbench.results.budget import budget_note
from stbench.summary.run import read_run
from stbench.summary.text import summary

SCORES = [scores_of("BZ5", name, [0.8]) for name in ("stague", "sedr", "smoothed_pca")]
NOTE = "trained for fewer epochs than by default: STAGUE at most 50 epochs."


@pytest.fixture
def results():
    return made_results(*SCORES, shortened={"stague": 50})


def test_title_and_implementation_carry_it(results):
    first = results.drop_duplicates("method").set_index("method")
    assert list(first.loc[["stague", "sedr"], "title"]) == ["STAGUE†", "SEDR"]
    assert list(first.loc[["stague", "sedr"], "budget"]) == ["at most 50 epochs", ""]
    assert first.loc["stague", "implementation"].endswith("cpu budget: at most 50 epochs")


def test_the_line_is_there_only_if_something_was_cut(results):
    assert budget_note(results) == f"† {NOTE}"
    assert budget_note(made_results(*SCORES)) == ""


def test_the_leaderboard_marks_and_explains(results):
    ranked = all_standings(results, "kmeans")
    page = leaderboard_page(
        *(ranked, results, lift_table(results), lift_over_best_control(results), "kmeans")
    )
    assert "**STAGUE†**" in page and "**SEDR**" in page and f"† {NOTE}" in page
    final = score_table(results, "ARI", "final")
    tables = latex_tables(ranked, results, final, None, "kmeans")
    for text in tables.values():
        assert r"STAGUE\textdagger{} &" in text and rf"\textdagger{{}} {NOTE}" in text


def test_the_summary_marks_and_explains(results, tmp_path):
    tables = {
        **all_tables(results),
        "lift_best_control": lift_over_best_control(results),
        "leaderboard": leaderboards(results, "kmeans"),
    }
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    text = " ".join(summary(read_run(results, tmp_path, "kmeans"), tmp_path, tmp_path).split())
    assert f"† {NOTE}" in text and "STAGUE† .80" in text
