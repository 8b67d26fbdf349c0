"""Tables: means, gains, lifts and ranks, and a status and a reason wherever there is no number."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.programs import run_apart, run_here
from helpers.results import made_results, scores_of, write_results
from stbench.common.constants import PROTOCOLS
from stbench.common.errors import InputError
from stbench.common.paths import PROJECT
from stbench.ranking.first_methods import first_methods
from stbench.ranking.leaderboard import compare_orders, leaderboard
from stbench.ranking.ranks import mean_ranks
from stbench.results.aggregates import (
    all_tables,
    fold_reasons,
    fold_statuses,
    gain_table,
    lift_table,
    runtime_table,
    score_table,
    status_table,
)
from stbench.scoring.metrics import METRICS


def only(table, **wanted):
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_mean_and_both_spreads():
    made = scores_of("BZ5", "stague", [0.6, 0.8], spread=0.1)
    cell = only(score_table(made_results(made), "ARI", "final"))
    assert (cell["mean"], cell["sd"], cell["n"]) == pytest.approx((0.7, np.sqrt(0.02), 2))
    assert cell["sd_clustering"] == pytest.approx(0.1)
    assert (cell["status"], cell["reason"]) == ("ok", "")


def test_failed_seeds_are_counted_and_named():
    made = scores_of("BZ5", "stague", [0.6, "oom", 0.8, "nan", "oom"])
    cell = only(score_table(made_results(made), "ARI", "final"))
    assert (cell["mean"], cell["n"]) == pytest.approx((0.7, 2))
    assert cell["status"] == "oom 2/5, nan 1/5"
    assert cell["reason"] == "seeds 1, 4: it said oom; seed 3: it said nan"


def test_folding_keeps_what_all_agree_on():
    assert fold_statuses(["oom", "oom"]) == "oom"
    assert fold_reasons([0, 1], ["no memory", "no memory"]) == "no memory"
    assert fold_reasons([0, 1], ["", ""]) == ""


def test_gain_is_paired_by_seed():
    final, untrained = [0.9, 0.7, 0.65], [0.6, 0.6, 0.6]
    made = scores_of("BZ5", "stague", [*final, "oom"], untrained=[*untrained, 0.5])
    cell = only(gain_table(made_results(made)))
    assert (cell["mean"], cell["n"]) == pytest.approx((0.15, 3))
    expected = stats.ttest_rel(final, untrained)
    assert cell["p"] == cell["p_holm"] == pytest.approx(expected.pvalue)
    assert (cell["low"], cell["high"]) == pytest.approx(tuple(expected.confidence_interval()))
    assert cell["verdict"] == "within the noise"
    assert cell["status"] == "oom 1/4"


def test_gain_without_training_says_so():
    cell = only(gain_table(made_results(scores_of("BZ5", "pca", [0.2, 0.2]))))
    assert np.isnan(cell["mean"])
    assert (cell["status"], cell["reason"]) == ("not_applicable", "no training")


def test_lift_over_the_control():
    results = made_results(
        scores_of("BZ5", "stague", [0.8, 0.75, 0.7]),
        scores_of("BZ5", "sedr", ["error", "error"]),
        scores_of("BZ5", "smoothed_pca", [0.7, 0.7]),
        scores_of("BZ9", "stague", [0.8]),
        scores_of("BZ14", "stague", [0.8]),
        scores_of("BZ14", "smoothed_pca", ["timeout"]),
    )
    table = lift_table(results)
    lifted = only(table, dataset="BZ5", method="stague")
    # The control is deterministic: three seeds against none.
    reach = stats.t.ppf(0.975, 2) * 0.05 / np.sqrt(3)
    assert (lifted["mean"], lifted["low"], lifted["high"]) == pytest.approx(
        (0.05, 0.05 - reach, 0.05 + reach)
    )
    assert only(table, dataset="BZ5", method="sedr")["status"] == "error"
    assert only(table, dataset="BZ5", method="smoothed_pca")["reason"] == "the control itself"
    assert only(table, dataset="BZ9")["reason"] == "smoothed_pca was not run"
    beside = only(table, dataset="BZ14", method="stague")
    assert beside["reason"] == "smoothed_pca: timeout: it said timeout"


def test_one_seed_has_a_lift_but_no_interval():
    results = made_results(
        scores_of("BZ5", "stague", [0.8]), scores_of("BZ5", "smoothed_pca", [0.7])
    )
    cell = only(lift_table(results), method="stague")
    assert cell["mean"] == pytest.approx(0.1)
    assert (
        np.isnan(cell["low"])
        and cell["reason"]
        == "no interval: too few seeds, seeds that agree, or an unknown noise of cells"
    )


def test_holm_counts_the_entries_under_one_clusterer():
    parts = []
    for clusterer in ("kmeans", "gmm"):
        for i in range(3 if clusterer == "kmeans" else 1):
            parts += [
                scores_of(f"D{i}", "stague", [0.8, 0.83, 0.82], clusterer=clusterer),
                scores_of(f"D{i}", "smoothed_pca", [0.7] * 3, clusterer=clusterer),
            ]
    table = lift_table(made_results(*parts))
    table = table[table["method"] == "stague"].set_index(["clusterer", "dataset"])
    assert table.loc[("gmm", "D0"), "p_holm"] == pytest.approx(table.loc[("gmm", "D0"), "p"])
    assert table.loc["kmeans", "p_holm"].tolist() == pytest.approx(
        (3 * table.loc["kmeans", "p"]).tolist()
    )


def test_holm_does_not_count_entries_of_studies_among_those_of_the_ranking():
    values = {"stague": [0.8, 0.83, 0.82], "smoothed_pca": [0.7] * 3, "sedr": [0.6, 0.61, 0.66]}
    results = made_results(*(scores_of("D", method, given) for method, given in values.items()))
    studied = lift_table(
        results.assign(study=results["method"].map({"sedr": "sensitivity"}).fillna(""))
    )
    for method in ("stague", "sedr"):
        cell = only(studied, method=method)
        assert cell["p_holm"] == cell["p"]
    assert (
        only(lift_table(results), method="stague")["p_holm"]
        == 2 * only(studied, method="stague")["p"]
    )


def test_no_table_has_a_missing_value_without_a_reason():
    results = made_results(
        scores_of("BZ5", "stague", [0.8, "oom"], untrained=[0.5, 0.5]),
        scores_of("BZ5", "pca", ["killed", "killed"]),
    )
    for name, table in all_tables(results).items():
        if "mean" in table:
            missing = table[table["mean"].isna()]
            assert (missing["status"] != "ok").all(), name
            assert (missing["reason"] != "").all(), name


def test_run_times_and_statuses_are_the_fits():
    results = made_results(scores_of("BZ5", "stague", [0.8, 0.9, "oom"]))
    times = only(runtime_table(results))
    assert (times["seconds"], times["n"], times["peak_rss_mb"]) == (10.5, 2, 300.0)
    assert np.isnan(times["gpu_seconds"]) and times["device"] == "cpu"
    on_gpu = results.assign(device=results["device"].where(results["seed"] != 1, "cuda"))
    assert only(runtime_table(on_gpu))["gpu_seconds"] == 11.0
    assert list(status_table(results)["status"]) == ["ok", "ok", "oom"]


def test_a_consensus_is_one_score_and_no_fit():
    made = scores_of("BZ5", "stague", [0.8, 0.9], consensus=0.95)
    results = made_results(made, scores_of("BZ5", "pca", [0.3, 0.3]))
    cell = only(score_table(results, "ARI", "consensus"))
    assert (cell["mean"], cell["n"], cell["reason"]) == (0.95, 1, "consensus of 10")
    assert np.isnan(cell["sd"])
    board = leaderboard(results, "kmeans").set_index("method")
    assert board.loc["stague", "ARI_consensus"] == 0.95
    assert np.isnan(board.loc["pca", "ARI_consensus"])
    assert set(status_table(results)["seed"]) == {0, 1}
    assert only(runtime_table(results), method="stague")["n"] == 2


def test_numbers_of_domains_stay_apart():
    parts = [
        scores_of("mine", "pca", [v], n_domains=k, exploratory=True)
        for k, v in ((2, 0.1), (5, 0.3))
    ]
    table = score_table(made_results(*parts), "CHAOS", "final")
    assert list(table["n_domains"]) == [2, 5] and table["exploratory"].all()
    assert list(table["mean"]) == pytest.approx([0.1, 0.3])


def test_a_failure_gets_the_worst_rank():
    scores = pd.DataFrame({"a": [0.9, np.nan], "b": [0.5, 0.4], "c": [0.5, 0.3]})
    assert dict(mean_ranks(scores)) == {"a": 2.0, "b": 1.75, "c": 2.25}


def test_leaderboard_ranks_marks_and_says_whether_the_order_holds():
    results = made_results(
        scores_of("BZ5", "stague", [0.8]),
        scores_of("BZ5", "sedr", [0.75]),
        scores_of("BZ5", "smoothed_pca", [0.7]),
        scores_of("BZ5", "pca", [0.2]),
        scores_of("BZ5", "stague", [0.5], clusterer="gmm"),
        scores_of("BZ5", "sedr", [0.6], clusterer="gmm"),
        scores_of("BZ5", "smoothed_pca", [0.7], clusterer="gmm"),
        scores_of("BZ5", "pca", [0.2], clusterer="gmm"),
        scores_of("BZ5", "stague", [0.9], clusterer="kmeans20"),
        scores_of("BZ5", "sedr", [0.8], clusterer="kmeans20"),
        scores_of("BZ5", "smoothed_pca", [0.7], clusterer="kmeans20"),
        scores_of("BZ5", "pca", [0.2], clusterer="kmeans20"),
    )
    board = leaderboard(results, "kmeans")
    assert list(board["method"]) == ["stague", "sedr", "smoothed_pca", "pca"]
    assert list(board["control"]) == [False, False, True, True]
    assert set(board["order"]) == {"order is the same under: kmeans20; changes under: gmm"}
    for rank, of_methods in (("rank", [1, 2]), ("rank_gmm", [2, 1])):  # controls have none
        assert board[rank].tolist()[:2] == of_methods and board[rank].iloc[2:].isna().all()
    assert board["mean_rank"].tolist()[:3] == [1, 2, 3] and pd.isna(board["mean_rank"].iloc[3])
    assert board["lift"].iloc[0] == pytest.approx(0.1)
    assert "no training" in board["reason"].iloc[0]
    under_gmm = leaderboard(results, "gmm")
    assert list(under_gmm["method"]) == ["sedr", "stague", "smoothed_pca", "pca"]
    assert under_gmm["mean_rank"].tolist()[:3] == [2, 3, 1]  # the control is better


def test_a_method_without_a_score_under_a_clusterer_has_no_place_there():
    results = made_results(
        scores_of("BZ5", "stague", [0.8]),
        scores_of("BZ5", "sedr", [0.7]),
        scores_of("BZ5", "sedr", [0.6], clusterer="own"),
    )
    board = leaderboard(results, "kmeans").set_index("method")
    assert board.loc["sedr", "rank_own"] == 1 and pd.isna(board.loc["stague", "rank_own"])


def test_labels_of_some_methods_themselves_make_no_order_of_all():
    same = pd.DataFrame({"a": [0.8], "b": [0.7], "c": [0.9]})
    own = same.assign(c=np.nan)
    assert compare_orders({"kmeans": same, "gmm": same, "own": own}, "kmeans") == (["gmm"], [])


def test_a_failure_is_worst_among_those_who_compete_under_a_clusterer():
    names = {f"m{i}": {"title": f"M{i}", "implementation": "own"} for i in range(8)}
    values = {f"m{i}": 0.9 - i / 10 for i in range(8)}
    parts = [scores_of(f"D{k}", m, [v]) for k in range(3) for m, v in values.items()]
    own = {"m0": [0.9, 0.9, "oom"], "m1": [0.5] * 3, "m2": [0.4, 0.4, 0.6]}
    parts += [
        scores_of(f"D{k}", method, [final[k]], clusterer="own")
        for method, final in own.items()
        for k in range(3)
    ]
    results = made_results(*parts, methods=names)
    board = leaderboard(results, "kmeans").set_index("method")
    # Ranks 1, 1 and 3 of three, not 1, 1 and 8 of eight.
    assert board.loc[["m0", "m1", "m2"], "rank_own"].tolist() == [1, 2, 3]
    assert [place.title for place in first_methods(results, "kmeans")["own"]] == ["M0", "M1", "M2"]


def test_leaderboard_of_an_unused_clusterer_is_refused():
    with pytest.raises(InputError, match=r"leiden.*use one of kmeans"):
        leaderboard(made_results(scores_of("BZ5", "pca", [0.2])), "leiden")


def test_a_dataset_that_nobody_could_score_does_not_rank():
    missing = {"status": "not_applicable", "reason": "data not available", "n_domains": 0}
    gone = scores_of("V1", "stague", [0.0]).assign(value=np.nan, **missing)
    results = made_results(scores_of("BZ5", "stague", [0.8]), gone)
    assert list(leaderboard(results, "kmeans")["datasets"]) == ["1/1"]


def test_one_clusterer_alone_has_nothing_to_compare_with():
    scores = {"kmeans": pd.DataFrame({"a": [1.0], "b": [0.5]})}
    order = compare_orders(scores, "kmeans")
    assert order == ([], []) and order.summary == "no other clusterer to compare with"


def aggregate(root, to, run=run_here):
    return run(
        *(PROJECT / "scripts/aggregate.py", "--methods", root / "methods.yaml"),
        *("--fits", *root.glob("fits/*/*/*")),
        *("--scores", *sorted(root.glob("scores/*/*/*.parquet"))),
        *("--output-parquet", to / "r.parquet", "--tables", to / "tables", "--rank-by", "kmeans"),
    )


def test_the_program_writes_the_same_bytes_twice(tmp_path):
    root = tmp_path / "results"
    write_results(root, scores_of("BZ5", "stague", [0.8, "oom"], untrained=[0.5, 0.5]))
    one, other = tmp_path / "one", tmp_path / "other"
    for to, run in ((one, run_here), (other, run_apart)):
        done = aggregate(root, to, run)
        assert done.returncode == 0, done.stderr
    files = [path for path in (one / "tables").rglob("*") if path.is_file()]
    names = sorted(str(path.relative_to(one / "tables")) for path in files)
    scores = {f"{metric}_{protocol}.csv" for metric in METRICS for protocol in PROTOCOLS}
    assert len(scores) == 9 * 6 and scores <= set(names)
    pages = {"LEADERBOARD.md", "latex/leaderboard.tex", "latex/ARI_final.tex"}
    assert {"leaderboard.csv", "lift.csv", *pages} <= set(names)
    for name in names:
        assert (one / "tables" / name).read_bytes() == (other / "tables" / name).read_bytes()
    assert ",0.800000,,1," in (one / "tables/ARI_final.csv").read_text()


def test_the_program_refuses_in_one_line(tmp_path):
    root = tmp_path / "results"
    write_results(root, scores_of("BZ5", "stague", [0.8]))
    (root / "fits/BZ5/stague/{key}/seed0/status.json").unlink()
    done = aggregate(root, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error:") and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "tables").exists() and not (tmp_path / "r.parquet").exists()
