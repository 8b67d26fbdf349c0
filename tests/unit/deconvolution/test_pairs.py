"""Pairs of spots and reference, where they come from and what is wrong with them; proportions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from helpers.deconvolution import SIMULATE, simulated
from helpers.r_files import sparse, write_rds
from stbench.common.errors import InputError
from stbench.common.io import write_h5ad
from stbench.data.loaders import load as load_raw
from stbench.data.simulation import Tissue, simulate
from stbench.deconvolution.gene_matching import matched_names
from stbench.deconvolution.pairs import checked_pair
from stbench.deconvolution.proportions import (
    aligned,
    as_anndata,
    checked_composition,
    checked_result,
    from_counts,
    read_proportions,
)
from stbench.deconvolution.synthetic_spots import grid_cells, held_out_halves, squares


def test_squares_are_numbered_without_gaps():
    coords = np.array([[0.0, 0.0], [0.9, 0.2], [5.0, 5.0]])
    square, centres = squares(coords, 1.0)
    assert square.tolist() == [0, 0, 1]
    assert centres.tolist() == [[0.5, 0.5], [5.5, 5.5]]


def test_gridding_keeps_every_count_and_cell():
    cells = simulate(Tissue(**SIMULATE), "t")
    spots, truth = grid_cells(cells, 3.0)
    assert np.allclose(spots.X.sum(axis=0), cells.X.sum(axis=0))
    assert np.allclose(truth.sum(axis=1), 1)
    square, _ = squares(cells.obsm["spatial"], 3.0)
    inside = cells.obs["celltype"][square == 0].value_counts(normalize=True)
    assert np.allclose(truth.iloc[0], inside.reindex(truth.columns))


def test_no_cell_is_in_the_spots_and_in_the_reference():
    tissue = simulate(Tissue(**SIMULATE), "t")
    in_place, reference = held_out_halves(tissue, 3)
    names = [*in_place.obs_names, *reference.obs_names]
    assert sorted(names) == sorted(tissue.obs_names)
    assert list(held_out_halves(tissue, 3)[0].obs_names) == list(in_place.obs_names)


def test_a_good_pair_has_no_notes():
    pair = checked_pair("mine", *simulated())
    assert pair.spots.uns["pair"]["status"] == "ok"
    assert pair.spots.uns["pair"]["notes"] == ""
    assert pair.truth.index.equals(pair.spots.obs_names)


def test_names_are_matched_in_any_case_unless_ambiguous():
    names, changed = matched_names(
        pd.Index(["actb", "GAPDH", "Same", "twice", "TWICE"]),
        pd.Index(["Actb", "Gapdh", "Same", "Twice"]),
    )
    assert list(names) == ["Actb", "Gapdh", "Same", "twice", "TWICE"]
    assert changed == 2


def test_a_pair_whose_genes_differ_in_case_is_matched_with_a_warning():
    spots, reference, truth = simulated()
    reference.var_names = [name.upper() for name in reference.var_names]
    made = checked_pair("mine", spots, reference, truth)
    reported = "warning: 120 of 120 shared genes differ only in case"
    assert made.spots.uns["pair"]["notes"] == reported
    assert made.reference.var_names.equals(made.spots.var_names)


def test_spots_without_counts_and_cells_without_type_are_left_out_and_counted():
    spots, reference, truth = simulated()
    counts = spots.X.tolil()
    counts[:2] = 0
    spots.X = counts.tocsr()
    reference.obs["celltype"] = reference.obs["celltype"].astype(object)
    reference.obs.loc[reference.obs_names[:5], "celltype"] = np.nan
    made = checked_pair("mine", spots, reference, truth)
    assert made.spots.n_obs == spots.n_obs - 2 == len(made.truth)
    assert made.reference.n_obs == reference.n_obs - 5
    assert made.spots.uns["pair"]["notes"] == (
        "5 reference cells without a type left out; 2 spots without counts in shared genes left out"
    )


def test_a_spot_needs_a_count_in_a_gene_that_the_reference_expresses():
    spots, reference, truth = simulated()
    unseen, counts, cells = spots.var_names[0], spots.X.tolil(), reference.X.tolil()
    cells[:, list(reference.var_names).index(unseen)] = 0
    counts[0] = 0
    counts[0, 0] = 3
    spots.X, reference.X = counts.tocsr(), cells.tocsr()
    made = checked_pair("mine", spots, reference, truth)
    assert made.spots.n_obs == spots.n_obs - 1 and spots.obs_names[0] not in made.spots.obs_names
    assert "1 spots without counts in shared genes left out" in made.spots.uns["pair"]["notes"]


def few_genes(spots, reference, truth):
    return spots[:, :60].copy(), reference[:, 11:].copy(), truth


def rare_type(spots, reference, truth):
    types = reference.obs["celltype"].astype(object)
    types.iloc[:2] = "rare"
    reference.obs["celltype"] = types
    return spots, reference, truth


def empty_spots(spots, reference, truth):
    spots.X = sp.csr_matrix(spots.shape)
    return spots, reference, truth


def no_types(spots, reference, truth):
    del reference.obs["celltype"]
    return spots, reference, truth


def not_counts(spots, reference, truth):
    spots.X = spots.X * 0.5
    return spots, reference, truth


def no_truth_of_a_spot(spots, reference, truth):
    return spots, reference, truth.iloc[1:]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (few_genes, "mine: genes: spots and reference share 49, at least 50 are needed"),
        (rare_type, "mine: reference: fewer than 3 cells of rare (2); merge these types"),
        (empty_spots, "mine: spots: only 0 of "),
        (no_types, "mine: reference: has no cell types; name the column"),
        (not_counts, "mine: spots: X: "),
        (no_truth_of_a_spot, "mine: composition: missing for 1 spots; give one for each"),
    ],
)
def test_bad_pairs_are_refused_in_one_line(change, message):
    with pytest.raises(InputError) as reported:
        checked_pair("mine", *change(*simulated()))
    assert str(reported.value).startswith(message)
    assert "\n" not in str(reported.value) and "kind:" not in str(reported.value)


def test_a_type_to_rename_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="mine: reference: rename: no type 'tpye1'; there are: t"):
        checked_pair("mine", *simulated(), rename={"tpye1": "a"})


def test_types_of_one_side_only_are_noted_and_none_in_common_is_refused():
    spots, reference, truth = simulated()
    first = truth.columns[0]
    notes = checked_pair(
        "mine", spots, reference, truth.rename(columns={first: "B_cell"})
    ).spots.uns
    assert "types only in the composition: B_cell" in notes["pair"]["notes"]
    assert f"types only in the reference: {first}" in notes["pair"]["notes"]
    with pytest.raises(InputError, match=r"mine: types: composition .* share none"):
        checked_pair("mine", spots, reference, truth.add_prefix("my_"))


def test_proportions_must_sum_to_one():
    good = pd.DataFrame({"a": [0.5, 0.3334], "b": [0.5, 0.6667]}, index=["s1", "s2"])
    assert np.allclose(checked_composition(good, "mine").sum(axis=1), 1, atol=1e-15)
    bad = good.assign(b=[0.5, 0.9])
    with pytest.raises(InputError, match="mine: composition: the proportions of 1 of 2 spots do "):
        checked_composition(bad, "mine")
    with pytest.raises(InputError, match="1 spots have no cells, for example s2; remove them"):
        from_counts(pd.DataFrame({"a": [2, 0]}, index=["s1", "s2"]), "mine")
    with pytest.raises(InputError, match="negative or missing numbers"):
        from_counts(pd.DataFrame({"a": [2, np.nan]}), "mine")


def test_proportions_survive_a_file_whatever_the_names_of_types(tmp_path):
    table = pd.DataFrame({"L2/3 eNeuron": [0.25, 1.0], "b": [0.75, 0.0]}, index=["s1", "s2"])
    write_h5ad(tmp_path / "p.h5ad", as_anndata(table, table.index))
    pd.testing.assert_frame_equal(read_proportions(tmp_path / "p.h5ad"), table, check_names=False)


def test_truth_of_other_spots_is_refused():
    table = pd.DataFrame({"a": [1.0]}, index=["s1"])
    with pytest.raises(InputError, match="different spots"):
        aligned(table, table.set_axis(["s2"]))


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (np.ones((2, 1)), TypeError),
        (pd.DataFrame({"a": [1.0]}), ValueError),
        (pd.DataFrame({"a": [1.0, 0.4]}), ValueError),
        (pd.DataFrame({"a": [1.0, np.nan]}), FloatingPointError),
    ],
)
def test_what_is_no_proportions_is_refused(found, error):
    with pytest.raises(error):
        checked_result(found, 2)


def test_gridded_spots(tmp_path):
    (tmp_path / "c.txt").write_text("g1\tg2\n1.0\t0.0\n2.0\t3.0\n")
    (tmp_path / "p.txt").write_text("x\ty\n0.0\t0.0\n0.0\t1.0\n")
    (tmp_path / "t.txt").write_text("\tL2/3\tb\n0\t1.0\t1.0\n1\t0.0\t2.0\n")
    options = {"counts": "c.txt", "positions": "p.txt", "composition": "t.txt"}
    spots = load_raw("gridded_spots", tmp_path, options)
    assert spots.X.toarray().tolist() == [[1, 0], [2, 3]]
    assert list(spots.var_names) == ["g1", "g2"]
    assert spots.obsm["spatial"].tolist() == [[0, 0], [0, 1]]
    shares = from_counts(spots.obsm["cells_by_type"], "mine")
    assert shares.loc["spot1"].to_dict() == {"L2/3": 0.5, "b": 0.5}
    (tmp_path / "t.txt").write_text("\tL2/3\tb\n0\t1.0\t1.0\n")
    with pytest.raises(InputError, match=r"t\.txt: 1 rows for 2 spots"):
        load_raw("gridded_spots", tmp_path, options)


@pytest.mark.parametrize("alike", [True, False])
def test_starmap_csv_takes_names_of_genes_from_cells_that_it_knows(tmp_path, alike):
    (tmp_path / "c.csv").write_text("1,0\n2,3\n0,5\n")
    (tmp_path / "p.csv").write_text("0 1\n0.5 1.5\n2 3\n4 5\n")
    (tmp_path / "t.csv").write_text("CellID,ClusterID,ClusterName\n0,1,a\n1,-1,NA\n2,2,b\n")
    genes_by_cells = np.array([[2, 0], [3, 5 if alike else 6]])
    named = sparse(genes_by_cells, ["Actb", "Gapdh"], ["cell2", "cell3"])
    write_rds(tmp_path / "g.rds", {"counts": named})
    options = {"counts": "c.csv", "positions": "p.csv", "celltypes": "t.csv"}
    options |= {"named_in": "g.rds", "named_as": "counts"}
    if not alike:
        with pytest.raises(InputError, match=r"g\.rds: its cells are not among those of c\.csv"):
            load_raw("starmap_csv", tmp_path, options)
        return
    cells = load_raw("starmap_csv", tmp_path, options)
    assert list(cells.var_names) == ["Actb", "Gapdh"] and cells.n_obs == 3
    assert cells.obs["celltype"].isna().tolist() == [False, True, False]
    assert cells.obsm["spatial"].tolist() == [[0.5, 1.5], [2, 3], [4, 5]]
