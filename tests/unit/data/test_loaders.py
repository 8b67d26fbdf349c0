"""Loaders: on the published files where they are, and on small files of the same structure."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest

from helpers.r_files import matrix, sparse, write_rda, write_rds
from helpers.raw_files import FOLDERS, REGISTRY, available, sources_here
from helpers.raw_tables import CELLS, COUNTS, GENES, PIXELS, SPOTS, dense, write_positions
from stbench.common.errors import InputError
from stbench.config.registry import load_registry, source_entry
from stbench.data.download import Downloader
from stbench.data.fetch import fetch_dataset
from stbench.data.loaders import load
from stbench.data.loaders.build import barcode_layers, categories, layer_names

REGISTERED = load_registry(REGISTRY)


# of each published set: cells, labelled cells, genes, domains, cell types
PUBLISHED = {
    "BZ5": (1049, 1049, 166, 4, 15),
    "BZ9": (1053, 1053, 166, 4, 15),
    "BZ14": (1088, 1088, 166, 4, 15),
    "osmFISH": (4839, 4839, 33, 11, 31),
    "DLPFC151510": (4634, 4595, 500, 7, 0),
    "DLPFC151673": (3639, 3611, 5000, 7, 0),
    "DLPFC151673_5k": (3639, 3611, 5000, 7, 0),
    "DLPFC151674_5k": (3673, 3635, 5000, 7, 0),
    "DLPFC151675_5k": (3592, 3566, 5000, 7, 0),
    "DLPFC151676_5k": (3460, 3431, 5000, 7, 0),
    "V1_0410": (673, 673, 1020, 4, 15),
    "HER2ST_A1": (346, 346, 15045, 6, 0),
    "HER2ST_A2": (325, 0, 15526, 0, 0),
    "HER2ST_A3": (359, 0, 15517, 0, 0),
    "HER2ST_B1": (295, 295, 15109, 5, 0),
    "HER2ST_B2": (270, 0, 15290, 0, 0),
    "HER2ST_B3": (298, 0, 15215, 0, 0),
    "HER2ST_C1": (176, 176, 15557, 4, 0),
    "HER2ST_D1": (306, 306, 15661, 4, 0),
    "HER2ST_E1": (587, 587, 15701, 4, 0),
    "HER2ST_F1": (691, 691, 14861, 4, 0),
    "HER2ST_G2": (467, 467, 15258, 7, 0),
    "HER2ST_H1": (613, 613, 15029, 7, 0),
    "seqFISHplus": (523, 0, 10000, 0, 12),
    "V1_0410_cells": (973, 0, 1020, 0, 16),
    "DECONV_STARmap": (189, 0, 882, 0, 0),
    "DECONV_seqFISHplus": (72, 0, 9684, 0, 0),
    "osmFISH_sdmbench": (4839, 4839, 33, 11, 31),
    "BRCA1_pca": (3798, 3798, 200, 20, 0),
    "Bregma0.04_pca": (5488, 5488, 154, 8, 0),
    "DLPFC151507_pca": (4221, 4221, 200, 7, 0),
    "V1_pca": (1207, 1207, 200, 7, 0),
    "CTCM_MOB_1": (267, 267, 15290, 4, 0),
    "CTCM_MOB_6": (242, 242, 16251, 4, 0),
    "CTCM_MERFISH_1": (5488, 5488, 160, 9, 0),
    "CTCM_MERFISH_5": (5543, 5543, 160, 9, 0),
    "CTCM_osmFISH": (5328, 5328, 33, 6, 0),
}


def load_published(name: str, folder: Path) -> anndata.AnnData:
    """Load from the mirrors on this machine, never from the network."""
    here = {"id": name, "sources": sources_here(REGISTERED[name])}
    status = fetch_dataset(here, folder, FOLDERS, Downloader([]))
    entry = source_entry(name, status["source"], REGISTERED)
    return load(entry["loader"], folder, entry["options"])


@pytest.mark.parametrize("name", available(REGISTERED))
def test_published_files(name, tmp_path):
    cells, labelled, genes, domains, types = PUBLISHED[name]
    adata = load_published(name, tmp_path / name)
    assert adata.shape == (cells, genes)
    assert adata.obsm["spatial"].shape == (cells, 2)
    assert np.isfinite(adata.obsm["spatial"]).all()
    assert adata.obs_names.is_unique
    assert adata.var_names.is_unique
    if labelled:
        assert adata.obs["cluster"].notna().sum() == labelled
        assert adata.obs["cluster"].nunique() == domains
    else:
        assert "cluster" not in adata.obs
    if types:
        assert adata.obs["celltype"].nunique() == types
    else:
        assert "celltype" not in adata.obs
    TRAPS.get(name, lambda adata: None)(adata)


def bz5(adata):
    assert dict(adata.obs["cluster"].value_counts()) == {"3": 449, "4": 347, "2": 167, "1": 86}
    assert adata.obs_names[0] == "69x4486"
    assert np.allclose(adata.obsm["spatial"][0], [68.863744, 4486.028897])


def osmfish(adata):
    """476 pairs of coincident cells stay; Excluded is gone; some cells have a total of 1."""
    table = pd.DataFrame(adata.obsm["spatial"])
    assert table.duplicated().sum() == 476
    assert "Excluded" not in set(adata.obs["cluster"])
    assert dense(adata).sum(axis=1).min() == 1


def dlpfc(adata):
    """Layers in one spelling, unlabelled spots kept, pixels as coordinates."""
    assert set(adata.obs["cluster"].cat.categories) == {"L1", "L2", "L3", "L4", "L5", "L6", "WM"}
    assert adata.var_names[0].startswith("ENSG")
    assert adata.obsm["spatial"].max() > 5000


def her2st(adata):
    assert set(adata.obs["cluster"]) >= {"invasive cancer", "undetermined"}
    assert dense(adata).sum(axis=1).min() == 4


TRAPS = {
    "BZ5": bz5,
    "osmFISH": osmfish,
    "DLPFC151510": dlpfc,
    "DLPFC151673": dlpfc,
    "HER2ST_A1": her2st,
}


def test_layers_have_one_spelling_and_are_joined_by_barcode(tmp_path):
    table = "AAA-1\t151510\tL1\nCCC-1\t151509\tL2\nGGG-1\t151510\tWM\n"
    (tmp_path / "layers.tsv").write_text(table)
    layers = barcode_layers(tmp_path / "layers.tsv", "151510")
    assert layers.to_dict() == {"AAA-1": "L1", "GGG-1": "WM"}
    assert layer_names(["Layer1", np.nan, "WM"]) == ["L1", None, "WM"]
    with pytest.raises(InputError, match="no labels for section 1"):
        barcode_layers(tmp_path / "layers.tsv", "1")


def test_missing_labels_in_every_spelling():
    labels = categories(["a", "", "nan", None, np.nan, pd.NA, "NA", 1.0, b"b"])
    assert list(labels.categories) == ["1", "a", "b"]
    assert labels.isna().sum() == 6


def info_table(**columns) -> pd.DataFrame:
    return pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [4.0, 5.0, 6.0], **columns}, index=CELLS)


def test_bass_merfish(tmp_path):
    section = matrix(COUNTS / 2, GENES, CELLS)
    other = matrix(COUNTS / 4, GENES, CELLS)
    info = info_table(z=["MPA", "PV", "MPA"])
    objects = {
        "cnts_mult": {"-0.04": section, "-0.09": other},
        "info_mult": {"-0.04": info, "-0.09": info},
    }
    write_rda(tmp_path / "MERFISH_Animal1.RData", objects)
    for name, divisor in (("Bregma0.04", 2), ("Bregma0.09", 4)):
        source = REGISTERED[name]["sources"][0]
        adata = load(source["loader"], tmp_path, source["options"])
        assert (dense(adata) == COUNTS.T / divisor).all()
        assert list(adata.obs["cluster"]) == ["MPA", "PV", "MPA"]
        assert adata.obsm["spatial"].tolist() == [[1, 4], [2, 5], [3, 6]]
        assert (list(adata.obs_names), list(adata.var_names)) == (CELLS, GENES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"section": "BZ6"}, "no section 'BZ6'; available: BZ5"),
        ({"counts": "counts"}, "no object 'counts'; available: cnts, info"),
        ({"domain": "layer"}, "no column 'layer'; available: x, y, z"),
    ],
)
def test_bass_says_what_is_missing(tmp_path, change, message):
    table = info_table(z=["1", "2", "1"])
    write_rda(
        tmp_path / "f.RData",
        {"cnts": {"BZ5": matrix(COUNTS, GENES, CELLS)}, "info": {"BZ5": table}},
    )
    options = {"file": "f.RData", "section": "BZ5", "counts": "cnts", "info": "info", "domain": "z"}
    load("bass", tmp_path, options)
    with pytest.raises(InputError) as error:
        load("bass", tmp_path, {**options, **change})
    assert message in str(error.value)


def test_bass_refuses_tables_of_other_cells(tmp_path):
    cells = matrix(COUNTS, GENES, ["c1", "c3", "c2"])
    objects = {"cnts": {"BZ5": cells}, "info": {"BZ5": info_table(z=["1", "2", "1"])}}
    write_rda(tmp_path / "f.RData", objects)
    options = {"file": "f.RData", "section": "BZ5", "counts": "cnts", "info": "info", "domain": "z"}
    with pytest.raises(InputError, match="its cells are not those of the counts"):
        load("bass", tmp_path, options)


def test_a_seurat_object(tmp_path):
    meta = pd.DataFrame({"annotation": ["Layer1", "WM", "Layer2"]}, index=SPOTS)
    assay = SimpleNamespace(counts=sparse(COUNTS, GENES, SPOTS), **{"class": np.array(["Assay"])})
    parts = {"assays": {"RNA": assay}, "meta.data": meta, "class": np.array(["Seurat"])}
    write_rda(tmp_path / "dlpfc151510.rda", {"dlpfc151510": SimpleNamespace(**parts)})
    write_positions(tmp_path / "151510_tissue_positions_list.txt")
    source = REGISTERED["DLPFC151510"]["sources"][-1]
    adata = load(source["loader"], tmp_path, source["options"])
    assert list(adata.obs["cluster"]) == ["L1", "WM", "L2"]
    assert adata.obsm["spatial"].tolist() == PIXELS
    assert (dense(adata) == COUNTS.T).all()


def test_a_list_of_expression_and_locations(tmp_path):
    parts = {"expression": matrix(COUNTS, GENES, SPOTS), "locations": info_table()}
    write_rda(tmp_path / "dlpfc151673.rda", {"dlpfc151673": parts})
    write_positions(tmp_path / "151673_tissue_positions_list.txt")
    (tmp_path / "barcode_level_layer_map.tsv").write_text("CCC-1\t151673\tL3\n")
    source = REGISTERED["DLPFC151673"]["sources"][1]
    adata = load(source["loader"], tmp_path, source["options"])
    assert adata.obs["cluster"].isna().tolist() == [True, False, True]
    assert adata.obsm["spatial"].tolist() == PIXELS


def test_an_rds_with_counts_and_cells(tmp_path):
    info = info_table(layer=["L4", "L5", "L6"], label=["Oligo", "SST", "VIP"]).iloc[::-1]
    name = "starmap_1020_0410_seurat_filter_layer.rds"
    write_rds(tmp_path / name, {"sp_count": sparse(COUNTS, GENES, CELLS), "info": info})
    source = REGISTERED["V1_0410"]["sources"][0]
    adata = load(source["loader"], tmp_path, source["options"])
    assert list(adata.obs["cluster"]) == ["L4", "L5", "L6"]
    assert adata.obsm["spatial"].tolist() == [[1, 4], [2, 5], [3, 6]]


def test_a_loom_file_without_its_excluded_cells(tmp_path):
    with h5py.File(tmp_path / "osmFISH_SScortex_mouse_all_cells.loom", "w") as loom:
        loom["matrix"] = COUNTS
        loom["row_attrs/Gene"] = np.array(GENES, dtype="S")
        for name, values in {
            "CellID": ["7", "8", "9"],
            "Region": ["Layer 4", "Excluded", "Hippocampus"],
            "ClusterName": ["a", "b", "c"],
        }.items():
            loom[f"col_attrs/{name}"] = np.array(values, dtype="S")
        loom["col_attrs/X"], loom["col_attrs/Y"] = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
    source = REGISTERED["osmFISH"]["sources"][0]
    adata = load(source["loader"], tmp_path, source["options"])
    assert list(adata.obs["cluster"]) == ["Layer 4", "Hippocampus"]
    assert adata.obsm["spatial"].tolist() == [[1, 4], [3, 6]]
    assert (dense(adata) == COUNTS.T[[0, 2]]).all()


@pytest.mark.parametrize("label", ["cluster", "domain", "ground_truth"])
@pytest.mark.parametrize("place", ["spatial", "x y", "st_x st_y"])
def test_the_layout_of_stagues_archive(tmp_path, label, place):
    obs = pd.DataFrame({label: ["a", "b", "a"]}, index=CELLS)
    xy = np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]])
    adata = anndata.AnnData(COUNTS.T.astype(np.float32), obs=obs, var=pd.DataFrame(index=GENES))
    adata.obs["celltype"] = ["t", "u", "t"]
    if place == "spatial":
        adata.obsm["spatial"] = xy
    else:
        for name, values in zip(place.split(), xy.T, strict=True):
            adata.obs[name] = values
    adata.write_h5ad(tmp_path / "adata.h5ad")
    source = REGISTERED["Stereo-seq"]["sources"][0]
    loaded = load(source["loader"], tmp_path, source["options"])
    assert list(loaded.obs["cluster"]) == ["a", "b", "a"]
    assert list(loaded.obs["celltype"]) == ["t", "u", "t"]
    assert loaded.obsm["spatial"].tolist() == xy.tolist()


def test_an_archive_file_without_cell_types(tmp_path):
    obs = pd.DataFrame({"domain": ["a", "b", "a"]}, index=CELLS)
    adata = anndata.AnnData(COUNTS.T.astype(np.float32), obs=obs, obsm={"spatial": np.eye(3, 2)})
    adata.write_h5ad(tmp_path / "adata.h5ad")
    source = REGISTERED["Stereo-seq"]["sources"][0]
    assert list(load(source["loader"], tmp_path, source["options"]).obs) == ["cluster"]


def test_a_section_of_breast_cancer_with_and_without_regions(tmp_path):
    """Both files name their spots otherwise than the counts; the array position joins them."""
    counts = pd.DataFrame(COUNTS.T, index=["10x13", "2x7", "11x5"], columns=GENES)
    counts.to_csv(tmp_path / "counts.tsv", sep="\t")
    spots = pd.DataFrame({"x": [2, 11, 10], "y": [7, 5, 13], "pixel_x": [1.5, 2, 3], "pixel_y": 4})
    spots.to_csv(tmp_path / "spots.tsv", sep="\t", index=False)
    regions = spots.assign(x=spots.x + 0.02, y=spots.y - 0.006, label=["fat", "fat", "cancer"])
    regions.to_csv(tmp_path / "regions.tsv", sep="\t", index=False)
    labeled = load("her2st", tmp_path, {"counts": "counts.tsv", "labels": "regions.tsv"})
    plain = load("her2st", tmp_path, {"counts": "counts.tsv", "spots": "spots.tsv"})
    for adata in (labeled, plain):
        assert (dense(adata) == COUNTS.T).all()
        assert adata.obsm["spatial"].tolist() == [[3, 4], [1.5, 4], [2, 4]]
    assert list(labeled.obs["cluster"]) == ["cancer", "fat", "fat"]
    assert list(plain.obs) == []
    with pytest.raises(InputError, match=r"spots.tsv: no column 'label'"):
        load("her2st", tmp_path, {"counts": "counts.tsv", "labels": "spots.tsv"})


def write_features(folder: Path, features: np.ndarray) -> dict:
    np.save(folder / "features.npy", features, allow_pickle=True)
    np.save(folder / "coordinates.npy", np.arange(6).reshape(3, 2))
    (folder / "labels.txt").write_text("a\nb\na\n")
    return {"features": "features.npy", "coordinates": "coordinates.npy", "labels": "labels.txt"}


def test_features_pass_as_they_are(tmp_path):
    features = np.array([[-1.5, 2.0], [0.0, 1.0], [3.0, -2.0]], dtype=np.float32)
    adata = load("features", tmp_path, write_features(tmp_path, features))
    assert (dense(adata) == features).all()
    assert list(adata.obs["cluster"]) == ["a", "b", "a"]


def test_a_pickled_array_is_refused_and_never_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "executed",))

    options = write_features(tmp_path, np.array([[Bomb()], [Bomb()], [Bomb()]], dtype=object))
    with pytest.raises(InputError, match="pickled Python objects, which are never loaded because"):
        load("features", tmp_path, options)
    assert not (tmp_path / "executed").exists()


def test_a_semi_synthetic_tissue(tmp_path):
    source = REGISTERED["CTCM_MOB_1"]["sources"][0]
    counts, positions, labels = source["options"].values()
    write_rds(tmp_path / counts, sparse(COUNTS, GENES, CELLS))
    (tmp_path / positions).write_text('""\t"X0"\t"X1"\n"0"\t1\t4\n"1"\t2\t5\n"2"\t3\t6\n')
    write_rds(tmp_path / labels, pd.Categorical(["2", "1", "2"]))
    adata = load(source["loader"], tmp_path, source["options"])
    assert (dense(adata) == COUNTS.T).all()
    assert adata.obsm["spatial"].tolist() == [[1, 4], [2, 5], [3, 6]]
    assert list(adata.obs["cluster"]) == ["2", "1", "2"]
    write_rds(tmp_path / labels, pd.Categorical(["2", "1"]))
    with pytest.raises(InputError, match="cluster: 2 values for 3 cells"):
        load(source["loader"], tmp_path, source["options"])


@pytest.mark.parametrize("name", ["bass", "loom", "tenx", "starmap_rds", "seqfish", "her2st"])
def test_broken_files_give_one_line(tmp_path, name):
    """Empty, cut or foreign bytes in any format: one line, no traceback."""
    source = next(
        s for e in REGISTERED.values() for s in e.get("sources", []) if s["loader"] == name
    )
    for content in (b"", b"\x1f\x8b\x08\x00broken", b"RDX3\nX\n\x00", b"\x89HDF\r\n\x1a\n"):
        for file in source["files"]:
            (tmp_path / Path(file["name"]).name).write_bytes(content)
        with pytest.raises(InputError) as error:
            load(name, tmp_path, source["options"])
        assert "\n" not in str(error.value)
