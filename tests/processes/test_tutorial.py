"""The tutorial notebook runs on the files of a small run, and is kept without outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from methods.stague.model import fit
from stbench.common.io import write_h5ad
from stbench.common.paths import PROJECT
from stbench.data.preprocessing import preprocess
from stbench.data.simulation import Tissue, simulate
from stbench.graphs.compiled import keep_compiled

NOTEBOOK = json.loads((PROJECT / "docs/tutorial.ipynb").read_text(encoding="utf-8"))


def run_cells(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Execute the code cells in one namespace, as a kernel does."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            code = compile("".join(cell["source"]), f"tutorial.ipynb, cell {number}", "exec")
            exec(code, namespace)
    return namespace


def write_run(results: Path) -> None:
    """A simulated tissue and a short fit of STAGUE, as the workflow leaves them."""
    for folder in ("data/small", "preprocessed/small", "fits/small/stague/key/seed0"):
        (results / folder).mkdir(parents=True)
    tissue = simulate(Tissue(layout="layers", n_cells=150, n_genes=40, n_domains=3), "small")
    data = preprocess(tissue)
    write_h5ad(results / "data/small/key.h5ad", tissue)
    write_h5ad(results / "preprocessed/small/key.h5ad", data)
    settings = {"epochs": 5, "exp_out": 32, "hidden_dim": 32, "rep_dim": 16, "proj_dim": 16}
    found = fit(data, 3, 0, "cpu", settings, lambda *_: None)
    made = data[:, :0].copy()
    made.obsm["embedding"] = np.asarray(found.embedding)
    made.obsp["learned_adj_raw"] = found.adj_raw
    write_h5ad(results / "fits/small/stague/key/seed0/fit.h5ad", made)


def test_the_notebook_holds_no_outputs():
    for cell in NOTEBOOK["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None


@pytest.mark.filterwarnings("ignore")
def test_every_cell_of_the_notebook_runs(monkeypatch, tmp_path):
    matplotlib.use("Agg")
    keep_compiled()
    write_run(tmp_path)
    monkeypatch.setenv("STBENCH_RESULTS", str(tmp_path))
    monkeypatch.setenv("STBENCH_DATASET", "small")
    try:
        names = run_cells(NOTEBOOK["cells"])
    finally:
        plt.close("all")
    adata, interactions = names["adata"], names["interactions"]
    assert adata.obs["domain"].nunique() == 3 and adata.obsm["X_umap"].shape == (150, 2)
    assert adata.uns["paga"]["connectivities"].shape == (3, 3)
    assert 0 < names["kept"].sum() < names["graph"].nnz
    assert interactions.to_numpy().sum() == 2 * names["kept"].sum()
    assert (interactions.to_numpy() == interactions.to_numpy().T).all()
