"""Files of 10x Genomics with tables of labels or regions: joined by barcode or place."""

from __future__ import annotations

import tarfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from helpers.r_files import sparse
from helpers.raw_files import REGISTRY
from helpers.raw_tables import COUNTS, GENES, PIXELS, SPOTS, dense, write_positions
from stbench.common.errors import InputError
from stbench.config.registry import load_registry
from stbench.data.loaders import load
from stbench.data.loaders.pickled_labels import read_labels

REGISTERED = load_registry(REGISTRY)


def write_tenx(path: Path) -> None:
    by_spot = sparse(COUNTS, GENES, SPOTS)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["data"] = by_spot.x.astype(np.int32)
        group["indices"], group["indptr"] = by_spot.i, by_spot.p
        group["shape"] = by_spot.Dim
        group["barcodes"] = np.array(SPOTS, dtype="S")
        group["features/id"] = np.array(["E1", "E2"], dtype="S")
        group["features/name"] = np.array(["TP53", "TP53"], dtype="S")


@pytest.mark.parametrize("header", [True, False])
def test_tenx_with_a_table_of_labels(tmp_path, header):
    write_tenx(tmp_path / "filtered_feature_bc_matrix.h5")
    write_positions(tmp_path / "tissue_positions_list.csv", header)
    table = "ID\tfine_annot_type\nGGG-1\tIDC_4\nAAA-1\tNA\nCCC-1\tHealthy_1\n"
    (tmp_path / "metadata.tsv").write_text(table)
    source = REGISTERED["BRCA1"]["sources"][0]
    adata = load(source["loader"], tmp_path, source["options"])
    assert (dense(adata) == COUNTS.T).all()
    assert list(adata.var_names) == ["TP53", "TP53-1"]
    assert adata.obs["cluster"].isna().tolist() == [True, False, False]
    assert list(adata.obs["cluster"][1:]) == ["Healthy_1", "IDC_4"]
    assert adata.obsm["spatial"].tolist() == PIXELS


def test_tenx_with_the_table_of_layers(tmp_path):
    write_tenx(tmp_path / "filtered_feature_bc_matrix.h5")
    write_positions(tmp_path / "151673_tissue_positions_list.txt")
    (tmp_path / "barcode_level_layer_map.tsv").write_text("GGG-1\t151673\tWM\nAAA-1\t151673\tL1\n")
    source = REGISTERED["DLPFC151673"]["sources"][0]
    adata = load(source["loader"], tmp_path, source["options"])
    assert adata.obs["cluster"].astype(object).where(
        adata.obs["cluster"].notna(), "-"
    ).tolist() == [
        "L1",
        "-",
        "WM",
    ]


def test_a_spot_without_a_position_is_named(tmp_path):
    write_tenx(tmp_path / "filtered_feature_bc_matrix.h5")
    (tmp_path / "tissue_positions_list.csv").write_text("AAA-1,1,1,1,1,1\nCCC-1,1,1,1,1,1\n")
    (tmp_path / "metadata.tsv").write_text("ID\tfine_annot_type\n")
    source = REGISTERED["BRCA1"]["sources"][0]
    with pytest.raises(InputError, match="no position for 1 spots, for example GGG-1"):
        load(source["loader"], tmp_path, source["options"])


def write_regions(folder: Path, places: list, labels: list) -> dict:
    source = REGISTERED["MouseBrainAnterior"]["sources"][0]
    write_tenx(folder / "filtered_feature_bc_matrix.h5")
    write_positions(folder / "tissue_positions_list.csv")
    with tarfile.open(folder / "spatial.tar.gz", "w:gz") as tar:
        tar.add(folder / "tissue_positions_list.csv", "spatial/tissue_positions_list.csv")
    np.save(folder / "coordinates.npy", np.array(places))
    np.save(folder / "cell_types.npy", np.array(labels, dtype=object), allow_pickle=True)
    return source


def test_regions_are_joined_by_place(tmp_path):
    source = write_regions(tmp_path, [PIXELS[2], PIXELS[0]], ["CTX", "CTX::L1"])
    adata = load(source["loader"], tmp_path, source["options"])
    assert list(adata.obs["cluster"].astype(object).fillna("-")) == ["CTX::L1", "-", "CTX"]
    assert adata.uns["remarks"] == ["1 of 3 spots have no region"]


@pytest.mark.parametrize(
    ("places", "labels", "message"),
    [
        ([PIXELS[0]], ["a", "b"], "2 labels for 1 positions"),
        ([PIXELS[0]] * 2, ["a", "b"], "several spots have the same position"),
        ([[7, 7]], ["a"], "no spot of filtered_feature_bc_matrix.h5 has one of its positions"),
        ([PIXELS[0]], [Path("x")], "contains more than texts"),
        ([PIXELS[0]], [1], "contains more than texts"),
    ],
)
def test_bad_regions_give_one_line(tmp_path, places, labels, message):
    source = write_regions(tmp_path, places, labels)
    with pytest.raises(InputError, match=message):
        load(source["loader"], tmp_path, source["options"])


def test_pickled_labels_are_read_and_never_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "executed",))

    for labels in (["a", "b", "a"], ["a"]):
        np.save(tmp_path / "labels.npy", np.array(labels, dtype=object), allow_pickle=True)
        assert read_labels(tmp_path / "labels.npy") == labels
    for labels in ([Bomb(), "a"], ["a", Bomb()], [["a"], ["b", "c"]]):
        array = np.empty(len(labels), dtype=object)
        array[:] = labels
        np.save(tmp_path / "labels.npy", array, allow_pickle=True)
        with pytest.raises(InputError, match="contains more than texts"):
            read_labels(tmp_path / "labels.npy")
    assert not (tmp_path / "executed").exists()
