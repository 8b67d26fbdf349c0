"""Tables of an unfinished benchmark: marked, complete, and ranking only like with like."""

import json

import pandas as pd
import pytest

from helpers.finished_fits import config, configuration, write_fit
from helpers.programs import run_here
from helpers.results import scores_of, write_results
from stbench.common.paths import PROJECT
from stbench.config.keys import layout_of

CHOSEN = {
    "datasets": ["BZ5", "BZ9"],
    "methods": ["stague", "sedr", "pca", "smoothed_pca"],
    "seeds": [0, 1],
    "clusterers": ["kmeans"],
    "rank_by": "kmeans",
    "interactions": None,
}


def layout(root, **more):
    return layout_of(configuration(**{**CHOSEN, **more}), root)


def tables(root, **more):
    asked = json.dumps(config(**{**CHOSEN, **more}))
    command = [PROJECT / "scripts/partial_tables.py", "--config", asked]
    return run_here(*command, "--results", root, "--output", root / "partial")


@pytest.fixture
def half(tmp_path):
    """BZ5 is scored but for smoothed_pca, of BZ9 one method; one fit waits for its scores."""
    scores = [
        scores_of(
            *("BZ5", "stague", [0.8, 0.7]),
            untrained=[0.5, 0.5],
            oracle=[0.8, 0.8],
            consensus=0.9,
        ),
        scores_of("BZ5", "pca", [0.3, "oom"]),
        scores_of("BZ9", "stague", [0.6, 0.6], untrained=[0.5, 0.5], oracle=[0.8, 0.8]),
    ]
    write_results(layout(tmp_path), pd.concat(scores, ignore_index=True))
    write_fit(layout(tmp_path), "BZ9", "pca", 0)
    return tmp_path


def read(root, name):
    return pd.read_csv(root / f"partial/tables/{name}.csv")


def test_every_product_says_that_it_is_partial(half):
    made = tables(half)
    assert made.returncode == 0, made.stderr
    assert "Warning" not in made.stderr
    assert "partial: 3 of 8 entries are scored" in made.stdout
    assert "1 fits of 1 of them have ended and wait for scoring" in made.stdout
    files = sorted((half / "partial").rglob("*.csv"))
    assert len(files) > 20
    for file in files:
        table = pd.read_csv(file)
        assert table.columns[0] == "partial", file
        assert set(table["partial"]) <= {"partial: 3 of 8 entries"}, file
    results = pd.read_parquet(half / "partial/results.parquet")
    assert set(results["partial"]) == {"partial: 3 of 8 entries"}
    page = (half / "partial/tables/LEADERBOARD.md").read_text()
    assert "> **partial: 3 of 8 entries**" in page.replace("\\", "")
    assert (half / "partial/PARTIAL.txt").read_text().startswith("partial: 3 of 8 entries")
    assert not (half / "tables").exists() and not (half / "results.parquet").exists()


def test_what_is_not_there_yet_stands_as_pending(half):
    tables(half)
    ari = read(half, "ARI_final").set_index(["dataset", "method"])
    assert len(ari) == 8
    assert ari.loc[("BZ5", "stague"), "mean"] == pytest.approx(0.75)
    assert ari.loc[("BZ9", "sedr"), ["status", "reason"]].tolist() == ["pending", "not run yet"]
    assert ari.loc[("BZ9", "pca"), "status"] == "pending"
    assert "seed 0: fitted, not scored yet" in ari.loc[("BZ9", "pca"), "reason"]
    together = read(half, "ARI_consensus").set_index(["dataset", "method"])
    assert together.loc[("BZ5", "stague"), "mean"] == 0.9
    assert together.loc[("BZ9", "sedr"), "status"] == "pending"
    assert ari.loc[("BZ5", "pca"), "status"] == "oom 1/2"  # a failure is no pending cell
    missing = pd.read_csv(half / "partial/missing.csv").set_index(["dataset", "method"])
    assert missing.loc[("BZ9", "pca"), ["waiting", "not_run"]].tolist() == [1, 1]
    assert ("BZ5", "stague") not in missing.index


def test_nobody_is_ranked_by_what_has_not_been_run(half):
    tables(half)
    board = read(half, "leaderboard").set_index("method")
    assert board.loc["stague", "rank"] == 1 and pd.isna(board.loc["pca", "rank"])
    assert board.loc["stague", "datasets"] == "1/1"  # BZ9 waits for pca
    assert board.loc[["sedr", "smoothed_pca"], "status"].tolist() == ["pending", "pending"]
    assert board.loc[["sedr", "smoothed_pca"], "rank"].isna().all()
    assert "smoothed_pca waits" in board.loc["stague", "reason"]


def test_without_a_common_dataset_nothing_is_ranked(tmp_path):
    both = [scores_of("BZ5", "stague", [0.8, 0.7]), scores_of("BZ9", "pca", [0.3, 0.3])]
    write_results(layout(tmp_path), pd.concat(both, ignore_index=True))
    made = tables(tmp_path)
    assert made.returncode == 0, made.stderr
    assert "nothing can be ranked yet" in made.stdout
    board = read(tmp_path, "leaderboard")
    assert set(board["status"]) == {"pending"} and "rank" not in board.columns


def test_a_fit_that_is_made_anew_counts_as_pending(half):
    layout(half).fit_status("BZ5", "stague", 1).unlink()
    assert "partial: 2 of 8 entries" in tables(half).stdout


def test_before_any_score_it_says_what_it_waits_for(tmp_path):
    write_fit(layout(tmp_path), "BZ5", "pca", 0)
    made = tables(tmp_path)
    assert made.returncode == 1
    assert (
        made.stderr.startswith("error: ")
        and "1 of 16 fits have ended, none is scored" in made.stderr
    )
    assert not (tmp_path / "partial").exists()


def test_studies_have_their_tables_and_are_not_ranked(tmp_path):
    kept = {"untrained": [0.5, 0.5], "oracle": [0.8, 0.8]}
    scores = [
        scores_of("BZ5", "stague", [0.8, 0.7], **kept),
        *(
            scores[scores["seed"] == seed].assign(dataset=f"BZ5.counts0.5.draw{seed}")
            for scores in [scores_of("BZ5", "stague", [0.6, 0.5], **kept)]
            for seed in (0, 1)
        ),
        scores_of("BZ5", "stague__gamma_1", [0.9, 0.9], **kept),
    ]
    studies = {
        "datasets": ["BZ5"],
        "methods": ["stague"],
        "robustness": {"counts": [0.5]},
        "variants": {"stague": {"vary": {"gamma": [1]}}},
    }
    write_results(layout(tmp_path, **studies), pd.concat(scores, ignore_index=True))
    made = tables(tmp_path, **studies)
    assert made.returncode == 0, made.stderr
    assert read(tmp_path, "leaderboard")["method"].tolist() == ["stague"]
    curve = read(tmp_path, "robustness_curves").set_index(["method", "level"])["mean"]
    assert curve["stague", 1.0] == pytest.approx(0.75)
    assert curve["stague", 0.5] == pytest.approx(0.55)
    changes = read(tmp_path, "sensitivity").set_index("dataset")
    assert changes.loc["BZ5", "change_final"] == pytest.approx(0.15)
