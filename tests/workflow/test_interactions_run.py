"""Interactions all the way: learned graph, nulls, planted truth, tables, pictures, a sentence."""

import json

import pandas as pd
import pytest

from stbench.common.paths import PROJECT
from workflow.conftest import QUICK, Workflow, environment

PLANTED = "layout: layers, n_cells: 250, n_genes: 60, n_triples: 2, effect: 2.0, radius: 1.3"
PLAIN = "layout: rings, n_cells: 150, n_genes: 40"
TISSUES = (
    f"datasets=[{{id: planted, simulate: {{{PLANTED}}}}}, {{id: plain, simulate: {{{PLAIN}}}}}]"
)
ASKED = "interactions={graph: raw, threshold: 0.8, threshold_by: quantile, shuffles: 50, reach: 10}"
METHODS = "methods=[stague,smoothed_pca]"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    flow = Workflow(PROJECT, tmp_path_factory.mktemp("interactions"), environment())
    run = flow.run(TISSUES, ASKED, METHODS, "seeds=[0,1]", "clusterers=[kmeans]", QUICK)
    assert run.returncode == 0, run.stdout
    return flow, run.stdout


@pytest.mark.parametrize("tissue", ["planted", "plain"])
def test_a_graph_gives_edges_type_pairs_genes_and_pictures(finished, tissue):
    folder = finished[0].folder / f"results/interactions/{tissue}/stague"
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


def test_the_summary_says_whether_distance_alone_was_beaten(finished):
    assert "distance alone" in " ".join(finished[1].split())
