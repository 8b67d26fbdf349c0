"""Every method there is, on a tissue of 200 cells: what each must give, whatever it computes."""

import json
import re

import numpy as np
import pytest
import yaml
from anndata import read_h5ad

from stbench.common.paths import PROJECT
from workflow.conftest import Workflow, environment

TISSUE = (
    "{id: tissue, simulate: {layout: layers, n_cells: 200, n_genes: 60, n_domains: 3, seed: 1}}"
)
METHODS = sorted(path.stem for path in (PROJECT / "rules/methods").glob("*.smk"))
ENTRIES = yaml.safe_load((PROJECT / "config/methods.yaml").read_text())
SHORT = {"epochs": 4, "dec_epochs": 2, "min_stop": 1}
PARAMS = {
    method: {name: value for name, value in SHORT.items() if name in entry.get("params", {})}
    for method, entry in ENTRIES.items()
}
CONFIG = (
    f"datasets=[{TISSUE}]",
    f"methods=[{','.join(METHODS)}]",
    f"params={json.dumps({method: params for method, params in PARAMS.items() if params})}",
    "clusterers=[kmeans,own]",
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """All methods, two seeds, all the way to the tables."""
    flow = Workflow(PROJECT, tmp_path_factory.mktemp("contract"), environment())
    run = flow.run(*CONFIG, "seeds=[0,1]")
    assert run.returncode == 0, run.stdout
    return flow


@pytest.fixture(scope="module")
def repeated(tmp_path_factory):
    """The fits of the first seed once more, in another folder."""
    flow = Workflow(PROJECT, tmp_path_factory.mktemp("repeated"), environment())
    fits = tuple(f"results/fits/tissue/{method}/seed0" for method in METHODS)
    run = flow.run(*CONFIG, "seeds=[0]", args=fits)
    assert run.returncode == 0, run.stdout
    return flow


def folder(flow, method, seed=0):
    return flow.folder / f"results/fits/tissue/{method}/seed{seed}"


def fitted(flow, method, seed=0):
    """The fit; a method whose environment is not there says so and is not looked at further."""
    status = json.loads((folder(flow, method, seed) / "status.json").read_text())
    if status["status"] == "not_applicable":
        reasons = "environment missing|needs (a|the hexagonal) lattice|it corrects for sections"
        assert re.match(reasons, status["reason"])
        pytest.skip(status["reason"])
    assert status["status"] == "ok", status["reason"]
    return read_h5ad(folder(flow, method, seed) / "fit.h5ad")


def arrays(adata):
    """Everything that was computed."""
    graphs = {name: graph.toarray() for name, graph in adata.obsp.items()}
    labels = {name: adata.obs[name].to_numpy() for name in adata.obs}
    return {**dict(adata.obsm), **graphs, **labels}


@pytest.mark.parametrize("method", METHODS)
def test_what_a_method_gives(finished, method):
    adata = fitted(finished, method)
    preprocessed = read_h5ad(finished.folder / "results/preprocessed/tissue.h5ad")
    assert adata.obs_names.equals(preprocessed.obs_names)
    assert "embedding" in adata.obsm or "cluster_pred" in adata.obs
    if "embedding" in adata.obsm:
        embedding = adata.obsm["embedding"]
        assert embedding.dtype == np.float32 and embedding.shape[0] == 200
        assert np.isfinite(embedding).all() and embedding.std(axis=0).max() > 0
    assert bool(ENTRIES[method].get("graph")) == ("learned_adj_raw" in adata.obsp)


@pytest.mark.parametrize("method", METHODS)
def test_time_memory_and_circumstances_are_recorded(finished, method):
    fitted(finished, method)
    status = json.loads((folder(finished, method) / "status.json").read_text())
    assert status["seconds"] > 0 and status["peak_rss_mb"] > 10
    assert (status["method"], status["seed"], status["device"]) == (method, 0, "cpu")


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_bytes(finished, repeated, method):
    first, again = arrays(fitted(finished, method)), arrays(fitted(repeated, method))
    assert first.keys() == again.keys()
    for name, values in first.items():
        assert np.asarray(values).tobytes() == np.asarray(again[name]).tobytes(), name


@pytest.mark.parametrize("method", METHODS)
def test_another_seed_matters_where_it_should(finished, method):
    first, other = (arrays(fitted(finished, method, seed)) for seed in (0, 1))
    same = all(np.array_equal(first[name], other[name]) for name in first)
    assert same == bool(ENTRIES[method].get("deterministic"))


@pytest.mark.parametrize("method", METHODS)
def test_every_cell_of_the_table_has_a_value_or_a_reason(finished, method):
    rows = finished.results().query("method == @method and metric == 'ARI'")
    assert len(rows) == 2 * 2 * 3  # seeds, clusterers, protocols
    missing = rows.value.isna()
    assert (rows.status[~missing] == "ok").all()
    assert (rows.status[missing] != "ok").all() and (rows.reason[missing] != "").all()
    if ENTRIES[method].get("trainable") and (rows.fit_status == "ok").all():
        seen = rows.query("clusterer == 'kmeans' and protocol != 'final'")
        assert set(seen.status) == {"ok"} or set(seen.reason) == {"epochs cannot be observed"}


def test_no_method_but_the_jittered_truth_reads_truth(finished):
    dry = finished.run(*CONFIG, args=("--dry-run", "--forceall", "--quiet", "host")).stdout
    inputs = dict(re.findall(r"^(?:local)?rule (train_\w+):\n    input: (.*)$", dry, re.M))
    assert set(inputs) == {f"train_{method}" for method in METHODS}
    assert {rule for rule, files in inputs.items() if "results/data" in files} == {
        "train_jittered_truth"
    }
