"""The text at the end of a run: readable, complete, and never bolder than its seeds."""

import json
from dataclasses import replace

import anndata
import numpy as np
import pandas as pd
import pytest

import summarize
from helpers.results import made_results, scores_of
from stbench.common.io import write_csv
from stbench.common.text import WIDTH
from stbench.ranking.leaderboard import leaderboards
from stbench.results.aggregates import all_tables
from stbench.results.best_control import lift_over_best_control
from stbench.results.statistics import TOO_FEW_SEEDS
from stbench.summary.failed_stages import failed_stages
from stbench.summary.run import read_run
from stbench.summary.studies import study_sentences
from stbench.summary.text import any_score, summary


def run_of(folder, *scores, rank_by="kmeans"):
    results = made_results(*scores)
    for name, table in {
        **all_tables(results),
        "lift_best_control": lift_over_best_control(results),
        "leaderboard": leaderboards(results, rank_by),
    }.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return read_run(results, folder, rank_by)


def text_of(folder, *scores, rank_by="kmeans"):
    report = folder / "report/index.html"
    run = run_of(folder, *scores, rank_by=rank_by)
    return summary(run, folder, folder / "figures", report=report)


def plain(text):
    return " ".join(text.split())


CONTROL = scores_of("BZ5", "smoothed_pca", [0.76] * 5, spread=0.05)


def unavailable(dataset, reason):
    told = {"value": np.nan, "status": "not_applicable", "reason": reason, "n_domains": 0}
    return scores_of(dataset, "stague", [0.0]).assign(**told)


@pytest.mark.parametrize(
    ("final", "said"),
    [
        (
            [0.79, 0.8, 0.74, 0.83, 0.79],
            "cannot be distinguished from smoothed PCA (.76): lift +.03",
        ),
        ([0.95, 0.96, 0.94, 0.95, 0.97], "is better than smoothed PCA (.76): lift +.19"),
        ([0.55, 0.56, 0.54, 0.55, 0.57], "is worse than smoothed PCA (.76): lift -.21"),
        ([0.75, 0.99, 0.87], "cannot be distinguished from smoothed PCA (.76): lift +.11"),
        (
            [0.95],
            f"is above smoothed PCA (.76): lift +.19, but {TOO_FEW_SEEDS}.",
        ),
    ],
)
def test_what_is_said_follows_from_the_numbers(tmp_path, final, said):
    assert said in plain(text_of(tmp_path, scores_of("BZ5", "stague", final), CONTROL))


def test_the_best_control_is_named_where_it_is_another_one(tmp_path):
    method = scores_of("BZ5", "stague", [0.96, 0.96])
    best = "Against the best control here, "
    assert best not in plain(text_of(tmp_path, method, CONTROL))
    text = plain(text_of(tmp_path, method, CONTROL, scores_of("BZ5", "pca", [0.9, 0.9])))
    assert f"{best}PCA: +.06" in text


def test_the_order_is_tested_where_it_can_be(tmp_path):
    few = plain(text_of(tmp_path, scores_of("BZ5", "stague", [0.8]), CONTROL))
    assert "No test is possible: 1 independent unit, at least 5 are needed" in few
    rng = np.random.default_rng(0)
    scores = [
        scores_of(f"d{i}", method, [height + rng.normal(0, 0.01)])
        for i in range(8)
        for method, height in (("stague", 0.8), ("sedr", 0.8), ("smoothed_pca", 0.2))
    ]
    text = plain(text_of(tmp_path, *scores))
    assert "Friedman's test over 8 datasets: p = 0.00" in text
    assert "SEDR and STAGUE share the best mean rank and differ significantly from all" in text


def test_a_part_of_the_interactions_that_failed_is_told(tmp_path):
    folder = tmp_path / "interactions/BZ5/stague/key"
    folder.mkdir(parents=True)
    parts = {"genes": ("error", "it broke"), "ligand_receptor": ("not_applicable", "no panel")}
    told = {name: {"status": status, "reason": why} for name, (status, why) in parts.items()}
    (folder / "status.json").write_text(json.dumps(told))
    run = run_of(tmp_path, scores_of("BZ5", "stague", [0.8]), CONTROL)
    text = summary(run, tmp_path, tmp_path, [folder])
    assert "Interactions of BZ5/stague: genes: it broke" in text and "no panel" not in text


def test_maps_choices_and_markers_that_failed_are_told_and_are_no_results(tmp_path):
    for name, facts in {"mine": ("error", "the maps broke"), "good": ("ok", "")}.items():
        adata = anndata.AnnData(np.zeros((0, 0), np.float32))
        adata.uns["stbench"] = dict(zip(("status", "reason"), facts, strict=True))
        adata.write_h5ad(tmp_path / f"{name}.h5ad")
    maps = [tmp_path / "mine.h5ad", tmp_path / "good.h5ad"]
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, reason in {"number_of_domains": "the choice broke", "genes": "no tests"}.items():
        table = pd.DataFrame({"status": ["error"], "reason": [reason]})
        table.to_csv(folder / f"{name}.csv", index=False)
    failed = failed_stages(maps, [folder, tmp_path / "good"], [folder])
    run = run_of(tmp_path, scores_of("BZ5", "stague", [0.8]), CONTROL)
    lines = summary(run, tmp_path, tmp_path, maps=maps, failed=failed).splitlines()
    assert "mine: maps failed: the maps broke" in lines
    assert "mine: choice failed: the choice broke" in lines
    assert "mine: markers failed: no tests" in lines
    (domains,) = (line for line in lines if line.startswith("Domains:"))
    assert "good.h5ad" in domains and "mine.h5ad" not in domains
    assert lines[-1].startswith("Failed: 3 stages. `make retry`")


def test_a_study_names_a_dataset_as_it_is_called(tmp_path):
    columns = ["dataset", "method", "clusterer", "way", "level", "mean", "low", "high", "n"]
    columns += ["status", "reason"]
    entry = ("007", "pca", "kmeans", "jitter")
    rows = [(*entry, level, 0.5, 0.4, 0.6, 3, "ok", "") for level in (0.0, 1.0)]
    write_csv(pd.DataFrame(rows, columns=columns), tmp_path / "robustness_curves.csv")
    (sentence,) = study_sentences(tmp_path, {"pca": "PCA"}, "kmeans")["robustness"]
    assert sentence == (
        "On 007, the ARI of PCA (.50 [.40, .60], 3 seeds) becomes .50 [.40, .60] with positions "
        "jittered by 1 cell spacings (3 draws)."
    )


def test_the_number_of_statements_is_corrected_for(tmp_path):
    made = [scores_of("BZ5", "stague", [0.84, 0.80, 0.85, 0.81, 0.86])]
    made += [part for i in range(6) for part in (
        scores_of(f"D{i}", "stague", [0.76, 0.75, 0.77, 0.78, 0.74]),
        scores_of(f"D{i}", "smoothed_pca", [0.76] * 5, spread=0.05),
    )]  # fmt: skip
    alone, many = (plain(text_of(tmp_path, *made[:n], CONTROL)) for n in (1, 13))
    assert "is better than smoothed PCA (.76): lift +.07" in alone
    assert "STAGUE (ARI .83 +- .03, 5 seeds) cannot be distinguished from smoothed PCA" in many
    assert "after Holm's correction for all entries" in many


def test_training_and_oracle_are_told(tmp_path):
    made = scores_of(
        "BZ5", "stague", [0.8] * 5, untrained=[0.5, 0.51, 0.49, 0.5, 0.5], oracle=[0.9] * 5
    )
    text = plain(text_of(tmp_path, made, CONTROL))
    assert "Training changed the ARI by +.30 [+.29, +.31]." in text
    assert ".80 +- .00 .90 +- .00 .50 +- .01" in text


def test_the_oracle_is_shown_under_its_own_clusterer(tmp_path):
    made = [
        scores_of("BZ5", "stague", [0.8], oracle=[0.9]),
        scores_of("BZ5", "stague", [0.82], clusterer="kmeans20"),
        scores_of("BZ5", "sedr", [0.7]),
        scores_of("BZ5", "sedr", [0.85], clusterer="kmeans20"),
    ]
    text = plain(text_of(tmp_path, *made, rank_by="kmeans20"))
    assert "STAGUE .82 .90 -" in text
    assert "oracle: the epoch chosen by the true labels, clustered by kmeans." in text
    assert "with their mean ARI, under kmeans20: SEDR .85, STAGUE .82" in text


def test_the_consensus_is_compared_with_the_last_epoch(tmp_path):
    scores = [
        scores_of("BZ5", "stague", [0.8, 0.8], consensus=0.9),
        scores_of("BZ9", "stague", [0.7, 0.7], consensus=0.66),
        scores_of("BZ5", "smoothed_pca", [0.7, 0.7], consensus=0.1),
    ]
    text = plain(text_of(tmp_path, *scores))
    assert "mean +- sd of 2 training seeds" in text and "All 6 fits succeeded." in text
    said = "the consensus of all training seeds is above the last epoch in 1 of 2 entries"
    assert f"Without true labels, controls aside: {said} (on average +.03)." in text


def test_fits_that_do_not_apply_have_not_succeeded(tmp_path):
    absent = scores_of("BZ5", "sedr", ["not_applicable"] * 2)
    text = plain(text_of(tmp_path, scores_of("BZ5", "stague", [0.8, 0.8]), absent, CONTROL))
    assert "7 of 9 fits succeeded; the others do not apply: SEDR, 2 fits: it said" in text


def test_failures_show_their_status_and_how_to_retry(tmp_path):
    text = text_of(tmp_path, scores_of("BZ5", "stague", ["oom", "oom"]), CONTROL)
    assert "On BZ5, STAGUE has no score (oom: it said oom)." in plain(text)
    assert "2 of 7 fits failed" in text
    last = "Failed: 2 fits. `make retry`, then run again: only these are tried."
    assert text.splitlines()[-1] == last
    assert any(line.split() == ["STAGUE", "oom", "-", "-"] for line in text.splitlines())


def test_a_partly_failed_cell_says_how_much(tmp_path):
    text = text_of(tmp_path, scores_of("BZ5", "stague", [0.8, "nan", 0.8]), CONTROL)
    assert "mean of 2 seeds; nan 1/3" in text
    assert "2 seeds; nan 1/3" in plain(text)


def test_data_that_could_not_be_had_are_listed_with_the_way_to_them(tmp_path):
    gone = unavailable("V1", "data not available: put V1/adata.h5ad into a mirror folder")
    text = plain(text_of(tmp_path, scores_of("BZ5", "stague", [0.8]), CONTROL, gone))
    assert "V1 was not run: data not available: put V1/adata.h5ad into a mirror" in text
    assert "On V1" not in text


def test_without_the_control_no_comparison_is_made_up(tmp_path):
    text = plain(text_of(tmp_path, scores_of("BZ5", "stague", [0.8, 0.9])))
    assert "cannot be compared with smoothed PCA (smoothed_pca was not run)" in text


def test_data_without_truth_show_smoothness(tmp_path):
    made = scores_of("mine", "stague", [0.12], n_domains=3, exploratory=True)
    lacks = made["metric"] == "ARI"
    made.loc[lacks, ["value", "status", "reason"]] = [np.nan, "not_applicable", "no true labels"]
    text = text_of(tmp_path, made)
    assert "mine: no true labels, exploratory, 3 domains" in text and ".12" in text
    assert "they rank the control coordinates above the jittered truth" in plain(text)
    assert "On mine" not in text


def test_methods_without_truth_are_compared_with_each_other(tmp_path):
    made = scores_of("mine", "stague", [0.12], n_domains=3, exploratory=True)
    lacks = made["metric"] == "ARI"
    made.loc[lacks, ["value", "status", "reason"]] = [np.nan, "not_applicable", "no true labels"]
    numbers = {"agreement": 0.61, "stability_seeds": 0.72, "stability_cells": 0.83}
    rows = [{"method": "stague", **numbers}, {"method": "consensus", "agreement": 0.94}]
    table = pd.DataFrame(rows).assign(dataset="mine", n_domains=3, stability_starts=np.nan)
    write_csv(table, tmp_path / "label_free.csv")
    run = run_of(tmp_path, made, made.assign(n_domains=4))
    text = summary(run, tmp_path, tmp_path / "figures", maps=[tmp_path / "mine.h5ad"])
    assert "exploratory, 3 domains" in text and "4 domains" not in text  # the maps have 3
    (line,) = (line for line in text.splitlines() if line.startswith("  STAGUE"))
    assert line.split()[:7] == ["STAGUE", ".61", ".72", "-", ".83", ".12", ".12"]
    (line,) = (line for line in text.splitlines() if line.startswith("  Consensus"))
    assert line.split()[:2] == ["Consensus", ".94"]
    assert "Agreement with the true domains" not in text and "A stable map is not" in plain(text)
    assert f"Domains: {tmp_path}/mine.h5ad" in plain(text)


def test_it_names_the_clusterer_and_where_things_lie_and_fits_a_terminal(tmp_path):
    text = text_of(tmp_path, scores_of("BZ5", "stague", [0.8, 0.9]), CONTROL)
    assert "Clustered by kmeans" in text and "under kmeans" in text
    assert "Report:   " in text and "report/index.html" in text
    assert "Tables:   " in text and f"Pictures: {tmp_path}/figures\n" in text
    prose = [line for line in text.splitlines() if "/" not in line]
    assert max(map(len, prose)) <= WIDTH


def test_what_was_shipped_is_no_failure_and_no_success_of_a_run(tmp_path):
    results = made_results(
        scores_of("BZ5", "stague", [0.8]), scores_of("BZ5", "sedr", ["oom"]), CONTROL
    )
    there = results["method"] == "sedr"
    beside = run_of(tmp_path, scores_of("BZ5", "stague", [0.8]), CONTROL)
    every = results.assign(source=np.where(there, "shipped", ""))
    run = replace(beside, every=every)
    text = summary(run, tmp_path, tmp_path / "figures")
    assert "All 6 fits succeeded." in text and "make retry" not in text
    assert not any_score(replace(beside, every=every.assign(source="shipped")))


def test_a_run_without_a_single_score_fails_and_says_so(tmp_path, monkeypatch, capsys):
    run = run_of(tmp_path, scores_of("BZ5", "stague", ["error"]))
    assert not any_score(run)
    run.results.to_parquet(tmp_path / "results.parquet")
    output = tmp_path / "summary.txt"
    arguments = ["--results", tmp_path / "results.parquet", "--tables", tmp_path]
    arguments += ["--rank-by", "kmeans"]
    arguments += ["--figures", tmp_path / "figures", "--output", output]
    monkeypatch.setattr("sys.argv", ["summarize.py", *map(str, arguments)])
    with pytest.raises(summarize.InputError, match="no score is available"):
        summarize.main()
    assert "STAGUE has no score" in capsys.readouterr().err
    assert output.exists()
