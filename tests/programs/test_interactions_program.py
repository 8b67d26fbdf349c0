"""scripts/interactions.py: every part is made or says why not."""

import errno
import json
from functools import partial

import anndata
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.spatial import cKDTree

from helpers.programs import run_here
from prepare import prepare_own
from stbench.common.paths import PROJECT
from stbench.data.gene_symbols import panel_symbols
from stbench.figures.cell_graph import (
    MOST_EDGES,
    edge_map,
    strongest_per_area,
    type_pair_heatmap,
)
from stbench.figures.edge_support import gene_ranking, ligand_receptor_plot
from stbench.figures.embedding import embedding_figure
from stbench.figures.interaction_figures import draw
from stbench.figures.style import apply_style, save
from stbench.fitting.interface import Fit
from stbench.interactions.analysis import analyze
from stbench.interactions.ligand_receptor import resource_pairs
from stbench.interactions.partial_results import Parts
from stbench.interactions.type_pairs import type_pairs

PROGRAM = PROJECT / "scripts/interactions.py"
SETTINGS = {
    "graph": "raw",
    "threshold": 0.95,
    "threshold_by": "null_quantile",
    "shuffles": 50,
    "gene_sets": None,
}
N = 80
PNG = b"\x89PNG"


class Method:
    """A method whose graph is random."""

    __name__ = "methods.mine"

    @staticmethod
    def fit(adata, n_domains, seed, device, params, record):
        points, graph = adata.obsm["spatial"], near_pairs(adata.obsm["spatial"], seed)
        return Fit(embedding=np.asarray(points, np.float32), adj_raw=graph)


def near_pairs(coords, seed):
    """A symmetric graph of near cells with random scores."""
    near = np.triu(np.linalg.norm(coords[:, None] - coords, axis=2) < 0.15, 1)
    upper = near * np.random.default_rng(seed).random((N, N))
    return sp.csr_matrix(upper + upper.T)


class Study:
    """A dataset, its preprocessed form and fits in a folder, and the analysis of them."""

    def __init__(self, root):
        self.root, self.fits, self.draw, rng = root, [], draw, np.random.default_rng(0)
        pairs, _ = resource_pairs("mouse")
        simple = [pair for pair in pairs if "_" not in "".join(pair)][:10]
        self.genes = list(dict.fromkeys(gene for pair in simple for gene in pair))
        self.coords = rng.random((N, 2))
        self.x = sp.csr_matrix(rng.poisson(1.0, (N, len(self.genes))).astype(np.float32))
        self.dataset({"celltype": rng.choice(["a", "b", "c"], N)})

    def dataset(self, obs=None, genes=None, **facts):
        told = {"id": "D", "organism": "mouse", "status": "ok", "n_domains": 2, **facts}
        columns = {name: pd.Categorical(values) for name, values in (obs or {}).items()}
        cells = [f"cell{i}" for i in range(N)]
        made = anndata.AnnData(
            self.x, pd.DataFrame(columns, cells), pd.DataFrame(index=genes or self.genes)
        )
        made.obsm["spatial"] = self.coords
        made.uns["dataset"] = told
        made.write_h5ad(self.root / "data.h5ad")
        made[:, :].copy().write_h5ad(self.root / "preprocessed.h5ad")

    def fit(self, seed=0, status="ok", graph=None, null=True, embedding=True):
        folder = self.root / f"seed{seed}"
        folder.mkdir()
        told = {"seed": seed, "status": status, "reason": "no memory" if status != "ok" else None}
        (folder / "status.json").write_text(json.dumps(told))
        rng = np.random.default_rng(seed)
        graph = near_pairs(self.coords, seed) if graph is None else graph
        fit = anndata.AnnData(obs=pd.DataFrame(index=[f"cell{i}" for i in range(N)]))
        fit.uns["fit"] = {"params": "{}"}
        fit.obsm["embedding"] = rng.normal(size=(N, 4)).astype(np.float32)
        if graph.shape == (N, N):
            fit.obsp["learned_adj_raw"] = graph
        if null:
            fit.uns["null_scores"] = rng.random(400).astype(np.float32) * 0.7
        fit.write_h5ad(folder / "fit.h5ad")
        self.fits.append(folder)
        return self

    def analyze(self, **settings):
        out = self.root / "out"
        out.mkdir()
        data, preprocessed = self.root / "data.h5ad", self.root / "preprocessed.h5ad"
        settings = SETTINGS | settings
        drawing = partial(self.draw, title="Method")
        analyze(data, preprocessed, self.fits, settings, out, module=Method(), draw=drawing)
        return out, json.loads((out / "status.json").read_text())


@pytest.fixture
def study(tmp_path, monkeypatch):
    # UMAP takes seconds to load and is tried once, below.
    def first_columns(embedding, groups):
        return embedding[:, :2], np.ones(2 * [len(groups.categories)])

    monkeypatch.setattr("stbench.figures.interaction_figures.umap_and_paga", first_columns)
    return Study(tmp_path)


@pytest.fixture
def undrawn(study, monkeypatch):
    study.draw = lambda *parts, title: None
    return study


def test_everything_is_there(study):
    out, status = study.fit(0).fit(1).analyze()
    assert {part for part, told in status.items() if told["status"] != "ok"} == {
        "genes", "figures/genes",
    }  # fmt: skip
    edges, mean = (pd.read_parquet(out / f"{name}.parquet") for name in ("edges", "consensus"))
    assert set(edges["seed"]) == {0, 1} and edges["above"].any() and "seed" not in mean
    by_seed = edges.groupby(["source", "target"])["score"].sum() / 2
    both = mean.set_index(["source", "target"])["score"]
    assert np.allclose(by_seed.loc[both.index], both)
    seeds = pd.read_csv(out / "seeds.csv")
    assert seeds.filter(like="_shuffled").notna().all(axis=None)
    assert status["shuffled_cells"]["reason"] == "trained again with seed 0, 1"
    graph = anndata.read_h5ad(out / "graph.h5ad")
    for end in ("source", "target"):
        named = graph.obs_names[mean[end]]
        assert mean[f"cell_{end}"].tolist() == named.tolist()
    assert graph.obsp["interactions"].nnz == 2 * len(mean)
    assert graph.obsp["interactions_above"].nnz == 2 * mean["above"].sum() > 0
    assert len(pd.read_csv(out / "type_pairs.csv")) == 6
    assert (
        f"of {len(resource_pairs('mouse')[0])} pairs on the panel"
        in (status["ligand_receptor"]["reason"])
    )
    for name in ("map", "type_pairs", "ligand_receptor", "embedding"):
        assert (out / f"figures/{name}.png").read_bytes().startswith(PNG)
        assert (out / f"figures/{name}.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("obs", "part", "reason"),
    [
        ({}, "type_pairs", "no cell types: the dataset has no obs['celltype']"),
        ({"celltype": ["a"] * N}, "type_pairs", "all cells are a; at least 2 cell types"),
        ({}, "figures/embedding", "neither domains nor cell types are known"),
    ],
)
def test_too_few_cell_types_are_told_and_the_rest_stands(study, monkeypatch, obs, part, reason):
    # What is drawn is looked at, not how it is written: that is most of the time.
    monkeypatch.setattr("stbench.figures.style.save", lambda figure, *_: plt.close(figure))
    study.dataset(obs)
    out, status = study.fit().analyze()
    assert status[part]["status"] == "not_applicable" and reason in status[part]["reason"]
    assert status["ligand_receptor"]["status"] == status["figures/map"]["status"] == "ok"
    assert (out / "ligand_receptor.csv").exists() and not (out / "type_pairs.csv").exists()


@pytest.mark.parametrize(
    ("settings", "part", "reason"),
    [
        (
            {"threshold": 2, "threshold_by": "value"},
            "above",
            "edges is above the threshold (the highest score is",
        ),
        ({"graph": "normalized"}, "graphs", "no obsp['learned_adj_normalized']"),
    ],
)
def test_settings_that_leave_nothing_are_told(undrawn, settings, part, reason):
    out, status = undrawn.fit().analyze(**settings)
    assert status[part]["status"] != "ok" and reason in status[part]["reason"]
    assert status["type_pairs"] == status["ligand_receptor"] == status[part]
    assert (out / "edges.parquet").exists() == (part == "above")


def test_without_null_scores_edges_stand_but_no_threshold(undrawn):
    out, status = undrawn.fit(null=False).analyze()
    assert status["threshold"]["status"] == "not_applicable"
    assert "to value or quantile" in status["threshold"]["reason"]
    assert "above" not in pd.read_parquet(out / "edges.parquet")
    assert "interactions_above" not in anndata.read_h5ad(out / "graph.h5ad").obsp


@pytest.mark.parametrize(
    ("value", "reason"), [(np.nan, "NaN"), (0.5, "not symmetric"), (0.0, "has no edges")]
)
def test_graphs_that_cannot_be_used_are_errors_of_one_line(undrawn, value, reason):
    values = [value, value] if np.isnan(value) else [value]
    rows, columns = ([0, 1], [1, 0]) if np.isnan(value) else ([0], [1])
    graph = sp.csr_matrix((values, (rows, columns)), (N, N))
    if value == 0:
        graph.eliminate_zeros()
    _, status = undrawn.fit(graph=graph).analyze()
    assert status["graphs"]["status"] == "error" and reason in status["graphs"]["reason"]
    assert "\n" not in status["graphs"]["reason"]


def test_a_seed_without_edges_is_left_out_beside_others(undrawn):
    _, status = undrawn.fit(0, graph=sp.csr_matrix((N, N))).fit(1).analyze()
    assert status["graphs"]["status"] == "ok"
    assert status["graphs"]["reason"].endswith("learned_adj_raw: has no edges; train again")
    assert status["type_pairs"]["status"] == "ok"


def test_failed_seeds_are_left_out_and_told(undrawn):
    _, status = undrawn.fit(0, status="oom").fit(1).analyze()
    assert status["graphs"]["reason"].endswith("excluded: seed 0: oom (no memory)")
    assert status["type_pairs"]["status"] == "ok"


def test_no_fit_at_all_is_not_applicable(undrawn):
    out, status = undrawn.fit(0, status="oom").analyze()
    assert {told["status"] for part, told in status.items() if part != "dataset"} == {
        "not_applicable"
    }
    assert [path.name for path in out.iterdir()] == ["status.json"]


def test_a_dataset_that_could_not_be_had_passes_its_reason_on(undrawn):
    undrawn.dataset(status="error", reason="no such URL")
    _, status = undrawn.fit().analyze()
    assert {told["reason"] for told in status.values()} == {"no such URL"}


@pytest.mark.parametrize(
    ("genes", "facts", "reason"),
    [
        ([f"ENSMUSG{i:011d}" for i in range(99)], {}, "genes are named by Ensembl ids"),
        ([f"g{i}" for i in range(99)], {}, "0 of 3989 pairs on the panel"),
        (None, {"organism": "none"}, "organism 'none'"),
    ],
)
def test_ligands_and_receptors_that_cannot_be_looked_up_are_told(undrawn, genes, facts, reason):
    types = {"celltype": np.tile(["a", "b"], N // 2)}
    undrawn.dataset(types, genes and genes[: len(undrawn.genes)], **facts)
    _, status = undrawn.fit().analyze()
    assert status["ligand_receptor"]["status"] == "not_applicable"
    assert status["ligand_receptor"]["reason"].startswith(reason)
    assert status["type_pairs"]["status"] == "ok"


def test_a_corrected_organism_replaces_that_of_the_dataset(undrawn):
    undrawn.dataset({"celltype": np.tile(["a", "b"], N // 2)}, organism="unknown")
    _, status = undrawn.fit().analyze(organism="mouse")
    assert status["ligand_receptor"]["status"] == "ok"


def test_the_program_gives_the_same_tables_as_the_library(study, tmp_path):
    study.dataset()  # no types, no domains: no UMAP
    settings = SETTINGS | {"threshold_by": "quantile"}  # without training
    out, _ = study.fit().analyze(**settings)
    status = (out / "status.json").read_text()
    (out / "status.json").write_text(status.replace("mine does", "pca does"))
    command = [PROGRAM, "--data", tmp_path / "data.h5ad", "--method", "pca"]
    command += ["--preprocessed", tmp_path / "preprocessed.h5ad", "--fits", *study.fits]
    command += ["--output", tmp_path / "again", "--settings"]
    run = run_here(*command, json.dumps(settings))
    assert run.returncode == 0, run.stderr
    assert "ligand_receptor: ok: " in run.stdout
    for name in ("edges.parquet", "consensus.parquet", "ligand_receptor.csv", "status.json"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    wrong = run_here(*command, "[1]")
    assert wrong.returncode == 1 and wrong.stderr.startswith("error: --settings")


def test_a_part_that_crashes_takes_no_other_with_it(capsys):
    parts = Parts()

    def crash(error):
        def made():
            raise error

        return made

    assert parts.make("bug", crash(KeyError("oops"))) is None
    assert parts.make("after", lambda: (1, ""), "bug") is None
    assert parts.make("other", lambda: (2, "")) == 2
    assert parts.status["bug"] == {"status": "error", "reason": "KeyError: 'oops'"}
    assert "Traceback" in capsys.readouterr().err
    for error in (MemoryError(), OSError(errno.ENOSPC, "full")):  # to be tried again
        with pytest.raises(type(error)):
            parts.make("machine", crash(error))


@pytest.fixture
def drawn(tmp_path):
    apply_style()

    def check(figure):
        save(figure, tmp_path, "figure")
        assert (tmp_path / "figure.png").read_bytes().startswith(PNG)

    return check


def test_of_many_edges_the_strongest_of_each_area_are_drawn():
    rng = np.random.default_rng(0)
    coords = rng.random((6000, 2)) * [4, 1]
    edges = pd.DataFrame({"source": np.arange(6000), "target": np.roll(np.arange(6000), 1)})
    nearest = cKDTree(coords).query(coords, 4)[1][:, 1:]
    edges = edges.loc[edges.index.repeat(3)].assign(target=nearest.ravel())
    edges = edges.assign(score=coords[edges["source"], 0] + rng.random(len(edges)))
    edges = edges.reset_index(drop=True)
    kept = strongest_per_area(edges, coords)
    assert MOST_EDGES / 2 < len(kept) <= MOST_EDGES
    left = coords[kept["source"], 0] < 2
    assert 0.4 < left.mean() < 0.6  # although the highest scores are on the right
    assert edges["score"].idxmax() in kept.index
    assert strongest_per_area(kept, coords) is kept
    figure = edge_map(edges, coords, "map")
    lines = figure.axes[0].collections[1]
    assert len(lines.get_segments()) == len(kept) and lines.get_rasterized()
    order = np.argsort(lines.get_array())
    assert (np.diff(np.asarray(lines.get_alpha())[order]) >= 0).all()
    assert f"the {len(kept)} strongest" in figure.axes[0].texts[0].get_text()


def test_pictures_hold_what_they_show(drawn):
    rng = np.random.default_rng(0)
    coords = rng.random((40, 2))
    ends = np.sort([rng.choice(40, 2, replace=False) for _ in range(90)], axis=1)
    edges = pd.DataFrame(ends, columns=["source", "target"]).drop_duplicates(ignore_index=True)
    edges["score"] = rng.random(len(edges))
    plain = edge_map(edges, coords, "map")
    assert len(plain.axes[0].collections) == 2  # the cells, and one collection of all edges
    drawn(plain)
    types = pd.Categorical(rng.choice(list("abcde"), 40))
    edges["type_source"] = types[edges["source"]]
    edges["type_target"] = types[edges["target"]]
    coloured = edge_map(edges, coords, "map")
    assert len(coloured.axes[0].collections) == 2
    assert len(coloured.legends[0].get_texts()) == 8  # seven pairs and the others
    drawn(coloured)
    table = type_pairs(edges, types, coords, 50).table
    matrices = type_pair_heatmap(table, "types")
    image = matrices.axes[0].images[0].get_array()
    assert image.shape == (5, 5) and np.allclose(image, image.T)
    drawn(matrices)
    drawn(type_pair_heatmap(table.assign(p_distance=np.nan), "types"))
    pairs = pd.DataFrame({"ligand": list("abc"), "receptor": list("def")})
    pairs = pairs.assign(share_ligand=0.5, share_receptor=0.1, z=[3, 1, np.nan], q=[0.01, 0.2, 1])
    support = ligand_receptor_plot(pairs, "support", "3 of 9 pairs")
    assert [text.get_text() for text in support.axes[0].get_yticklabels()] == ["a – d", "b – e"]
    drawn(support)
    genes = pd.DataFrame({"edge_set": ["all"] * 3, "rank": [1, 2, 3], "gene": ["g1", "g2", "g3"]})
    genes = genes.assign(attribution=[2.0, -1, 0.5], occlusion=[1.0, np.nan, 0.2])
    drawn(gene_ranking(genes, "genes"))
    drawn(embedding_figure(coords, [("cell types", types)], np.eye(5), "embedding"))


def test_symbols_of_a_users_file_get_as_far_as_the_interactions(tmp_path):
    names = [f"ENSG{i:011d}" for i in range(4)]
    var = pd.DataFrame({"gene_name": list("ABCD"), "length": 1}, index=names)
    mine = anndata.AnnData(np.ones((30, 4), np.float32), var=var)
    mine.obsm["spatial"] = np.random.default_rng(0).random((30, 2))
    mine.write_h5ad(tmp_path / "mine.h5ad")
    section = {"id": "mine", "path": str(tmp_path / "mine.h5ad"), "n_domains": 2}
    made = prepare_own(section, {})
    assert panel_symbols(made.var).tolist() == list("ABCD")
    assert list(made.var) == ["gene_name"] and made.var_names.tolist() == names
