"""Folders in the published layouts of the platforms."""

import gzip

import numpy as np
import pytest

from helpers import own_sections
from helpers.own_sections import LAYERS, N, entry_of, tissue
from stbench.common.errors import InputError
from stbench.common.file_hashes import FileHashes
from stbench.config.identity import Identity
from stbench.config.own_files import files_of, with_file
from stbench.config.registry import dataset_entry
from stbench.data.own_files import own_dataset, read_own
from stbench.platforms.wkb import centroid


def described(path, **keys):
    return with_file(dataset_entry({**entry_of(path, label="region"), **keys}, {}))


def unlabeled(path, **keys):
    return with_file(dataset_entry({"id": "mine", "path": str(path), "n_domains": 4, **keys}, {}))


def check(entry, made, genes, cells=N):
    """Positions, counts and names belong to the same cells."""
    assert (entry["genes"], made.n_obs, made.n_vars) == (12, cells, genes)
    spots = made.obs_names.str.extract(r"(\d+)(?:-1)?$")[0].astype(int).to_numpy() % 1000
    expected = tissue()
    np.testing.assert_allclose(made.obsm["spatial"], expected.obsm["spatial"][spots])
    assert (expected.X[spots][:, :genes] != made.X).nnz == 0


@pytest.mark.parametrize(
    ("positions", "below"),
    [
        ("tissue_positions_list.csv", ""),
        ("tissue_positions.csv", "outs"),
        ("tissue_positions.parquet", "binned_outputs/square_008um"),
    ],
)
def test_space_ranger(tmp_path, positions, below):
    own_sections.write_space_ranger(tmp_path / "run" / below, positions)
    entry = unlabeled(tmp_path / "run")
    made = own_dataset(entry)
    check(entry, made, 12, N - 1)
    facts = made.uns["dataset"]
    assert (facts["platform"], facts["unit"], facts["y_down"]) == ("Space Ranger", "px", "true")
    assert entry["technology"] == ("10x Visium HD" if "square" in below else "10x Visium")
    assert "read as Space Ranger; 1 of 80 cells left out: 1 not in tissue" in facts["note"]
    assert {file.name for file in files_of(entry)} == {"filtered_feature_bc_matrix.h5", positions}


@pytest.mark.parametrize("cells", ["cells.parquet", "cells.csv.gz"])
def test_xenium(tmp_path, cells):
    own_sections.write_xenium(tmp_path / "xenium", cells)
    entry = described(tmp_path / "xenium")
    made = own_dataset(entry)
    check(entry, made, 9)
    assert made.obs["cluster"].tolist() == LAYERS.tolist()
    facts = made.uns["dataset"]
    assert (entry["technology"], facts["unit"], facts["y_down"]) == ("Xenium", "um", "true")
    assert "3 of 12 features left out: 1 Negative Control Codeword, 1 Negative" in facts["note"]
    whole = read_own(tmp_path / "xenium", entry)
    assert whole.n_vars == 12 and whole.obs["cell_area"].iloc[0] == 20
    assert (whole.var["gene_ids"] == [f"ENSG{i:011d}" for i in range(12)]).all()


def test_a_missing_file_is_named(tmp_path):
    own_sections.write_xenium(tmp_path / "xenium")
    (tmp_path / "xenium/cells.parquet").unlink()
    with pytest.raises(
        InputError, match=r"taken for Xenium, but it has no cells\.parquet or cells"
    ):
        described(tmp_path / "xenium")
    own_sections.write_space_ranger(tmp_path / "outs")
    (tmp_path / "outs/filtered_feature_bc_matrix.h5").unlink()
    with pytest.raises(InputError, match="taken for Space Ranger, but it has no"):
        described(tmp_path / "outs")


def test_merscope(tmp_path):
    own_sections.write_merscope(tmp_path / "region_0")
    entry = described(tmp_path / "region_0")
    made = own_dataset(entry)
    check(entry, made, 10)
    assert made.obs_names[0] == str(2_837_000_000_000_000_000 + N - 1)
    assert made.obs["cluster"].tolist() == LAYERS[::-1].tolist()
    facts = made.uns["dataset"]
    assert (entry["cells"], entry["technology"], facts["unit"]) == (N, "MERSCOPE", "um")
    assert "2 of 12 features left out: 2 control" in facts["note"]


def test_cosmx(tmp_path):
    own_sections.write_cosmx(tmp_path / "slide")
    entry = described(tmp_path / "slide")
    made = own_dataset(entry)
    assert list(made.obs_names[[0, 40]]) == ["1_1", "1_2"]
    np.testing.assert_allclose(made.obsm["spatial"], tissue().obsm["spatial"])
    assert (tissue().X[:, :9] != made.X).nnz == 0
    facts = made.uns["dataset"]
    assert (facts["unit"], facts["y_down"], entry["technology"]) == ("px", "false", "CosMx")
    assert "3 of 12 features left out: 3 control" in facts["note"]


def test_cells_without_counts_or_place_are_counted(tmp_path):
    own_sections.write_cosmx(tmp_path / "slide")
    table = tmp_path / "slide/Lung_metadata_file.csv.gz"
    lines = gzip.decompress(table.read_bytes()).decode().splitlines()
    added = lines[1].replace("1,1,", "1,99,", 1)
    table.write_bytes(gzip.compress("\n".join([*lines[:-2], added]).encode()))
    note = own_dataset(described(tmp_path / "slide")).uns["dataset"]["note"]
    assert "1 cells without counts left out; 2 cells without a place left out" in note


def test_keys_of_other_platforms_are_refused(tmp_path):
    own_sections.write_xenium(tmp_path / "xenium")
    with pytest.raises(InputError, match="layer: not for Xenium"):
        described(tmp_path / "xenium", layer="counts")
    with pytest.raises(InputError, match="label: no column 'domain' in obs; available: cell_area"):
        described(tmp_path / "xenium", label="domain")


def test_a_folder_of_no_known_platform_says_what_was_looked_for(tmp_path):
    with pytest.raises(InputError) as error:
        unlabeled(tmp_path)
    for file in ("cell_by_gene.csv", "exprMat_file", "cell_feature_matrix.h5", "binned_outputs/"):
        assert file in str(error.value)


def test_a_folder_is_the_files_that_are_read(tmp_path):
    outs = tmp_path / "outs"
    own_sections.write_space_ranger(outs)
    hashes = FileHashes(tmp_path / "hashes.json")

    def key():
        return Identity({"mine": unlabeled(outs)}, hashes).data("mine")

    before = key()
    (outs / "web_summary.html").write_text("summary")
    assert key() == before
    positions = outs / "spatial/tissue_positions.csv"
    positions.write_text(positions.read_text().replace("AAAC0000-1,1", "AAAC0000-1,0"))
    assert key() != before


def test_a_store_is_all_its_files(tmp_path):
    own_sections.write_spatialdata(tmp_path / "sdata.zarr")
    hashes = FileHashes(tmp_path / "hashes.json")
    table = tmp_path / "sdata.zarr/tables/table"
    before = hashes(table)
    assert hashes(table) == FileHashes(tmp_path / "none.json")(table) == before
    (table / "X/data/0").write_bytes(b"other")
    assert hashes(table) != before


def test_centroids_of_shapes():
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]], dtype="<f8") + 5
    ring = (5).to_bytes(4, "little") + square.tobytes()
    polygon = b"\x01\x03\x00\x00\x00\x01\x00\x00\x00" + ring
    assert centroid(polygon).tolist() == [6, 6]
    small = square / 2
    other = b"\x01\x03\x00\x00\x00\x01\x00\x00\x00" + (5).to_bytes(4, "little") + small.tobytes()
    both = b"\x01\x06\x00\x00\x00\x02\x00\x00\x00" + polygon + other
    np.testing.assert_allclose(centroid(both), [(6 * 4 + 3) / 5] * 2)
