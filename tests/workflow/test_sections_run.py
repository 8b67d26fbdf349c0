"""Joined sections from the configuration to the table; a section that cannot be had is a reason."""

from importlib.util import find_spec

import pandas as pd
from anndata import read_h5ad

from stbench.common.paths import PROJECT
from stbench.runs.environment import python_of

SIMULATE = "layout: layers, n_cells: 120, n_genes: 60, n_domains: 3, section_effect: 0.3, seed: 1"
ONE, TWO = (
    f"{{id: {name}, simulate: {{{SIMULATE}, section: {number}}}}}"
    for number, name in enumerate(("one", "two"), 1)
)
WHOLE = f"{{id: whole, join: [{ONE}, {TWO}]}}"
DATASETS = f"datasets=[{WHOLE}, {{id: lost, join: [sim_rings, V1_0410]}}]"


def test_sections_are_made_joined_and_scored(workflow, tmp_path):
    run = workflow.run(
        DATASETS,
        "methods=[smoothed_pca,harmony,random]",
        "seeds=[0]",
        "clusterers=[kmeans]",
        f"mirror={tmp_path}/nowhere",
    )
    assert run.returncode == 0, run.stdout
    folder = workflow.folder / "results"
    preprocessed = read_h5ad(folder / "preprocessed/whole.h5ad")
    assert preprocessed.shape == (240, 60)
    assert dict(preprocessed.obs["section"].value_counts()) == {"one": 120, "two": 120}
    made = {path.stem for path in (folder / "preprocessed").glob("[!.]*.h5ad")}
    assert made == {"whole", "lost"}  # the sections themselves take no part
    scores = workflow.results().query("metric == 'ARI' and protocol == 'final'")
    assert set(scores["dataset"]) == {"whole", "lost"}
    ari = scores[scores["dataset"] == "whole"].set_index("method")
    assert ari.loc["smoothed_pca", "value"] > ari.loc["random", "value"] + 0.1
    status, reason = ari.loc["harmony", ["status", "reason"]]
    if find_spec("harmonypy") or python_of("integration", PROJECT) != "python":
        assert status == "ok"
    else:
        assert status == "not_applicable" and "make setup-integration" in reason
    lost = scores[scores["dataset"] == "lost"]
    assert set(lost["status"]) == {"not_applicable"}
    assert lost["reason"].str.startswith("section V1_0410: ").all()
    table = pd.read_csv(folder / "tables/ARI_final.csv")
    assert set(table["dataset"]) == {"whole", "lost"}
