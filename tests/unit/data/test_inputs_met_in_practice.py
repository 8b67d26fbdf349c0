"""Files as they are met in practice: read right, or refused with the key that reads them."""

import anndata
import numpy as np
import pandas as pd
import pytest

from helpers import own_sections
from helpers.own_sections import GENES, LAYERS, N, entry_of, tissue
from stbench.common.errors import InputError
from stbench.common.io import write_h5ad
from stbench.config.identity import given_number
from stbench.config.own_files import with_file
from stbench.config.registry import dataset_entry
from stbench.data.own_files import own_dataset, read_own
from stbench.data.sections import join_sections


def prepared(path, **keys):
    return own_dataset(with_file(dataset_entry(entry_of(path, **keys), {})))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.h5ad"


def note(adata):
    return adata.uns["dataset"]["note"]


def test_overlapping_fields_of_view_are_refused_and_split(path):
    own_sections.several_fovs().write_h5ad(path)
    with pytest.raises(InputError, match=r"fov 'fov1' and 'fov2' overlap.*section: fov separates"):
        prepared(path)
    off_tissue = own_sections.several_fovs()
    off_tissue.obs["in_tissue"] = np.arange(off_tissue.n_obs) % N > 0
    off_tissue.obsm["spatial"][~off_tissue.obs["in_tissue"].to_numpy()] = np.nan
    off_tissue.write_h5ad(path)
    with pytest.raises(InputError, match=r"fov 'fov1' and 'fov2' overlap"):
        prepared(path)
    own_sections.several_fovs().write_h5ad(path)
    joined = with_file(dataset_entry(entry_of(path, section="fov"), {}))
    assert joined["origin"] == "joined" and joined["cells"] == 3 * N
    ids = [part["id"] for part in joined["parts"]]
    assert ids == ["mine_fov1", "mine_fov2", "mine_fov3"]
    given = joined["parts"][1]["given"]
    assert given == entry_of(path, id="mine_fov2", section={"fov": "fov2"})
    part = own_dataset(with_file(dataset_entry(given, {})))
    assert list(part.obs_names) == [f"cell{i}-fov2" for i in range(N)]
    assert prepared(path, section=None).n_obs == 3 * N


@pytest.mark.parametrize("column", ["batch", "orig.ident", "Sample_Name"])
def test_columns_that_may_name_sections_are_a_remark(path, column):
    """Cells of a batch may also be mixed within one section."""
    adata = own_sections.several_fovs()
    del adata.uns["spatial"]  # as anndata's concatenate does
    adata.obs = adata.obs.rename(columns={"fov": column})
    adata.write_h5ad(path)
    assert f"if these are sections, section: {column} separates them" in note(prepared(path))
    part = prepared(path, section={column: "fov1"})
    assert "separates them" not in note(part)


def test_other_columns_of_positions_are_advised_where_they_place_fields_side_by_side(path):
    """As squidpy reads CosMx: fields are parts of one tissue."""
    adata = own_sections.several_fovs()
    places = adata.obsm["spatial"] + 100 * adata.obs["fov"].cat.codes.to_numpy()[:, None]
    adata.obs[["CenterX_global_px", "CenterY_global_px"]] = places
    adata.obs[["x", "y"]] = 0.0  # no positions
    adata.write_h5ad(path)
    with pytest.raises(InputError, match="x: CenterX_global_px and y: CenterY_global_px place"):
        prepared(path)
    made = prepared(path, x="CenterX_global_px", y="CenterY_global_px")
    assert made.n_obs == 3 * N


def test_a_given_number_of_domains_counts_for_a_split_file(path):
    own_sections.several_fovs().write_h5ad(path)
    joined = {}
    for number in (3, "auto"):
        entry = with_file(dataset_entry(entry_of(path, section="fov", n_domains=number), {}))
        parts = [own_dataset(with_file(dataset_entry(one["given"], {}))) for one in entry["parts"]]
        joined[number] = join_sections(parts, "mine", given_number(entry)).uns["dataset"]
    assert joined[3]["n_domains"] == 3 and joined["auto"]["n_domains"] == 4
    assert "the labels name 4 domains, n_domains is 3" in joined[3]["note"]
    assert "domains" not in joined["auto"]["note"]


def test_a_split_file_becomes_one_dataset(path):
    """Also if a section has one domain only."""
    adata = own_sections.several_fovs()
    adata.obs["part"] = np.where(adata.obs["cluster"] == "L1", "top", adata.obs["fov"].astype(str))
    adata.write_h5ad(path)
    entry = with_file(dataset_entry(entry_of(path, section="part"), {}))
    parts = [own_dataset(with_file(dataset_entry(one["given"], {}))) for one in entry["parts"]]
    joined = join_sections(parts, "mine")
    assert joined.n_obs == 3 * N and joined.obs["section"].nunique() == 4
    assert joined.uns["dataset"]["n_domains"] == joined.obs["cluster"].nunique() == 4
    assert joined.uns["dataset"]["y_down"] == "true"
    with pytest.raises(InputError, match="section: cluster has 0 different values"):
        adata.obs["cluster"] = "none"
        adata.write_h5ad(path)
        with_file(dataset_entry(entry_of(path, section="cluster"), {}))


def test_too_few_cells_are_explained_by_what_was_left_out(path):
    adata = own_sections.spots_off_tissue()
    adata.obs["in_tissue"] = 0
    adata.write_h5ad(path)
    with pytest.raises(InputError, match=f"only 0; .*; {N} of {N} cells left out: {N} not in tis"):
        prepared(path)
    own_sections.several_fovs().write_h5ad(path)
    with pytest.raises(InputError, match="no cell has 'fov9'; the values are fov1, fov2, fov3"):
        prepared(path, section={"fov": "fov9"})


def test_positions_of_three_columns_are_refused_also_where_sections_overlap(path):
    adata = own_sections.several_fovs()
    adata.obs[["x", "y"]] = adata.obsm["spatial"]
    adata.obsm["spatial"] = np.column_stack([adata.obsm["spatial"], np.zeros(adata.n_obs)])
    adata.write_h5ad(path)
    with pytest.raises(InputError, match=r"two columns \(x, y\) are needed"):
        prepared(path)


def test_libraries_are_found_by_their_names(path):
    adata = own_sections.several_fovs()
    adata.obs = adata.obs.rename(columns={"fov": "well"})
    adata.write_h5ad(path)
    with pytest.raises(InputError, match="section: well separates"):
        prepared(path)
    adata.obsm["spatial"] += 100 * adata.obs["well"].cat.codes.to_numpy()[:, None]
    adata.write_h5ad(path)
    assert prepared(path).n_obs == 3 * N


def test_cells_without_a_section_are_counted(path):
    adata = own_sections.several_fovs()
    fovs = adata.obs["fov"].astype(str)
    fovs.iloc[:7] = "Unknown"
    adata.obs["fov"] = fovs.to_numpy()
    adata.write_h5ad(path)
    made = prepared(path, section={"fov": fovs.iloc[-1]})
    assert "7 cells of the file have no section in fov" in note(made)


def test_antibodies_are_left_out(path):
    own_sections.genes_and_antibodies().write_h5ad(path)
    made = prepared(path)
    assert list(made.var_names) == [f"gene{i}" for i in range(9)]
    assert "3 of 12 features left out: 3 Antibody Capture" in note(made)


@pytest.mark.parametrize(
    "control",
    ["Blank-12", "BLANK_0123", "NegControlProbe_00042", "UnassignedCodeword_0037", "NegPrb03",
     "SystemControl45", "Negative10", "antisense_ACTB", "FalseCode_0001"],
)  # fmt: skip
def test_controls_are_left_out_by_name(path, control):
    adata = tissue()
    adata.var_names = [control, *adata.var_names[1:]]
    adata.write_h5ad(path)
    made = prepared(path)
    assert made.n_vars == GENES - 1
    assert "1 of 12 features left out: 1 control" in note(made)


def test_spots_off_tissue_are_left_out(path):
    own_sections.spots_off_tissue().write_h5ad(path)
    made = prepared(path)
    assert made.n_obs == 64
    assert "16 of 80 cells left out: 16 not in tissue" in note(made)
    whole = read_own(path, entry_of(path))
    assert whole.n_obs == N and (whole.obs["left_out"] == "not in tissue").sum() == 16
    assert set(made.obs_names) == set(whole.obs_names[whole.obs["left_out"] == ""])


def test_cells_that_share_a_place_are_counted(path):
    own_sections.cells_share_places().write_h5ad(path)
    assert "80 of 80 cells share a place with another cell" in note(prepared(path))


def test_words_for_a_missing_label_are_no_domains(path):
    own_sections.missing_as_words().write_h5ad(path)
    made = prepared(path)
    assert list(made.obs["cluster"].cat.categories) == ["L1", "L2", "L3", "L4"]
    assert made.obs["cluster"].isna().sum() == 16
    assert "domains" not in note(made)
    assert "the labels name 4 domains, n_domains is 6" in note(prepared(path, n_domains=6))


def test_categories_beside_the_columns(path):
    own_sections.write_categories_beside_the_columns(path)
    made = prepared(path)
    assert list(made.obs_names) == list(tissue().obs_names)
    assert made.obs["cluster"].isna().tolist() == [i == 5 for i in range(N)]


def test_counts_are_found_in_a_layer_and_in_raw(path):
    own_sections.log_normalized().write_h5ad(path)
    with pytest.raises(InputError) as error:
        prepared(path)
    said = str(error.value)
    assert "were log-transformed" in said and "layer: counts or raw: true" in said
    assert "intensities" not in said
    with pytest.raises(InputError, match="were log-transformed"):
        prepared(path, kind="intensities")
    for option in ({"layer": "counts"}, {"raw": True}):
        assert (prepared(path, **option).X != tissue().X).nnz == 0
    with pytest.raises(InputError, match=r"layer: no 'count'; available: counts"):
        prepared(path, layer="count")


def test_counts_are_found_beside_scaled_values(path):
    adata = own_sections.log_normalized()
    adata.X = adata.X.toarray() - 1.0
    adata.write_h5ad(path)
    with pytest.raises(InputError, match=r"negative.*whole numbers: layer: counts or raw: true"):
        prepared(path)


def test_rare_genes_are_left_out_with_variable_ones_only(path):
    tissue().write_h5ad(path)
    with pytest.raises(InputError, match=r"filter_cell: 5: .*set hvg: true, or remove filter_cell"):
        prepared(path, filter_cell=5)


def test_columns_with_a_slash_are_columns(path, tmp_path):
    adata = tissue()
    adata.obs["cell/type"] = adata.obs["cluster"].to_numpy()
    adata.write_h5ad(path)
    made = prepared(path, celltype="cell/type")
    assert made.obs["celltype"].tolist() == LAYERS.tolist()
    whole = read_own(path, entry_of(path))
    assert list(whole.obs) == ["cluster", "cell/type", "left_out"]
    write_h5ad(tmp_path / "again.h5ad", whole)
    assert list(read_own(tmp_path / "again.h5ad", entry_of(path)).obs) == list(whole.obs)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, None], ["True"]),
        ([None, None], []),
        ([b"abc", None], ["abc"]),
        ([np.datetime64("2024-01-02"), np.datetime64("NaT")], ["2024-01-02 00:00:00"]),
        ([1, "a"], ["1", "a"]),
    ],
)
@pytest.mark.parametrize("categorical", [False, True])
def test_odd_columns_can_be_written(path, values, expected, categorical):
    adata = tissue()
    column = pd.Series(values * (N // 2), adata.obs_names)
    adata.obs["odd"] = column.astype("category") if categorical else column
    write_h5ad(path, adata)
    odd = anndata.read_h5ad(path).obs["odd"]
    assert [str(one) for one in odd.cat.categories] == expected
    assert odd.isna().sum() == (2 - len(expected)) * N // 2


@pytest.mark.parametrize("marked", [True, False])
def test_log_values_are_recognized_without_a_mark(path, marked):
    adata = own_sections.log_normalized()
    del adata.raw, adata.layers["counts"]
    if not marked:
        del adata.uns["log1p"]
    adata.write_h5ad(path)
    with pytest.raises(InputError, match=r"log-transformed.*provide the counts$"):
        prepared(path, kind="intensities")


def test_counts_by_volume_are_no_log_values(path):
    adata = tissue()
    adata.X = adata.X.multiply(np.random.default_rng(3).uniform(0.1, 0.9, (N, 1))).tocsr()
    adata.write_h5ad(path)
    assert prepared(path, kind="intensities").n_obs == N
    with pytest.raises(InputError, match="set kind: intensities"):
        prepared(path)


def test_a_file_of_anndata_0_6(path):
    own_sections.write_anndata_0_6(path)
    made = prepared(path)
    assert made.obs["cluster"].tolist() == LAYERS.tolist()
    assert (made.X != tissue().X).nnz == 0
    assert with_file(dataset_entry(entry_of(path), {}))["genes"] == GENES


def test_half_precision(path):
    own_sections.half_precision().write_h5ad(path)
    assert (prepared(path).X.toarray() == tissue().X.toarray()).all()


def test_nullable_columns_are_read_and_written(path, tmp_path):
    own_sections.write_nullable_strings(path)
    whole = read_own(path, entry_of(path))
    assert list(whole.obs) == ["cluster", "seen", "age", "words", "left_out"]
    write_h5ad(tmp_path / "again.h5ad", whole)
    again = anndata.read_h5ad(tmp_path / "again.h5ad")
    assert again.obs["words"].isna().sum() == 1 and again.obs["age"].isna().sum() == N // 2
    assert prepared(path, label="words").obs["cluster"].nunique() == 2


@pytest.mark.parametrize("positions", [True, False])
def test_a_spatialdata_store(tmp_path, positions):
    store = tmp_path / "sdata.zarr"
    own_sections.write_spatialdata(store, positions=positions)
    made = prepared(store)
    assert made.obs["cluster"].tolist() == LAYERS.tolist()
    np.testing.assert_array_equal(made.obsm["spatial"], tissue().obsm["spatial"])
    facts = made.uns["dataset"]
    assert (facts["platform"], facts["y_down"]) == ("SpatialData", "true")


def test_one_of_several_tables_is_named(tmp_path):
    store = tmp_path / "sdata.zarr"
    own_sections.write_spatialdata(store, "cells", "bins")
    with pytest.raises(
        InputError, match=r"has 2 tables \(bins, cells\); choose one: table: <name>"
    ):
        prepared(store)
    with pytest.raises(InputError, match="no table 'cell'; available: bins, cells"):
        prepared(store, table="cell")
    assert prepared(store, table="cells").n_obs == N


def test_an_anndata_store(tmp_path):
    adata = own_sections.log_normalized()
    adata.write_zarr(tmp_path / "a.zarr")
    with pytest.raises(InputError, match="layer: counts or raw: true"):
        prepared(tmp_path / "a.zarr")
    made = prepared(tmp_path / "a.zarr", layer="counts")
    assert made.uns["dataset"]["platform"] == "AnnData (zarr)"
    assert (made.X != tissue().X).nnz == 0


def test_repeated_gene_names_are_made_unique(path):
    adata = tissue()
    adata.var_names = ["gene1", *adata.var_names[1:]]
    adata.write_h5ad(path)
    made = prepared(path)
    assert list(made.var_names[:2]) == ["gene1", "gene1-1"]
    assert "1 repeated gene names were made unique" in note(made)


def test_columns_of_coordinates(path):
    adata = tissue()
    adata.obs["x_centroid"], adata.obs["y_centroid"] = adata.obsm["spatial"].T
    adata.obs["col"], adata.obs["row"] = adata.obsm["spatial"].T * 2
    chosen = {"x": "col", "y": "row"}
    adata.write_h5ad(path)
    assert (prepared(path, **chosen).obsm["spatial"] == 2 * adata.obsm["spatial"]).all()
    del adata.obsm["spatial"]
    adata.write_h5ad(path)
    made = prepared(path)
    assert (made.obsm["spatial"] == tissue().obsm["spatial"]).all()
    facts = made.uns["dataset"]
    assert (facts["unit"], facts["y_down"]) == ("um", "true")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"label": "layers"}, "label: no column 'layers' in obs; available: cluster"),
        ({"section": "fov"}, "section: no column 'fov' in obs"),
        ({"x": "a", "y": "b"}, "x: no column 'a' in obs"),
        ({"x": "a"}, "'y' is a dependency of 'x'"),
        ({"technology": "visium"}, "unknown 'visium' (did you mean '10x Visium'?)"),
        ({"technology": "merscope"}, "unknown 'merscope' (did you mean 'MERSCOPE'?)"),
    ],
)
def test_wrong_keys_are_refused_before_the_file_is_loaded(path, keys, message):
    tissue().write_h5ad(path)
    with pytest.raises(InputError) as error:
        with_file(dataset_entry(entry_of(path, **keys), {}))
    assert message in str(error.value)


def test_home_is_expanded(path, monkeypatch):
    tissue().write_h5ad(path)
    monkeypatch.setenv("HOME", str(path.parent))
    assert prepared("~/mine.h5ad").n_obs == N


def test_large_panels_use_variable_genes(path):
    adata = tissue()
    wide = anndata.AnnData(np.tile(adata.X.toarray(), 420), obs=adata.obs, obsm=dict(adata.obsm))
    wide.write_h5ad(path)
    made = prepared(path)
    assert made.uns["dataset"]["hvg"]
    assert "3000 variable genes of 5040 are used" in note(made)
    assert not prepared(path, hvg=False).uns["dataset"]["hvg"]
