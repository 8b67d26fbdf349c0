"""Lists of Visium sections in R files: joined by barcode, or refused in one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import anndata
import numpy as np
import pytest

from helpers.r_files import matrix, sparse, write_rda
from helpers.raw_files import FOLDERS, REGISTRY
from helpers.raw_tables import COUNTS, GENES, PIXELS, dense
from stbench.common.errors import InputError
from stbench.config.registry import load_registry
from stbench.data.loaders import load
from stbench.data.loaders.build import barcode_layers
from stbench.graphs.lattice import find_lattice
from stbench.graphs.neighbors import knn

REGISTERED = load_registry(REGISTRY)


NAMES = {
    "as in the labels": ["151507", "151508", "151509", "151510"],
    "prefixed": [f"sample_{name}" for name in ("151507", "151508", "151509", "151510")],
    "foreign": ["first", "second", "third", "fourth"],
    "none": None,
}


BARCODES = ["AAACAACGAATAGTTC-1", "AAACAAGTATCTCCCA-1", "AAACAATCTACTAGCA-1"]


def write_visium_list(folder: Path, names: list[str] | None, columns: list[str] | None) -> None:
    """Four sections, the last with the counts; positions of its spots in reverse order."""
    parts = [*[sparse([[1]], ["g1"], ["x"])] * 3, sparse(COUNTS, GENES, columns)]
    lists = parts if names is None else dict(zip(names, parts, strict=True))
    write_rda(folder / "spatialLIBD_p1.RData", {"cntm": lists, "xym": matrix([[0.0, 0.0]])})
    rows = [f"{spot},1,{i},{i},{10 * i},{100 * i}" for i, spot in enumerate(BARCODES[::-1], 1)]
    (folder / "151510_tissue_positions_list.txt").write_text("\n".join(rows) + "\n")
    labels = f"{BARCODES[0]}\t151510\tL1\n{BARCODES[2]}\t151510\tWM\nAAA-1\t151510\tL2\n"
    others = f"{BARCODES[0]}\t151509\tL6\n"
    (folder / "barcode_level_layer_map.tsv").write_text(labels + others)


def visium_list(folder: Path) -> anndata.AnnData:
    source = REGISTERED["DLPFC151510"]["sources"][0]
    return load(source["loader"], folder, source["options"])


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("prefix", ["", "151510_"])
def test_visium_lists_are_joined_by_barcode(tmp_path, names, prefix):
    write_visium_list(tmp_path, NAMES[names], [prefix + barcode for barcode in BARCODES])
    adata = visium_list(tmp_path)
    assert (dense(adata) == COUNTS.T).all()
    assert list(adata.obs["cluster"].astype(object).fillna("-")) == ["L1", "-", "WM"]
    assert adata.obsm["spatial"].tolist() == PIXELS
    assert list(adata.obs_names) == BARCODES
    assert adata.uns["remarks"] == [
        "1 of 3 spots have no layer",
        "1 barcodes with a layer have no counts",
    ]


def no_position(folder: Path) -> None:
    (folder / "151510_tissue_positions_list.txt").write_text(f"{BARCODES[0]},1,1,1,1,1\n")


def position_twice(folder: Path) -> None:
    path = folder / "151510_tissue_positions_list.txt"
    path.write_text(path.read_text() * 2)


def unknown_layer(folder: Path) -> None:
    (folder / "barcode_level_layer_map.tsv").write_text(f"{BARCODES[0]}\t151510\tL7\n")


def no_barcode(folder: Path) -> None:
    (folder / "barcode_level_layer_map.tsv").write_text("AAA-1\t151510\tL2\n")


def two_sections(folder: Path) -> None:
    write_visium_list(folder, None, [f"1_{BARCODES[0]}", f"2_{BARCODES[0]}", BARCODES[1]])


def nameless_columns(folder: Path) -> None:
    write_visium_list(folder, None, None)


def truncated(folder: Path) -> None:
    path = folder / "spatialLIBD_p1.RData"
    path.write_bytes(path.read_bytes()[:300])


def few_sections(folder: Path) -> None:
    write_rda(folder / "spatialLIBD_p1.RData", {"cntm": {"a": matrix([[1.0]]), "b": 1.0}})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (no_position, "no position for 2 spots, for example AAACAAGTATCTCCCA-1"),
        (position_twice, "3 barcodes occur twice"),
        (unknown_layer, "section 151510 has an unknown layer 'L7'; known: L1, L2"),
        (no_barcode, "none of its 1 barcodes is among the spots"),
        (two_sections, "1 repeated barcodes; it contains more than one section"),
        (nameless_columns, "columns of section 151510 have no barcodes"),
        (truncated, "cannot be read as visium_lists"),
        (few_sections, "no section '151510'; it has 2 sections: a, b"),
    ],
)
def test_bad_visium_lists_give_one_line(tmp_path, spoil, message):
    write_visium_list(tmp_path, None, BARCODES)
    spoil(tmp_path)
    with pytest.raises(InputError) as error:
        visium_list(tmp_path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


DLPFC = ("151507", "151508", "151509", "151510", "151671", "151672")


NEXT = [(0, 2), (0, -2), (1, 1), (1, -1), (-1, 1), (-1, -1)]


@pytest.mark.parametrize("section", DLPFC)
def test_real_positions_of_visium_lists_are_a_hexagonal_lattice(tmp_path, section):
    """Made counts of the real barcodes: the 6 nearest spots are the neighbors on the array."""
    source = REGISTERED[f"DLPFC{section}"]["sources"][0]
    options = source["options"]
    for file in source["files"][1:]:
        path = next((f / file["name"] for f in FOLDERS if (f / file["name"]).is_file()), None)
        if path is None:
            pytest.skip(f"{file['name']} is in no mirror folder")
        shutil.copyfile(path, tmp_path / path.name)
    barcodes = list(barcode_layers(tmp_path / options["labels"], section).index)
    counts = sparse(np.ones((2, len(barcodes))), GENES, barcodes)
    sections = {f"sample_{name}": counts for name in DLPFC[: options["place"] + 1]}
    sections |= {f"sample_{section}": counts}
    write_rda(tmp_path / options["file"], {options["counts"]: sections})
    adata = load(source["loader"], tmp_path, options)

    lattice = find_lattice(adata.obsm["spatial"])
    assert lattice is not None and lattice.kind == "hexagonal"
    places = {place: i for i, place in enumerate(zip(lattice.row, lattice.col, strict=True))}
    nearest = knn(adata.obsm["spatial"], 6)[1]
    inside = 0
    for (row, col), spot in places.items():
        around = {places.get((row + r, col + c)) for r, c in NEXT}
        if None not in around:
            inside += 1
            assert set(nearest[spot]) == around
    assert inside > 0.8 * adata.n_obs
    assert adata.obs["cluster"].notna().all()
