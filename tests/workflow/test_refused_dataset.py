"""A dataset that a stage refuses, or on which one fails, is a row of the tables like any other."""

import pandas as pd
from anndata import AnnData

from stbench.common.io import write_h5ad
from stbench.data.simulation import Tissue, simulate
from workflow.conftest import TISSUE, Workflow, copy_of_the_project, environment

BROKEN = """\
    if (dataset, method) == ("tissue", "random"):
        raise ValueError("of this dataset")
    if (dataset, method) == ("tissue", "coordinates"):
        import os
        os.kill(os.getpid(), 11)
"""


def own_file(path):
    adata = simulate(Tissue(n_cells=150, n_genes=40, n_domains=3), "mine")
    made = AnnData(
        adata.X, obs=adata.obs[["cluster"]].copy(), obsm={"spatial": adata.obsm["spatial"]}
    )
    write_h5ad(path, made)


def broken_project(folder, code):
    """A copy of the project whose clustering begins with this code."""
    source = copy_of_the_project(folder)
    stage = source / "scripts/stbench/clustering/stage.py"
    text = stage.read_text(encoding="utf-8")
    first = "    tissue = replace(read_tissue("
    assert text.count(first) == 1
    stage.write_text(text.replace(first, code + first), encoding="utf-8")
    return Workflow(source, source, environment())


def test_refusals_and_crashes_of_stages_do_not_take_the_tables(tmp_path):
    """Of one dataset too few genes are left; clustering raises an exception, then a signal."""
    flow = broken_project(tmp_path / "copy", BROKEN)
    own_file(flow.folder / "mine.h5ad")
    mine = "{id: mine, path: mine.h5ad, n_domains: 3, label: cluster, hvg: true, filter_cell: 9999}"
    methods = "methods=[pca, random, coordinates]"
    options = (methods, "seeds=[0]", "clusterers=[kmeans]", "rank_by=kmeans")
    ended = flow.run(f"datasets=[{TISSUE}, {mine}]", *options, args=("aggregate",))
    assert ended.returncode == 0, ended.stdout
    found = flow.results().set_index(["dataset", "method"]).sort_index()
    refused = found.loc["mine"]
    assert set(refused["status"]) == {"not_applicable"}
    assert refused["reason"].str.contains("lower filter_cell").all()
    reasons = {
        "random": "clustering: ValueError: of this dataset",
        "coordinates": "clustering: the program crashed (SIGSEGV)",
    }
    for method, reason in reasons.items():
        assert set(found.loc[("tissue", method), "status"]) == {"error"}
        assert set(found.loc[("tissue", method), "reason"]) == {reason}
    final = found.loc[("tissue", "pca")].query("protocol == 'final' and metric == 'ARI'")
    assert final["value"].notna().all()


NO_MEMORY = """\
    if method == "random":
        raise MemoryError("no memory for this one")
"""


def test_a_fault_of_the_machine_fails_the_run_and_leaves_partial_tables(tmp_path):
    flow = broken_project(tmp_path / "copy", NO_MEMORY)
    options = ("methods=[pca, random]", "seeds=[0]", "clusterers=[kmeans]", "rank_by=kmeans")
    targets = ("aggregate", "--retries", "0")
    ended = flow.run(f"datasets=[{TISSUE}]", *options, args=targets)
    assert ended.returncode == 1
    assert "note: --retries 0 is fewer than attempts: 3 needs." in ended.stdout
    assert "partial tables: results/default/partial" in ended.stdout
    assert not (flow.own / "tables").exists()
    ari = pd.read_csv(flow.own / "partial/tables/ARI_final.csv").set_index("method")
    assert ari["status"].to_dict() == {"pca": "ok", "random": "pending"}
    assert "1 job failed" in ended.stdout and "no memory for this one" in ended.stdout
