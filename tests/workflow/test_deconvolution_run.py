"""Deconvolution from nothing to its printed table, failures included."""

import re
import shlex
import subprocess
import sys

import pandas as pd

from stbench.common.paths import PROJECT
from workflow.conftest import TISSUE, run_snakemake

SIMULATE = "{layout: layers, n_cells: 300, n_genes: 80, n_types: 3, seed: 2}"
PAIR = f"{{id: sim, spot_size: 3, simulate: {SIMULATE}}}"
LOST = "{id: none, spots: DECONV_STARmap, reference: V1_0410_cells, reference_is: replicate}"
KMEANS = ("clusterers=[kmeans]", "rank_by=kmeans")
CHOSEN = (
    f"datasets=[{TISSUE}, {PAIR}, {LOST}]",
    "methods=[smoothed_pca, nnls, shuffled_truth]",
    "seeds=[0]",
    "robustness={counts: [0.5]}",
    *KMEANS,
)


def test_a_run_of_both_tasks_ends_with_the_tables_and_failures_have_reasons(workflow, tmp_path):
    run = workflow.run(*CHOSEN, f"mirror={tmp_path}")
    assert run.returncode == 0, run.stdout
    assert "sim: " in run.stdout and "Jensen-Shannon divergence" in run.stdout
    assert "NNLS: better than all controls (disjoint intervals) in" in run.stdout
    assert "10 of 10 fits: 6 ok, 4 not applicable" in run.stdout
    tables = workflow.own / "tables"
    scores = pd.read_csv(tables / "deconvolution_scores.csv")
    assert set(scores["dataset"]) == {"sim", "none"}
    mine = scores[scores["dataset"] == "sim"].groupby("method")["mean"].count()
    assert mine["nnls"] == mine["shuffled_truth"] == 8
    lost = scores[scores["dataset"] == "none"]
    assert set(lost["status"]) == {"not_applicable"} and lost["reason"].notna().all()
    assert lost["reason"].str.contains("DECONV_STARmap: ").all()
    for metric in scores["metric"].unique():
        assert list(pd.read_csv(tables / f"deconvolution_{metric}.csv")["method"])[:1] == ["nnls"]
    curves = pd.read_csv(tables / "deconvolution_robustness_curves.csv")
    curves = curves[curves["method"].isin(["nnls", "shuffled_truth"])].query("dataset == 'sim'")
    assert set(curves["level"]) == {1.0, 0.5} and curves["mean"].notna().all()
    tissues = {"tissue", "tissue.counts0.5.draw0"}
    assert set(pd.read_csv(tables / "ARI_final.csv")["dataset"]) == tissues
    assert (tables / "robustness_curves.csv").exists()
    drawn = {path.stem for path in (workflow.own / "figures").glob("deconvolution_*.p*")}
    assert drawn == {
        "deconvolution_scores",
        "deconvolution_maps_sim",
        "deconvolution_robustness",
    }
    summary = (workflow.own / "summary.txt").read_text()
    assert re.search(r"^sim: ", summary, re.M) and "ranking by mean rank" in summary
    assert not re.search(r"^sim\.counts", summary, re.M)
    page = (workflow.own / "report/index.html").read_text()
    shown = re.search(r'<section id="deconvolution".*?</section>', page, re.S)[0]
    assert "deconvolution robustness area" in shown and shown.count("<img") == 3

    # The other commands know these fits, too.
    plan = workflow.run(*CHOSEN, args=("plan",)).stdout
    assert "4 datasets x 2 methods (deconvolution) x 1 seed" in plan
    assert "6 ok, 4 not applicable, 0 failed; 0 left" in plan
    partial = workflow.run(*CHOSEN, args=("tables",)).stdout
    assert "partial: 10 of 10 entries are scored" in partial
    table = pd.read_csv(workflow.own / "partial/tables/deconvolution_scores.csv")
    pd.testing.assert_frame_equal(table.drop(columns="partial"), scores)
    retry = [sys.executable, workflow.source / "scripts/retry_failed.py", "--reset"]
    done = subprocess.run(retry, cwd=workflow.folder, capture_output=True, text=True)
    assert done.returncode == 0 and "4 reset" in done.stdout, done.stderr
    again = workflow.run(*CHOSEN, args=("--dry-run", "--quiet", "host")).stdout
    assert set(re.findall(r"^    output: results/fits/([\w.]+)/", again, re.M)) == {
        "none",
        "none.counts0.5.draw0",
    }


def test_truth_reaches_scoring_and_one_control_only(workflow):
    args = ("--dry-run", "--printshellcmds", "--quiet", "progress")
    run = workflow.run(*CHOSEN, args=args)
    assert run.returncode == 0, run.stdout
    fits = [line for line in run.stdout.splitlines() if " --attempts-log " in line]
    assert len(fits) == 10
    reading = [line for line in fits if "results/truth/" in line]
    assert len(reading) == 4 and all("--method shuffled_truth" in line for line in reading)


def test_the_command_of_make_is_understood(workflow):
    printed = subprocess.run(
        ["make", "-n", "deconvolution"],
        cwd=PROJECT,
        env={**workflow.environment, "MAKEFLAGS": "", "ARGS": ""},  # not those of make test
        capture_output=True,
        text=True,
    )
    lines = printed.stdout.splitlines()
    (line,) = [line for line in lines if "config/deconvolution.yaml" in line]
    words = shlex.split(line.rpartition("&&")[2])[1:]
    command = [sys.executable, "-m", "snakemake", "-n", "--directory", workflow.folder, *words]
    run = run_snakemake(command, PROJECT, workflow.environment)
    assert run.returncode == 0 and "deconvolve" in run.stdout, run.stdout
