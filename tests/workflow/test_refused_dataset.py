"""A dataset that a stage refuses, or on which one fails, is a row of the tables like any other."""

from anndata import AnnData

from stbench.common.io import write_h5ad
from stbench.data.simulation import Tissue, simulate
from workflow.conftest import TISSUE, Workflow, copy_of_the_project, environment

BROKEN = """\
    if (dataset, method) == ("tissue", "random"):
        raise ValueError("of this dataset")
"""


def own_file(path):
    adata = simulate(Tissue(n_cells=150, n_genes=40, n_domains=3), "mine")
    made = AnnData(
        adata.X, obs=adata.obs[["cluster"]].copy(), obsm={"spatial": adata.obsm["spatial"]}
    )
    write_h5ad(path, made)


def test_refusals_and_crashes_of_stages_do_not_take_the_tables(tmp_path):
    """Too few genes are left of one dataset, and clustering raises what nobody expects."""
    source = copy_of_the_project(tmp_path / "copy")
    stage = source / "scripts/stbench/clustering/stage.py"
    text = stage.read_text(encoding="utf-8")
    first = "    tissue = replace(read_tissue("
    assert text.count(first) == 1
    stage.write_text(text.replace(first, BROKEN + first), encoding="utf-8")
    flow = Workflow(source, source, environment())
    own_file(source / "mine.h5ad")
    mine = "{id: mine, path: mine.h5ad, n_domains: 3, label: cluster, hvg: true, filter_cell: 9999}"
    options = ("methods=[pca, random]", "seeds=[0]", "clusterers=[kmeans]", "rank_by=kmeans")
    ended = flow.run(f"datasets=[{TISSUE}, {mine}]", *options, args=("aggregate",))
    assert ended.returncode == 0, ended.stdout
    found = flow.results().set_index(["dataset", "method"]).sort_index()
    refused = found.loc["mine"]
    assert set(refused["status"]) == {"not_applicable"}
    assert refused["reason"].str.contains("lower filter_cell").all()
    assert set(found.loc[("tissue", "random"), "status"]) == {"error"}
    assert set(found.loc[("tissue", "random"), "reason"]) == {
        "clustering: ValueError: of this dataset"
    }
    final = found.loc[("tissue", "pca")].query("protocol == 'final' and metric == 'ARI'")
    assert final["value"].notna().all()
