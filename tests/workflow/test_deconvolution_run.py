"""The target deconvolution from nothing to its printed table, failures included."""

import pandas as pd

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
    tables = workflow.folder / "results/tables"
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
    assert figures == {"scores.png", "scores.pdf", "maps_sim.png", "maps_sim.pdf"}


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
