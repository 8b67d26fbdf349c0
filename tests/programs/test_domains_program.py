"""The file of a user's cells with the maps of all methods."""

import json
import shutil

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest

from helpers.fits import CELLS, COORDS, TRUTH, Bench, N, fit_h5ad, status_json
from helpers.programs import run_here
from stbench.common.paths import SCRIPTS
from stbench.fitting.trajectory import TrajectoryRecorder
from stbench.maps.cells_file import read_cells_file

EPOCHS = 12  # the data select none before the tenth
EXTRA = ["empty", "off"]  # cells of the user's file that were not clustered


def own_file(path):
    """The user's cells in another order than those of the dataset, with two more."""
    names = [*EXTRA, *reversed(CELLS)]
    rng = np.random.default_rng(0)
    obs = pd.DataFrame({"age": range(len(names)), "m": "mine"}, index=names)
    obs["in_tissue"] = [1, 0, *[1] * len(CELLS)]
    obs["m_input"] = "older"
    obs["CD4/CD8"] = 0.5  # zarr has no slashes
    places = np.concatenate([[[0.0, 0.0], [9.0, 9.0]], COORDS[::-1]])
    counts = rng.poisson(1, (len(names), 7)).astype(np.float32)
    anndata.AnnData(counts, obs=obs, obsm={"spatial": places}).write_h5ad(path)


def trained(bench, seed):
    """A training that separates the domains a little better with every epoch."""
    folder, rng = bench.folder(seed), np.random.default_rng(seed)
    points = [epoch / 3 * np.eye(3)[TRUTH] + rng.normal(size=(N, 3)) for epoch in range(EPOCHS + 1)]
    status_json(folder, seed)
    with TrajectoryRecorder(folder / "trajectory.h5", N) as record:
        for epoch, embedding in enumerate(points):
            record(epoch, embedding.astype(np.float32))
    fit_h5ad(folder, {"embedding": points[-1], "embedding_untrained": points[0]})


def run(bench, output, *more, trains=True):
    folders = sorted(path.parent for path in bench.root.parent.glob("*/fits"))
    methods = json.dumps({folder.name: trains for folder in folders})
    labels, fits = ([folder / name for folder in folders] for name in ("labels.h5", "fits"))
    return run_here(
        SCRIPTS / "domains.py",
        *("--data", bench.data, "--methods", methods, "--rank-by", "kmeans", "--output", output),
        *(["--labels", *labels, "--fits", *fits] if folders else []),
        *more,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Two trained seeds of three methods, alike but for their names, on an own section."""
    folder = tmp_path_factory.mktemp("domains")
    (folder / "m").mkdir()
    bench = Bench(folder / "m")
    for seed in (0, 1):
        trained(bench, seed)
    bench.cluster()
    for name in "no":
        shutil.copytree(folder / "m", folder / name)
        with h5py.File(folder / name / "labels.h5", "a") as file:
            file.attrs["method"] = name
    own_file(folder / "mine.h5ad")
    section = json.dumps({"id": "D", "path": str(folder / "mine.h5ad"), "n_domains": 3})
    output = folder / "out/D.h5ad"
    ended = run(bench, output, "--section", section, "--zarr")
    assert ended.returncode == 0, ended.stderr
    return output


def test_the_file_has_all_cells_of_the_user_with_her_columns(finished):
    given = anndata.read_h5ad(finished.parents[1] / "mine.h5ad")
    made = anndata.read_h5ad(finished)
    assert list(made.obs_names) == list(given.obs_names)
    assert np.array_equal(made.X, given.X)
    assert list(made.obs["age"]) == list(given.obs["age"])
    assert set(made.obs["m_input"]) == {"older"} and set(made.obs["m_input_input"]) == {"mine"}
    assert np.array_equal(made.obsm["spatial"], given.obsm["spatial"])


def test_cells_that_were_left_out_have_a_reason_and_no_label(finished):
    obs = anndata.read_h5ad(finished).obs
    assert dict(obs.loc[EXTRA, "left_out"]) == {"empty": "no counts", "off": "not in tissue"}
    columns = ["m", "m_selected", "m_consensus", "consensus", "disagreement"]
    assert obs.loc[EXTRA, columns].isna().all(axis=None)
    assert obs.loc[CELLS, columns].notna().all(axis=None)
    assert set(obs.loc[CELLS, "left_out"]) == {""}
    assert obs["disagreement"].dropna().between(0, 1).all()


def test_every_cell_has_the_labels_and_the_embedding_of_its_name(finished):
    from stbench.clustering.label_file import open_labels

    made = anndata.read_h5ad(finished)
    with open_labels(finished.parents[1] / "m/labels.h5") as reader:
        last = reader.axes.last_epochs[0]
        rows = reader.rows(3, 0, "kmeans", last)
    shown = made.obs.loc[CELLS, "m"].astype(int).to_numpy()
    assert any(len(set(zip(row, shown, strict=True))) == 3 for row in rows)
    fit = anndata.read_h5ad(finished.parents[1] / "m/fits/seed0/fit.h5ad")
    placed = pd.DataFrame(made.obsm["X_m"], index=made.obs_names)
    assert np.allclose(placed.loc[CELLS], fit.obsm["embedding"])
    assert placed.loc[EXTRA].isna().all(axis=None)


def test_domains_have_the_numbers_and_colors_of_the_consensus(finished):
    made = anndata.read_h5ad(finished)
    numbers = dict(zip(made.obs["consensus"].cat.categories, made.uns["consensus_colors"]))
    assert list(numbers) == ["1", "2", "3"]
    for column in ("m", "m_selected", "m_consensus"):
        for name, color in zip(made.obs[column].cat.categories, made.uns[f"{column}_colors"]):
            assert numbers[name] == color
        both = pd.crosstab(made.obs["consensus"], made.obs[column]).to_numpy()
        assert np.trace(both) > both.sum() / 2


def test_the_maps_are_read_again_in_any_order_of_the_cells(finished):
    obs = anndata.read_h5ad(finished).obs
    some = CELLS[5:20][::-1]
    maps = read_cells_file(finished, some)
    endings = ("", "_selected", "_consensus")
    assert list(maps.columns) == [*(f"{m}{end}" for m in "mno" for end in endings), "consensus"]
    for name, labels in maps.columns.items():
        assert list(labels + 1) == list(obs.loc[some, name].astype(int))
    assert np.allclose(maps.disagreement, obs.loc[some, "disagreement"])
    assert maps.n_domains == 3 and maps.note == "consensus of 6 maps of 3 methods"
    assert maps.recommended == ""


def test_the_table_of_cells_has_the_same_labels(finished):
    cells = pd.read_csv(finished.with_suffix(".tsv"), sep="\t", index_col=0, dtype=str)
    made = anndata.read_h5ad(finished)
    assert list(cells.index) == list(made.obs_names)
    assert list(cells["consensus"].dropna()) == list(made.obs["consensus"].dropna())
    assert cells.loc["off", "left_out"] == "not in tissue"


def test_scanpy_draws_it_in_its_colors(finished):
    import matplotlib as mpl
    import scanpy as sc

    mpl.use("Agg")
    made = sc.read_h5ad(finished)
    axes = sc.pl.embedding(made, "spatial", color=["m", "consensus"], show=False)
    assert [ax.get_title() for ax in axes] == ["m", "consensus"]
    drawn = {mpl.colors.to_hex(color) for color in axes[1].collections[0].get_facecolors()}
    assert set(made.uns["consensus_colors"]) <= drawn
    mpl.pyplot.close("all")


def test_squidpy_draws_it(finished):
    squidpy = pytest.importorskip("squidpy")
    made = anndata.read_h5ad(finished)
    made = made[made.obs["left_out"] == ""].copy()
    squidpy.gr.spatial_neighbors(made)
    squidpy.gr.nhood_enrichment(made, "consensus", seed=0, show_progress_bar=False)
    assert made.uns["consensus_nhood_enrichment"]["zscore"].shape == (3, 3)
    squidpy.pl.spatial_scatter(made, color="consensus", shape=None)


def test_the_zarr_store_has_the_same_labels(finished):
    store = anndata.io.read_zarr(finished.with_suffix(".zarr"))
    made = anndata.read_h5ad(finished)
    assert list(store.obs["m"].dropna()) == list(made.obs["m"].dropna())
    assert (store.obs["CD4_CD8"] == made.obs["CD4/CD8"]).all() and "CD4/CD8" not in store.obs


def test_vitessce_is_shown_what_the_zarr_store_has(finished):
    shown = json.loads(finished.with_suffix(".vitessce.json").read_text())
    (file,) = shown["datasets"][0]["files"]
    assert (finished.parent / file["url"]).is_dir()
    options = file["options"]
    assert options["obsSets"][0] == {"name": "consensus", "path": "obs/consensus"}
    named = [options["obsFeatureMatrix"], *options["obsSets"], *options["obsEmbedding"]]
    assert "obsm/spatial" in {one["path"] for one in named}
    assert all((finished.parent / file["url"] / one["path"]).exists() for one in named)
    kinds = {one["embeddingType"] for one in options["obsEmbedding"]}
    assert shown["coordinationSpace"]["embeddingType"]["A"] in kinds


def test_two_runs_give_the_same_bytes(finished, tmp_path):
    section = json.dumps({"id": "D", "path": str(finished.parents[1] / "mine.h5ad")})
    bench = Bench.__new__(Bench)
    bench.root = finished.parents[1] / "m"
    bench.data, bench.labels = bench.root / "data.h5ad", bench.root / "labels.h5"
    run(bench, tmp_path / "D.h5ad", "--section", section)
    for ending in (".h5ad", ".tsv", ".methods.csv", ".agreement.csv"):
        again = (tmp_path / "D.h5ad").with_suffix(ending)
        assert again.read_bytes() == finished.with_suffix(ending).read_bytes(), ending


def test_of_several_numbers_the_recommended_one_is_shown_else_the_largest(tmp_path):
    (tmp_path / "m").mkdir()
    bench = Bench(tmp_path / "m")
    bench.dataset(truth=None, n_domains=np.array([2, 3, 4]))
    bench.plain_fit(0)
    bench.cluster()
    choosing = tmp_path / "choosing"
    for expected, choice in ((4, ""), (3, "recommended")):
        choosing.mkdir(exist_ok=True)
        table = pd.DataFrame({"n_domains": [2, 3, 4], "choice": ["", choice, "alternative"]})
        table.to_csv(choosing / "number_of_domains.csv", index=False)
        ended = run(bench, tmp_path / "D.h5ad", "--choosing", choosing, trains=False)
        assert ended.returncode == 0, ended.stderr
        made = anndata.read_h5ad(tmp_path / "D.h5ad")
        assert made.uns["stbench"]["n_domains"] == expected
        assert made.obs["m"].nunique() == expected and "consensus" not in made.obs
        assert read_cells_file(tmp_path / "D.h5ad", CELLS).recommended == "m"


def test_without_any_result_the_file_has_all_cells_and_no_domain(tmp_path):
    (tmp_path / "m").mkdir()
    bench = Bench(tmp_path / "m")
    bench.failed_fit(0, "oom", "too large")
    bench.cluster()
    ended = run(bench, tmp_path / "D.h5ad")
    assert ended.returncode == 0, ended.stderr
    assert "no consensus: 0 methods have a map, at least 3 are needed" in ended.stdout
    assert len(anndata.read_h5ad(tmp_path / "D.h5ad")) == N
    assert read_cells_file(tmp_path / "D.h5ad", CELLS).columns == {}
    (row,) = pd.read_csv(tmp_path / "D.methods.csv").to_dict("records")
    assert (row["method"], row["status"], row["reason"]) == ("m", "oom", "too large")


def test_a_dataset_that_is_not_available_gives_a_file_with_the_reason(tmp_path):
    (tmp_path / "m").mkdir()
    bench = Bench(tmp_path / "m")
    bench.failed_dataset("the disk was lost")
    ended = run(bench, tmp_path / "D.h5ad", "--record-failure", "--zarr")
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "D.zarr").is_dir() and (tmp_path / "D.vitessce.json").is_file()
    made = anndata.read_h5ad(tmp_path / "D.h5ad")
    assert read_cells_file(tmp_path / "D.h5ad", []) is None
    assert made.n_obs == 0 and made.uns["stbench"]["reason"] == "the disk was lost"
    assert len(pd.read_csv(tmp_path / "D.methods.csv")) == 0


def test_a_file_that_lost_cells_since_is_refused_by_name(finished, tmp_path):
    shorter = anndata.read_h5ad(finished.parents[1] / "mine.h5ad")[:-1].copy()
    shorter.write_h5ad(tmp_path / "shorter.h5ad")
    bench = Bench.__new__(Bench)
    bench.root = finished.parents[1] / "m"
    bench.data, bench.labels = bench.root / "data.h5ad", bench.root / "labels.h5"
    section = json.dumps({"id": "D", "path": str(tmp_path / "shorter.h5ad")})
    ended = run(bench, tmp_path / "D.h5ad", "--section", section)
    assert ended.returncode == 1
    assert "1 cells that were clustered are not in the file, for example cell0" in ended.stderr
