"""GraphST, STAGATE, SpaGCN, SpaceFlow: the packages' own results, their epochs, refusals."""

from __future__ import annotations

import importlib
import random
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scanpy as sc
import scipy.sparse as sp
import torch
import yaml
from anndata import AnnData
from torch.optim.optimizer import _global_optimizer_pre_hooks

from helpers.pins import pins
from stbench.common.errors import InputError, NotApplicableError
from stbench.common.paths import PROJECT
from stbench.fitting.interface import UNLINKED, Fit

ENTRIES = yaml.safe_load((PROJECT / "config/methods.yaml").read_text())
TRAINED = {"graphst": {"epochs": 7}, "stagate": {"epochs": 7, "hidden_dims": [16, 5]}}
TRAINED["spaceflow"] = {"epochs": 7, "z_dim": 5, "edge_subset_size": 200}
QUICK = {**TRAINED, "spagcn": {"epochs": 20}}

pytestmark = pytest.mark.filterwarnings("ignore")  # the packages' own


def tissue(n: int = 80, genes: int = 24, kind: str = "counts") -> AnnData:
    """Two halves that differ, with genes of different abundance; prepared as methods get it."""
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 100, (n, 2))
    right = positions[:, :1] > 50
    means = np.linspace(1, 9, genes) * np.where(right, rng.uniform(0.2, 2, genes), 1)
    counts = sp.csr_matrix(rng.poisson(means).astype(np.float32))
    values = counts.toarray() - 3 if kind == "features" else counts
    names = pd.DataFrame(index=[f"gene{i}" for i in range(genes)])
    adata = AnnData(values, var=names, obsm={"spatial": positions}, layers={"counts": values})
    adata.var["highly_variable"] = np.arange(genes) < 5  # ours; no package may take it
    adata.uns["dataset"] = {"kind": kind}
    return adata


def run(method: str, adata: AnnData, seed: int = 0, **params: Any) -> tuple[Fit, dict]:
    seen: dict[int, np.ndarray] = {}
    known = {**ENTRIES[method]["params"], **QUICK[method], **params}
    fit = importlib.import_module(f"methods.{method}").fit
    return fit(adata, 2, seed, "cpu", known, seen.__setitem__), seen


def raw(adata: AnnData) -> AnnData:
    return AnnData(
        adata.layers["counts"].copy(), var=adata.var[[]], obsm={"spatial": adata.obsm["spatial"]}
    )


def direct_graphst(adata: AnnData, folder: Path) -> np.ndarray:
    from GraphST.GraphST import GraphST
    from sklearn.decomposition import PCA

    trainer = GraphST(raw(adata), device=torch.device("cpu"), epochs=7, random_seed=3)
    return PCA(20, random_state=42).fit_transform(trainer.train().obsm["emb"])


def direct_stagate(adata: AnnData, folder: Path) -> np.ndarray:
    from STAGATE_pyG import Cal_Spatial_Net, train_STAGATE

    table = raw(adata)
    sc.pp.normalize_total(table, target_sum=1e4)
    sc.pp.log1p(table)
    Cal_Spatial_Net(table, k_cutoff=6, model="KNN")
    links = table.uns["Spatial_Net"]
    reverse = links.rename(columns={"Cell1": "Cell2", "Cell2": "Cell1"})
    table.uns["Spatial_Net"] = pd.concat([links, reverse]).drop_duplicates(["Cell1", "Cell2"])
    train_STAGATE(table, [16, 5], 7, random_seed=3, verbose=False, device="cpu")
    return table.obsm["STAGATE"]


def direct_spaceflow(adata: AnnData, folder: Path) -> np.ndarray:
    from methods.spaceflow import load_package

    package = load_package()(adata=raw(adata))
    package.preprocessing_data(n_top_genes=3000, n_neighbors=10)
    return package.train(
        str(folder / "x.tsv"), z_dim=5, epochs=7, random_seed=3, edge_subset_sz=200
    )


def direct_spagcn(adata: AnnData, folder: Path) -> np.ndarray:
    import SpaGCN

    table, (x, y) = raw(adata), adata.obsm["spatial"].T.tolist()
    distances = SpaGCN.calculate_adj_matrix(x=x, y=y, histology=False)
    SpaGCN.prefilter_genes(table, min_cells=3)
    SpaGCN.prefilter_specialgenes(table)
    sc.pp.normalize_per_cell(table)
    sc.pp.log1p(table)
    model = SpaGCN.SpaGCN()
    model.set_l(SpaGCN.search_l(0.5, distances, start=0.01, end=1000, tol=0.01, max_run=100))
    random.seed(3)
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    model.train(
        table, distances, num_pcs=23, init="kmeans", n_clusters=2, tol=5e-3, lr=0.05, max_epochs=20
    )
    return model.predict()[0]


@pytest.mark.parametrize("method", QUICK)
def test_the_result_is_the_package_s_own(method: str, tmp_path: Path) -> None:
    adata = tissue()
    direct = globals()[f"direct_{method}"](adata, tmp_path)
    ours = run(method, adata, seed=3)[0]
    result = ours.labels if method == "spagcn" else ours.embedding
    assert result.dtype == direct.dtype
    assert result.tobytes() == direct.tobytes()
    assert list(adata.layers["counts"].data) == list(tissue().layers["counts"].data), "input kept"


@pytest.mark.parametrize("method", TRAINED)
def test_observing_does_not_change_the_training(method: str) -> None:
    adata, seen = tissue(), {}

    def disturb(epoch: int, embedding: np.ndarray) -> None:
        seen[epoch] = embedding.copy()
        assert torch.is_grad_enabled() is (epoch == 7)
        torch.rand(7)
        random.random()
        np.random.random(7)  # noqa: NPY002
        embedding[:] = 0

    often = {**ENTRIES[method]["params"], **QUICK[method], "record_every": 1}
    module = importlib.import_module(f"methods.{method}")
    disturbed = module.fit(adata, 2, 0, "cpu", often, disturb).embedding
    seldom, seen_seldom = run(method, adata, record_every=4)
    never, seen_never = run(method, adata, record_every=100)
    assert sorted(seen) == list(range(8))
    assert (sorted(seen_seldom), sorted(seen_never)) == ([0, 4, 7], [0, 7])
    for embedding in (disturbed, seldom.embedding, seen[7]):
        assert embedding.tobytes() == never.embedding.tobytes()
    assert seen[4].tobytes() == seen_seldom[4].tobytes()
    assert not np.array_equal(seen[0], seen[1])
    assert not _global_optimizer_pre_hooks, "no hook is left behind"


@pytest.mark.parametrize("method", TRAINED)
def test_a_recorded_epoch_is_the_result_of_a_shorter_training(method: str) -> None:
    seen = run(method, tissue(), record_every=1)[1]
    shorter = run(method, tissue(), epochs=3)[0].embedding
    assert seen[3].tobytes() == shorter.tobytes()


@pytest.mark.parametrize("method", QUICK)
def test_the_seed_decides(method: str) -> None:
    def result(seed: int) -> bytes:
        fit = run(method, adata, seed)[0]
        return (fit.labels if method == "spagcn" else fit.embedding).tobytes()

    adata = tissue()
    one = result(0)
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    assert result(0) == one
    assert method == "spagcn" or result(1) != one


@pytest.mark.parametrize("method", QUICK)
@pytest.mark.parametrize("kind", ["intensities", "features"])
def test_what_is_no_counts_is_treated_too(method: str, kind: str) -> None:
    fit = run(method, tissue(kind=kind))[0]
    if method == "spagcn":
        assert set(fit.labels) == {0, 1}
    else:
        assert np.isfinite(fit.embedding).all()


def test_features_are_taken_as_they_are() -> None:
    from methods.stagate import log_expression
    from stbench.fitting.raw_input import raw_table

    adata = tissue(kind="features")
    table = raw_table(adata)
    log_expression(table, "features", ENTRIES["stagate"]["params"])
    assert np.array_equal(table.X, adata.layers["counts"])
    assert "highly_variable" not in table.var


def test_genes_are_not_chosen_without_counts() -> None:
    wide = tissue(kind="intensities", genes=40)
    with pytest.raises(NotApplicableError, match="chooses 30 of 40 genes by their counts"):
        run("stagate", wide, n_genes=30)
    assert run("stagate", tissue(300, 200), n_genes=30)[0].embedding.shape == (300, 5)
    with pytest.raises(NotApplicableError, match="chooses 3000 of 3001 genes"):
        run("graphst", tissue(20, 3001, "intensities"))


@pytest.mark.parametrize("method", ["graphst", "spagcn"])
def test_a_dense_matrix_has_its_limit(method: str) -> None:
    with pytest.raises(NotApplicableError) as error:
        run(method, tissue(), max_cells=79)
    assert str(error.value) == "needs a dense n x n matrix: 80 cells, at most 79"


@pytest.mark.parametrize("method", QUICK)
def test_too_few_cells(method: str) -> None:
    with pytest.raises(NotApplicableError, match=r"needs \d+ cells"):
        run(method, tissue(1 if method == "spagcn" else 3))


@pytest.mark.parametrize("method", QUICK)
def test_cells_at_one_place_and_cells_without_counts(method: str) -> None:
    adata = tissue()
    adata.obsm["spatial"][70:] = adata.obsm["spatial"][:10]
    counts = adata.layers["counts"].toarray()
    counts[:4], counts[:, :3] = 0, 0
    adata.layers["counts"] = sp.csr_matrix(counts)
    fit = run(method, adata)[0]
    result = fit.labels if method == "spagcn" else fit.embedding
    assert len(result) == 80
    assert np.isfinite(result).all()
    without = 10 if method == "spaceflow" else None  # of a place, one cell has links
    assert (fit.info or {}).get(UNLINKED) == without


def test_many_cells_at_few_places() -> None:
    adata = tissue()
    adata.obsm["spatial"] = np.repeat([[0.0, 0], [50, 0], [0, 50], [50, 60]], 20, axis=0)
    with pytest.raises(NotApplicableError, match="links no cell to another"):
        run("stagate", adata)
    fit = run("spaceflow", adata)[0]
    assert fit.info is not None and fit.info[UNLINKED] == 76


@pytest.mark.parametrize("varying", [0, 3])
def test_genes_that_hardly_vary_do_not_end_the_process(varying: int) -> None:
    adata = tissue()
    counts = np.full(adata.shape, 3, dtype=np.float32)
    counts[:, :varying] = adata.layers["counts"].toarray()[:, :varying]
    adata.layers["counts"] = sp.csr_matrix(counts)
    with pytest.raises(NotApplicableError, match=f"{varying} of 24 genes vary, 4 are needed"):
        run("graphst", adata)


def test_genes_without_a_count_change_nothing_for_spaceflow() -> None:
    adata = tissue()
    counts = np.hstack([adata.layers["counts"].toarray(), np.zeros((80, 8), np.float32)])
    more = AnnData(counts, obsm=dict(adata.obsm), layers={"counts": sp.csr_matrix(counts)})
    more.uns["dataset"] = adata.uns["dataset"]
    found = [run("spaceflow", one)[0].embedding for one in (adata, more)]
    assert np.array_equal(*found)


def test_graphst_s_other_branch_normalizes_rows() -> None:
    adata = tissue()
    usual, sparse = (run("graphst", adata, datatype=name)[0].embedding for name in ("10X", "Slide"))
    assert sparse.shape == usual.shape == (80, 20)
    assert not np.allclose(usual, sparse)
    seen = run("graphst", adata, datatype="Stereo", record_every=1)[1]
    shorter = run("graphst", adata, datatype="Stereo", epochs=3)[0].embedding
    assert seen[3].tobytes() == shorter.tobytes()


def test_stagate_s_graphs() -> None:
    from methods.stagate import spatial_net
    from stbench.fitting.raw_input import raw_table

    def pairs(**params: Any) -> set[tuple[str, str]]:
        table = raw_table(tissue())
        spatial_net(table, {**ENTRIES["stagate"]["params"], **params})
        links = table.uns["Spatial_Net"]
        found = set(zip(links["Cell1"], links["Cell2"], strict=True))
        assert len(found) == len(links)
        return found

    directed, mutual = pairs(mutual_links=False), pairs()
    assert len(directed) == 6 * 80
    assert mutual == directed | {(b, a) for a, b in directed}
    within = pairs(graph="radius", radius=10.0)
    places = tissue().obsm["spatial"]
    near = np.linalg.norm(places[:, None] - places, axis=2) <= 10
    assert len(within) == near.sum() - 80
    assert len(pairs(graph="radius")) == pytest.approx(6 * 80, rel=0.05)


def test_spaceflow_stops_early_and_its_last_epoch_is_the_last_that_ran(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit, seen = run("spaceflow", tissue(), epochs=400, max_patience=3, min_stop=10, lr=0.05)
    last = fit.info["epochs"]
    assert 11 < last < 400
    assert max(seen) == last
    assert np.array_equal(seen[last], fit.embedding)
    assert not list(tmp_path.iterdir()), "nothing is written where one happens to be"


def test_spagcn_gives_labels_and_its_epochs_are_not_seen() -> None:
    fit, seen = run("spagcn", tissue())
    assert fit.embedding is None
    assert not seen
    halves = tissue().obsm["spatial"][:, 0] > 50
    assert max(np.mean(fit.labels == halves), np.mean(fit.labels != halves)) > 0.6


@pytest.mark.parametrize("unit", [1e-7, 1e7])
def test_spagcn_does_not_depend_on_the_unit_of_the_coordinates(unit: float) -> None:
    adata = tissue()
    expected = run("spagcn", adata)[0]
    adata.obsm["spatial"] *= unit
    fit = run("spagcn", adata)[0]
    assert fit.info["l"] == pytest.approx(unit * expected.info["l"], rel=0.05)
    assert np.mean(fit.labels == expected.labels) > 0.9


@pytest.mark.parametrize(
    ("method", "change", "message"),
    [
        ("graphst", {"epochs": 0}, "graphst: epochs is 0"),
        ("graphst", {"datatype": "Visium"}, "datatype is 'Visium'"),
        ("stagate", {"n_neighbors": 0}, "stagate: n_neighbors is 0"),
        ("stagate", {"graph": "delaunay"}, "graph is 'delaunay'"),
        ("spaceflow", {"record_every": 0}, "spaceflow: record_every is 0"),
        ("spagcn", {"l_end": 0.02}, "no l from 0.01 to 0.02 gives p = 0.5"),
        ("spagcn", {"min_cells": 81}, "0 genes are detected in 81 cells"),
    ],
)
def test_unusable_parameters_are_named(method: str, change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(method, tissue(), **change)


@pytest.mark.parametrize("method", QUICK)
def test_the_version_told_is_the_one_that_is_installed(method: str) -> None:
    what, package = ENTRIES[method]["implementation"].split()
    name, told = package.split("==")
    assert what == "package"
    assert pins(PROJECT / "requirements.lock")[name.lower()] == told
    assert version(name) == told


def test_conda_installs_what_the_lock_lists() -> None:
    apart = pins(PROJECT / "envs/default.post-deploy.sh")
    listed = pins(PROJECT / "envs/default.yaml")
    assert listed.pop("torch") == "2.13.0"
    assert {**listed, **apart} == pins(PROJECT / "requirements.lock")
    assert not listed.keys() & apart.keys()
