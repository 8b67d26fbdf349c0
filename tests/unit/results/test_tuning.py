"""Published beside default settings: the tuning gain, and the protocol of STAGUE's paper."""

import pandas as pd
import pytest

from helpers.results import METHODS, NAN, fits_of, scores_of
from stbench.ranking.markdown import leaderboard_page
from stbench.ranking.standings import all_standings
from stbench.results.aggregates import lift_table
from stbench.results.assembly import assemble
from stbench.results.best_control import lift_over_best_control
from stbench.results.published import published_vs_measured
from stbench.results.tuning import WARNING, paper_protocol, settings_tables, tuning_gain
from stbench.summary.studies import study_sentences

TUNED = {"stague__published": {"method": "stague", "title": "STAGUE, published settings"}}
SCORES = [
    scores_of("BZ5", "stague", [0.7, 0.74, 0.72], oracle=[0.8, 0.8, 0.8]),
    scores_of("BZ5", "stague__published", [0.8, 0.84, 0.82], oracle=[0.9, 0.9, 0.9]),
    scores_of("BZ9", "stague", [0.5, 0.5], oracle=[0.6, 0.6]),
    scores_of("BZ9", "stague__published", ["oom", "oom"]),
    scores_of("D", "stague", [0.3, 0.3], oracle=[0.4, 0.4]),
    scores_of("BZ5", "sedr", [0.4, 0.4], oracle=[0.6, 0.6]),
]


@pytest.fixture(scope="module")
def results():
    scores = pd.concat(SCORES, ignore_index=True)
    methods = {**METHODS, "stague__published": {**METHODS["stague"], **TUNED["stague__published"]}}
    return assemble(scores, fits_of(scores), methods, None, {"published": TUNED})


def test_published_settings_take_no_part_in_the_ranking(results):
    assert set(results.loc[results["study"] == "published settings", "method"]) == set(TUNED)
    ranked = results[results["study"] == ""]
    assert set(ranked["method"]) == {"stague", "sedr"}


def test_the_gain_is_published_minus_default(results):
    table = tuning_gain(results, TUNED).set_index("dataset")
    assert list(table.index) == ["BZ5", "BZ9"]  # no such entry on D
    bz5 = table.loc["BZ5"]
    assert (bz5["default"], bz5["published"]) == pytest.approx((0.72, 0.82))
    assert (bz5["gain"], bz5["n"], bz5["method"]) == (pytest.approx(0.1), 3, "stague")
    assert bz5["low"] < 0.1 < bz5["high"] and bz5["status"] == "ok"
    lost = table.loc["BZ9"]
    assert pd.isna(lost["gain"]) and lost["n"] == 0 and lost["status"] == "oom 2/4"
    assert lost["reason"] == "published settings: it said oom"


def test_the_protocol_of_the_paper_takes_published_settings_where_there_are_any(results):
    table = paper_protocol(results, TUNED).set_index(["dataset", "method"])
    assert table.loc[("BZ5", "stague"), "settings"] == "published"
    assert table.loc[("BZ5", "stague"), "ARI_oracle"] == pytest.approx(0.9)
    assert table.loc[("BZ5", "stague"), "ARI_final"] == pytest.approx(0.82)
    assert table.loc[("D", "stague"), "settings"] == "default"
    assert table.loc[("D", "stague"), "ARI_oracle"] == pytest.approx(0.4)
    assert table.loc[("BZ9", "stague"), "status"] == "oom"
    assert len(table) == 4


def test_published_scores_are_compared_with_published_settings(results):
    columns = ["dataset", "method", "metric", "mean", "sd", "n", "source"]
    one = pd.DataFrame([("BZ5", "stague", "ARI", 0.9, NAN, NAN, "a paper")], columns=columns)
    table = published_vs_measured(results, one, TUNED)
    table = table[table["method"] == "stague"].set_index("protocol")
    assert set(table["settings"]) == {"published"}
    assert table.loc["oracle", "measured"] == pytest.approx(0.9)
    assert table.loc["oracle", "difference"] == pytest.approx(0)
    assert table.loc["final", "difference"] == pytest.approx(table.loc["final", "measured"] - 0.9)
    assert set(published_vs_measured(results, one)["settings"]) == {"default"}


def test_page_and_summary_give_the_gain_beside_the_ranking_and_a_warning(results, tmp_path):
    ranked = results[results["study"] == ""]
    tables = settings_tables(results, TUNED)
    lifts = lift_table(ranked), lift_over_best_control(ranked)
    page = leaderboard_page(
        all_standings(ranked, "kmeans"), ranked, *lifts, "kmeans", tuning=tables
    )
    assert "STAGUE, published settings" not in page
    assert WARNING in page and "| BZ5 | STAGUE | .72 | .82 | +.10 " in page
    assert "| STAGUE | .65 | .56 | 2 | 2 |" in page  # best and last epoch, scored, published
    tables["tuning_gain"].to_csv(tmp_path / "tuning_gain.csv", index=False)
    text = " ".join(study_sentences(tmp_path, {"stague": "STAGUE"}, "kmeans")["tuning"])
    assert "+.10 [" in text and "not known on BZ9 (oom 2/4)" in text and WARNING in text
    assert settings_tables(ranked, {}) == {}
