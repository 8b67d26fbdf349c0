"""The program that scores interactions: files in, a table out."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import score_interactions
from stbench.common.errors import InputError
from stbench.common.io import write_h5ad
from stbench.data.preprocessing import preprocess
from stbench.data.simulation import Tissue, simulate
from stbench.interactions.candidate_pairs import within_reach


def write_fit(folder, seed: int, graph=None, status: str = "ok", method: str = "m"):
    folder.mkdir(parents=True)
    told = {"dataset": "x", "method": method, "seed": seed, "status": status, "reason": None}
    measured = dict.fromkeys(["seconds", "peak_rss_mb", "peak_gpu_mb", "commit", "device"])
    (folder / "status.json").write_text(json.dumps({**told, **measured}))
    if graph is not None:
        facts = {"params": "{}", "info": json.dumps({"edge_auroc": 0.75})}
        adata = AnnData(obs=pd.DataFrame(index=[f"cell{i + 1}" for i in range(graph.shape[0])]))
        adata.obsp["learned_adj_raw"] = graph
        adata.uns["fit"] = facts
        write_h5ad(folder / "fit.h5ad", adata)
    return folder


def run(monkeypatch, folder, *options) -> pd.DataFrame:
    files = ["--data", folder / "data.h5ad", "--preprocessed", folder / "pre.h5ad"]
    command = ["x", *files, "--output", folder / "scores.parquet", *options]
    monkeypatch.setattr(sys, "argv", list(map(str, command)))
    score_interactions.main()
    return pd.read_parquet(folder / "scores.parquet")


@pytest.fixture
def tissue(tmp_path):
    adata = simulate(Tissue(n_cells=200, n_triples=2, effect=2.0), "x")
    write_h5ad(tmp_path / "data.h5ad", adata)
    write_h5ad(tmp_path / "pre.h5ad", preprocess(adata))
    return adata


def test_the_truth_as_a_graph_is_perfect_and_a_failed_fit_says_so(tissue, tmp_path, monkeypatch):
    good = write_fit(tmp_path / "a", 0, tissue.obsp["true_interactions"])
    bad = write_fit(tmp_path / "b", 1, status="timeout")
    triples = tissue.uns["true_triples"]
    genes = [*triples["ligand"], *triples["receptor"], *np.ravel(triples["targets"])]
    table = pd.DataFrame({"edge_set": "all", "rank": range(len(genes)), "gene": genes})
    table.to_csv(tmp_path / "genes.csv", index=False)
    options = ["--fits", good, bad, "--genes", f"m={tmp_path / 'genes.csv'}", "other=not/there.csv"]
    scores = run(monkeypatch, tmp_path, *options)
    mine = scores[scores["scorer"] == "m"].set_index(["seed", "metric"])
    assert mine.loc[(0, "AUROC"), "value"] == mine.loc[(0, "AUPRC"), "value"] == 1
    assert mine.loc[(0, "edge_AUROC"), "value"] == 0.75
    assert mine.loc[(0, "edge_AP"), "status"] == "not_applicable"
    assert mine.loc[(1, "AUPRC"), "status"] == "timeout"
    assert (mine.loc[-1, "value"] == 1).all()
    formula = scores[scores["scorer"] == "formula"]
    assert set(formula["reason"]) == {"its score is not a mixture of similarity and distance"}
    first = (tmp_path / "scores.parquet").read_bytes()
    run(monkeypatch, tmp_path, *options)
    assert (tmp_path / "scores.parquet").read_bytes() == first


def test_a_wider_reach_has_more_pairs(tissue, tmp_path, monkeypatch):
    fit = write_fit(tmp_path / "a", 0, tissue.obsp["true_interactions"])
    for reach in (10, 20):
        scores = run(monkeypatch, tmp_path, "--fits", fit, "--reach", reach)
        size = scores.loc[scores["metric"] == "pairs", "value"].item()
        assert size == len(within_reach(tissue.obsm["spatial"], reach))


def test_a_dataset_that_could_not_be_had_says_why(tmp_path, monkeypatch):
    facts = {"id": "x", "status": "error", "reason": "no such host"}
    nothing = AnnData(np.zeros((0, 0), np.float32), uns={"dataset": facts})
    write_h5ad(tmp_path / "data.h5ad", nothing)
    write_h5ad(tmp_path / "pre.h5ad", preprocess(nothing))
    fit = write_fit(tmp_path / "a", 0, status="not_applicable")
    scores = run(monkeypatch, tmp_path, "--fits", fit)
    assert scores["value"].isna().all()
    assert set(scores["dataset"]) == {"x"}
    assert (scores.loc[scores["scorer"] == "distance", "reason"] == "no such host").all()


def test_wrong_input_is_told(tissue, tmp_path, monkeypatch):
    fit = write_fit(tmp_path / "a", 0, tissue.obsp["true_interactions"])
    with pytest.raises(InputError, match="write METHOD=FILE"):
        run(monkeypatch, tmp_path, "--fits", fit, "--genes", "genes.csv")
    pd.DataFrame({"gene": ["a"]}).to_csv(tmp_path / "genes.csv")
    with pytest.raises(InputError, match="the column 'edge_set' is missing"):
        run(monkeypatch, tmp_path, "--fits", fit, "--genes", f"m={tmp_path / 'genes.csv'}")
    write_h5ad(tmp_path / "pre.h5ad", preprocess(tissue[:100].copy()))
    with pytest.raises(InputError, match="not those of"):
        run(monkeypatch, tmp_path, "--fits", fit)
