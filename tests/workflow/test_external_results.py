"""A result that was made elsewhere is scored like a method, from files to tables."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from stbench.clustering.label_file import open_labels
from stbench.common.h5ad import read_elements
from stbench.common.paths import PROJECT
from workflow.conftest import TISSUE, Workflow, environment, refusal

OTHER = "{id: other, simulate: {layout: rings, n_cells: 120, n_genes: 40, n_domains: 3, seed: 2}}"
GRAPHS = (
    "interactions={graph: raw, threshold: 0.8, threshold_by: quantile, shuffles: 20, reach: 15}"
)
SMALL = (
    f"datasets=[{TISSUE},{OTHER}]",
    "methods=[smoothed_pca]",
    "clusterers=[kmeans,gmm]",
    "rank_by=kmeans",
)
SEEDS = (0, 1)
TABLES = ("results/default/results.parquet",)


def export(flow):
    """Two results of smoothed PCA on one tissue: its labels, and its embedding with a graph.

    Cells are written in another order than the dataset has.
    """
    root, entry = flow.folder, "tissue/smoothed_pca"
    shuffled = np.random.default_rng(0).permutation(150)
    labels = root / "labels_elsewhere/tissue"
    labels.mkdir(parents=True)
    with open_labels(flow.found(f"labels/{entry}/*.h5")) as reader:
        rows = reader.rows(3, 0, "gmm", reader.axes.last_epochs[0])
    cells = read_elements(flow.found(f"fits/{entry}/*/seed0/fit.h5ad"))["cells"]
    table = pd.DataFrame({"domain": [f"domain {label}" for label in rows[0]]}, index=cells)
    table.iloc[shuffled].to_csv(labels / "labels.tsv", sep="\t")

    for seed in SEEDS:
        folder = root / f"embedding_elsewhere/tissue/seed{seed}"
        folder.mkdir(parents=True)
        fit = flow.found(f"fits/{entry}/*/seed{seed}/fit.h5ad")
        found = read_elements(fit, "obsm/embedding")
        np.save(folder / "embedding.npy", found["obsm/embedding"][shuffled])
        (folder / "cells.tsv").write_text("\n".join(found["cells"][shuffled]) + "\n")
        tissue = flow.found("preprocessed/tissue/*.h5ad")
        near = read_elements(tissue, "obsp/spatial_distances")
        graph = near["obsp/spatial_distances"].tocsr()
        graph.data = 1 / (1 + graph.data)
        graph = graph.maximum(graph.T)
        sp.save_npz(folder / "graph.npz", graph[shuffled][:, shuffled])


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    flow = Workflow(PROJECT, tmp_path_factory.mktemp("external"), environment())
    first = flow.run(*SMALL, "seeds=[0,1]", args=TABLES)
    assert first.returncode == 0, first.stdout
    export(flow)
    external = "external={by_labels: labels_elsewhere, by_embedding: embedding_elsewhere}"
    config = (*SMALL, "seeds=[0,1]", external, GRAPHS)
    run = flow.run(*config, args=TABLES)
    assert run.returncode == 0, run.stdout
    return flow, config


def ari(results, method, clusterer, dataset="tissue"):
    chosen = results[
        (results["dataset"] == dataset)
        & (results["method"] == method)
        & (results["clusterer"] == clusterer)
        & (results["metric"] == "ARI")
        & (results["protocol"] == "final")
    ]
    return chosen.set_index("seed")


def test_labels_and_embeddings_score_as_where_they_come_from(scored):
    results = scored[0].results()
    ours = ari(results, "smoothed_pca", "gmm")["value"]
    assert ours.between(0.1, 1).all()
    for clusterer in ("kmeans", "gmm"):
        theirs = ari(results, "by_labels", clusterer)
        assert list(theirs.index) == [0] and theirs.loc[0, "value"] == ours[0]
        assert theirs.loc[0, "reason"].startswith("the method's own labels")
        embedded = ari(results, "by_embedding", clusterer)["value"]
        pd.testing.assert_series_equal(embedded, ari(results, "smoothed_pca", clusterer)["value"])


def test_what_was_not_seen_of_it_is_said(scored):
    results = scored[0].results()
    theirs = results[results["implementation"] == "external"]
    assert set(theirs["method"]) == {"by_labels", "by_embedding"}
    assert theirs["seconds"].isna().all() and set(theirs["host"]) == {""}
    tissue = theirs[theirs["dataset"] == "tissue"]
    for protocol in ("oracle", "untrained"):
        rows = tissue[tissue["protocol"] == protocol]
        assert set(rows["status"]) == {"not_applicable"}
        assert set(rows["reason"]) == {"epochs cannot be observed"}
    absent = theirs[theirs["dataset"] == "other"]
    assert set(absent["fit_status"]) == {"not_applicable"}
    assert absent["fit_reason"].str.startswith("no result given").all()


def test_it_stands_in_the_tables_and_its_graph_among_the_interactions(scored):
    folder = scored[0].folder / "results"
    board = pd.read_csv(folder / "default/tables/leaderboard.csv").set_index("method")
    assert board.loc["by_embedding", "datasets"] == "1/2"
    inferred = scored[0].found("interactions/tissue/by_embedding/*")
    assert (inferred / "edges.parquet").is_file()
    assert (inferred / "type_pairs.csv").is_file()
    assert not (folder / "interactions/other").exists()
    status = pd.read_json(inferred / "status.json").T
    assert status.loc["genes", "status"] == "not_applicable"
    assert "error" not in set(status["status"])


def test_a_changed_or_a_new_file_is_imported_again_and_nothing_else(scored):
    flow, config = scored
    again = flow.run(*config, args=(*TABLES, "--dry-run"))
    assert "Nothing to be done" in again.stdout
    labels = flow.folder / "labels_elsewhere/tissue/labels.tsv"
    (flow.folder / "labels_elsewhere/other").mkdir()
    new = flow.folder / "labels_elsewhere/other/labels.tsv"
    new.write_text("cell1\t1\n")
    labels.write_text(labels.read_text().replace("domain 0", "domain 1", 1))
    again = flow.run(*config, args=(*TABLES, "--dry-run"))
    assert "import_result" in again.stdout and "train_" not in again.stdout
    run = flow.run(*config, args=TABLES)
    assert run.returncode == 0, run.stdout
    results = flow.results()
    other = ari(results, "by_labels", "gmm", "other")
    assert set(other["status"]) == {"error"}
    assert "119 of 120 cells are missing" in other["fit_reason"].iloc[0]
    assert ari(results, "by_labels", "gmm").loc[0, "value"] < 1


@pytest.mark.parametrize(
    ("external", "message"),
    [
        ("{rival: nowhere}", "config: external: rival: nowhere: no such folder"),
        ("{stague: .}", "config: external: stague: a method has this name"),
        ("{The-Rival: .}", "config: external: The-Rival: use lower-case letters"),
        ("{rival: [a]}", "config: external.rival: "),
    ],
)
def test_a_wrong_entry_is_refused(external, message):
    assert refusal(f"datasets=[{TISSUE}]", f"external={external}").startswith(message)
