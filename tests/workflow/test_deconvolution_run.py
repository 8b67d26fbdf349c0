"""The target deconvolution from nothing to its printed table, failures included."""

import re
import shlex
import subprocess
import sys

import pandas as pd

from stbench.common.paths import PROJECT
from workflow.conftest import TISSUE

SIMULATE = "{layout: layers, n_cells: 300, n_genes: 80, n_types: 3, seed: 2}"
SECTION = (
    f"deconvolution={{datasets: [{{id: sim, spot_size: 3, simulate: {SIMULATE}}}, "
    "{id: none, spots: DECONV_STARmap, reference: V1_0410_cells, reference_is: replicate}], "
    "methods: [nnls, tangram, mean_reference, shuffled_truth], seeds: [0, 1]}"
)


def test_the_run_ends_with_the_table_and_failures_have_reasons(workflow, tmp_path):
    run = workflow.run(SECTION, f"mirror={tmp_path}/nowhere", args=("deconvolution",))
    assert run.returncode == 0, run.stdout
    assert "sim: " in run.stdout and "Jensen-Shannon divergence" in run.stdout
    assert "NNLS: better than every control, intervals apart, in" in run.stdout
    tables = workflow.folder / "results/deconvolution/tables"
    scores = pd.read_csv(tables / "deconvolution_scores.csv")
    assert set(scores["dataset"]) == {"sim", "none"}
    mine = scores[scores["dataset"] == "sim"].groupby("method")["mean"].count()
    assert mine["nnls"] == mine["mean_reference"] == mine["shuffled_truth"] == 8
    lost = scores[scores["dataset"] == "none"]
    assert set(lost["status"]) == {"not_applicable"} and lost["reason"].notna().all()
    assert lost["reason"].str.contains("DECONV_STARmap: ").all()
    for metric in scores["metric"].unique():
        assert list(pd.read_csv(tables / f"deconvolution_{metric}.csv")["method"])[:1] == ["nnls"]
    folder = workflow.folder / "results/deconvolution/figures"
    figures = {path.name for path in folder.glob("[!.]*")}
    drawn = ("deconvolution_scores", "deconvolution_maps_sim")
    assert figures == {"captions.json", *(f"{n}.{e}" for n in drawn for e in ("png", "pdf"))}


def test_one_call_makes_both_targets_and_the_report_shows_them(workflow):
    chosen = (f"datasets=[{TISSUE}]", "methods=[pca]", "seeds=[0]", "robustness={counts: [0.5]}")
    section = (
        f"deconvolution={{datasets: [{{id: sim, spot_size: 3, simulate: {SIMULATE}}}], "
        "methods: [nnls, mean_reference], seeds: [0]}"
    )
    run = workflow.run(*chosen, section, args=("all", "deconvolution"))
    assert run.returncode == 0, run.stdout
    results = workflow.folder / "results"
    assert (results / "tables/robustness_curves.csv").exists()
    tables = results / "deconvolution/tables"
    assert set(pd.read_csv(tables / "deconvolution_scores.csv")["dataset"]) == {"sim"}
    curves = pd.read_csv(tables / "deconvolution_robustness_curves.csv")
    assert set(curves["method"]) == {"nnls", "mean_reference"}
    assert set(curves["level"]) == {1.0, 0.5} and curves["mean"].notna().all()
    assert not re.search(r"^sim\.counts", (results / "deconvolution/summary.txt").read_text(), re.M)
    page = (results / "report/index.html").read_text()
    shown = re.search(r'<section id="deconvolution".*?</section>', page, re.S)[0]
    assert "deconvolution robustness area" in shown and shown.count("<img") == 3
    # A later run that does not ask for deconvolution leaves it alone, and still shows it.
    later = workflow.run(chosen[0], "methods=[pca, smoothed_pca]", *chosen[2:], args=("all",))
    assert later.returncode == 0, later.stdout
    assert '<section id="deconvolution"' in (results / "report/index.html").read_text()
    assert len(list(tables.glob("*.csv"))) == 12


def test_truth_reaches_scoring_and_one_control_only(workflow):
    args = ("deconvolution", "--dry-run", "--printshellcmds", "--quiet", "progress")
    run = workflow.run(SECTION, args=args)
    assert run.returncode == 0, run.stdout
    fits = [line for line in run.stdout.splitlines() if " --attempts-log " in line]
    assert len(fits) == 2 * 4 * 2
    reading = [line for line in fits if "deconvolution/truth/" in line]
    assert len(reading) == 4 and all("--method shuffled_truth" in line for line in reading)


def test_a_wrong_name_is_one_line(workflow):
    run = workflow.run(SECTION.replace("nnls", "nnsl"), args=("deconvolution",))
    assert run.returncode != 0
    assert (
        "error: config: deconvolution.methods: unknown 'nnsl' (did you mean 'nnls'?)" in run.stdout
    )


def test_the_command_of_make_is_understood(workflow):
    told = subprocess.run(
        ["make", "-n", "deconvolution"], cwd=PROJECT, capture_output=True, text=True
    )
    (line,) = [line for line in told.stdout.splitlines() if "config/deconvolution.yaml" in line]
    words = shlex.split(line.rpartition("&&")[2])[1:]
    command = [sys.executable, "-m", "snakemake", "-n", "--directory", workflow.folder, *words]
    run = subprocess.run(
        command, cwd=PROJECT, env=workflow.environment, capture_output=True, text=True
    )
    assert run.returncode == 0 and "deconvolution_tables" in run.stdout, run.stderr
