"""Joined sections from the configuration to tables, pictures and scores of integration.

One dataset is joined of simulated sections, of another a section cannot be had, and a third is a
single section.
"""

from importlib.util import find_spec

import pandas as pd
import pytest
from anndata import read_h5ad

from stbench.common.paths import PROJECT
from stbench.runs.environment import python_of
from workflow.conftest import Workflow, environment

SIMULATE = "layout: layers, n_cells: 120, n_genes: 60, n_domains: 3, section_effect: 0.3, seed: 1"
SECTIONS = ", ".join(
    f"{{id: {name}, simulate: {{{SIMULATE}, section: {number}}}}}"
    for number, name in enumerate(("one", "two"), 1)
)
WHOLE = f"{{id: whole, join: [{SECTIONS}]}}"
LOST = "{id: lost, join: [sim_rings, V1_0410]}"
SINGLE = "{id: single, simulate: {layout: rings, n_cells: 90, n_genes: 40}}"
METHODS = ("smoothed_pca", "harmony", "random")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sections")
    flow = Workflow(PROJECT, folder, environment())
    run = flow.run(
        f"datasets=[{WHOLE}, {LOST}, {SINGLE}]",
        f"methods=[{','.join(METHODS)}]",
        *("seeds=[0]", "clusterers=[kmeans]", "rank_by=kmeans", f"mirror={folder}"),
    )
    assert run.returncode == 0, run.stdout
    return flow.folder / "results"


def test_sections_are_made_joined_and_scored(results):
    preprocessed = read_h5ad(*results.glob("preprocessed/whole/*.h5ad"))
    assert preprocessed.shape == (240, 60)
    assert dict(preprocessed.obs["section"].value_counts()) == {"one": 120, "two": 120}
    made = {path.parent.name for path in results.glob("preprocessed/*/[!.]*.h5ad")}
    assert made == {"whole", "lost", "single"}  # the sections themselves take no part
    scores = pd.read_parquet(results / "default/results.parquet")
    scores = scores.query("metric == 'ARI' and protocol == 'final'")
    assert set(scores["dataset"]) == {"whole", "lost", "single"}
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
    table = pd.read_csv(results / "default/tables/ARI_final.csv")
    assert set(table["dataset"]) == {"whole", "lost", "single"}


def test_integration_of_joined_sections_is_scored_and_shown_and_of_other_datasets_not(results):
    made = {
        path.relative_to(results).parent.as_posix() for path in results.glob("integration/*/*/*")
    }
    files = (f"{dataset}/{method}" for dataset in ("whole", "lost") for method in METHODS)
    assert made == {f"integration/{name}" for name in files}
    every = pd.read_csv(results / "default/tables/integration.csv")
    table = every[every["dataset"] == "whole"].set_index("method")
    assert set(every["dataset"]) == {"whole", "lost"}
    for metric in ("ARI", "ARI_within"):
        assert table.loc["smoothed_pca", metric] > table.loc["random", metric] + 0.1
    table = table.drop(index="harmony")
    without = set(table["status"]) == {"not_applicable"}  # scib-metrics is not installed here
    reasons = table["reason"].fillna("")
    assert reasons.str.startswith("environment missing: scib-metrics" if without else "").all()
    assert (results / "default/figures/integration_embedding_whole.png").is_file()
    assert (results / "default/figures/integration_scores.png").is_file() != without
    assert "Integration of sections" in (results / "default/report/index.html").read_text()
