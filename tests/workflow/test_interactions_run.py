"""One run with interactions and a demonstration: learned graphs, planted truth, what is told.

The demonstration is repeated on a stand-in: compared, drawn, and said not to be comparable.
"""

import json

import h5py
import pandas as pd
import pytest

from stbench.clustering.label_file import open_labels
from stbench.common.paths import PROJECT
from workflow.conftest import QUICK, Workflow, environment

PLANTED = "layout: layers, n_cells: 250, n_genes: 60, n_triples: 2, effect: 2.0, radius: 1.3"
PLAIN = "layout: rings, n_cells: 150, n_genes: 40"
TISSUES = (
    f"datasets=[{{id: planted, simulate: {{{PLANTED}}}}}, {{id: plain, simulate: {{{PLAIN}}}}}]"
)
ASKED = (
    "interactions={graph: raw, threshold: 0.8, threshold_by: quantile, shuffles: 50, reach: 10, "
    "communication: [laris]}"
)
METHODS = "methods=[stague,smoothed_pca]"
DEMONSTRATION = {
    "title": "STAGUE's demonstration",
    "method": "stague",
    "dataset": "V1",
    "source": "deepomicslab/STAGUE",
    "stand_in": "plain",
    "seed": 0,
    "epochs": 150,
    "clusterer": "kmeans",
    "reported": "STAGUE's Visualization.ipynb, its demonstration settings, "
    "read from a picture's title",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    flow = Workflow(PROJECT, tmp_path_factory.mktemp("interactions"), environment())
    demonstrations = f"demonstrations={json.dumps([DEMONSTRATION])}"
    config = (
        TISSUES,
        ASKED,
        METHODS,
        "seeds=[0,1]",
        "clusterers=[kmeans]",
        "rank_by=kmeans",
        QUICK,
    )
    run = flow.run(
        *config,
        "refine=6",
        demonstrations,
        args=("results/default/summary.txt", "results/default/demo"),
    )
    assert run.returncode == 0, run.stdout
    return flow, run.stdout


@pytest.mark.parametrize("tissue", ["planted", "plain"])
def test_a_graph_gives_edges_type_pairs_genes_and_pictures(finished, tissue):
    folder = finished[0].found(f"interactions/{tissue}/stague/*")
    status = json.loads((folder / "status.json").read_text())
    assert status["type_pairs"]["status"] == "ok"
    assert status["ligand_receptor"]["status"] == "not_applicable"
    edges = pd.read_parquet(folder / "consensus.parquet")
    assert (edges["source"] < edges["target"]).all() and edges["above"].mean() < 0.25
    assert edges["score"].is_monotonic_decreasing
    assert len(pd.read_csv(folder / "genes.csv").query("edge_set == 'all'")) == (
        60 if tissue == "planted" else 40
    )
    assert len(list((folder / "figures").glob("*.png"))) >= 3


def test_planted_interactions_are_scored_beside_what_learns_nothing(finished):
    table = pd.read_csv(finished[0].folder / "results/default/tables/interactions_truth.csv")
    auprc = table.query("dataset == 'planted' and metric == 'AUPRC'").set_index("scorer")
    assert {"stague", "distance", "cosine", "knn", "permuted", "type_pair"} <= set(auprc.index)
    assert auprc.loc["distance", "mean"] < auprc.loc["informed", "mean"] <= 1
    permuted = table.query("dataset == 'planted' and metric == 'AUROC' and scorer == 'permuted'")
    assert len(permuted) == 1 and permuted["mean"].between(0.4, 0.6).all()


def test_a_tool_is_scored_or_the_table_says_how_to_install_it(finished):
    table = pd.read_csv(finished[0].folder / "results/default/tables/interactions_truth.csv")
    rows = table.query("scorer == 'laris' and metric == 'types_AUROC'").set_index("dataset")
    assert rows.loc["plain", "status"] == "not_applicable"
    planted = rows.loc["planted"]
    if (PROJECT / ".venv-communication/.ready").exists():
        assert planted["status"] == "ok" and 0 <= planted["mean"] <= 1
    else:
        assert planted["status"] == "error" and "make setup-communication" in planted["reason"]


def test_the_summary_says_whether_distance_alone_was_beaten(finished):
    assert "distance alone" in " ".join(finished[1].split())


def test_the_stand_in_of_a_demonstration_is_compared_drawn_and_named(finished):
    flow, stdout = finished
    folder = flow.folder / "results/default/demo"
    table = pd.read_csv(folder / "comparison.csv")
    assert list(table["metric"]) == ["ARI", "AMI"]
    assert list(table["published"]) == [0.642, 0.725]
    assert table["measured"].notna().all() and set(table["verdict"]) == {"not comparable"}
    assert set(table["dataset"]) == {"plain"} and set(table["epochs"]) == {3}
    told = " ".join((folder / "comparison.txt").read_text().split())
    assert "NOT COMPARABLE: plain replaced V1: different cells, different labels" in told
    assert "V1: not a dataset of this run" in told
    assert "trained for 3 epochs; the published run was trained for 150" in told
    assert told in " ".join(stdout.split())  # the run ends with it
    pictures = {f"stague_plain_{what}" for what in ("domains", "embedding", "interactions")}
    assert {path.stem for path in folder.glob("*.png")} == pictures
    assert {path.stem for path in folder.glob("*.pdf")} == pictures
    labels = flow.found("labels/plain/stague/*.h5")
    fit = flow.found("fits/plain/stague/*/seed0")
    with h5py.File(fit / "epoch_labels.h5") as file, open_labels(labels) as reader:
        (n_domains, last), *_ = ((int(k), rows[-1]) for k, rows in file["labels"].items())
        refined = reader.rows(n_domains, 0, "kmeans", 3)
    last = last[: len(refined)]  # after these are starts that choose no epoch
    assert refined.shape == last.shape and (refined != last).any()  # the majority of 6 neighbors
