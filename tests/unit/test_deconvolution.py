"""Deconvolution: pairs and what is wrong with them, methods, tables, programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import yaml
from anndata import AnnData, read_h5ad

from deconvolution_methods import graphst, mean_reference, nnls, shuffled_truth, spatialfusion
from stbench.configuration import Benchmark
from stbench.deconvolution.configuration import load_deconvolution, raw_folders
from stbench.deconvolution.genes import matched_names
from stbench.deconvolution.gridding import grid_cells, held_out_halves, squares
from stbench.deconvolution.pairs import Pair, checked_pair
from stbench.deconvolution.proportions import (
    aligned,
    as_anndata,
    checked_composition,
    checked_result,
    from_counts,
    read_proportions,
)
from stbench.deconvolution.room import mapping_megabytes, need_room
from stbench.deconvolution.scoring import scores
from stbench.errors import InputError, NotApplicableError
from stbench.io import write_h5ad
from stbench.loaders import load as load_raw
from stbench.simulator import Tissue, simulate
from unit.r_files import sparse, write_rds

REPO = Path(__file__).parents[2]
METHODS = yaml.safe_load((REPO / "config/deconvolution_methods.yaml").read_text())
SIMULATE = {"layout": "layers", "n_cells": 400, "n_genes": 120, "n_types": 4, "seed": 3}


def simulated(**changes) -> tuple[AnnData, AnnData, pd.DataFrame]:
    tissue = Tissue(**{**SIMULATE, **changes})
    in_place, reference = held_out_halves(simulate(tissue, "t"), tissue.seed)
    spots, truth = grid_cells(in_place, 3.0)
    return spots, reference, truth


@pytest.fixture(scope="module")
def pair() -> Pair:
    return checked_pair("mine", *simulated())


def params(method: str, **changes):
    return {**METHODS[method]["params"], **changes}


# pairs


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


def test_a_good_pair_has_no_notes(pair):
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
    told = "warning: 120 of 120 shared genes differ in case alone"
    assert made.spots.uns["pair"]["notes"] == told
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
    with pytest.raises(InputError) as told:
        checked_pair("mine", *change(*simulated()))
    assert str(told.value).startswith(message)
    assert "\n" not in str(told.value)


def test_a_type_to_rename_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="mine: reference: rename: no type 'tpye1'; there are: t"):
        checked_pair("mine", *simulated(), rename={"tpye1": "a"})


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
    with pytest.raises(InputError, match="other spots"):
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


# methods


def test_nnls_takes_whole_cells_apart_exactly():
    means = np.random.default_rng(0).poisson(4, (60, 3)) + np.eye(60, 3) * 40
    genes = [f"g{i}" for i in range(60)]
    cells = AnnData(
        sp.csr_matrix(np.repeat(means.T, 3, axis=0)),
        obs=pd.DataFrame({"celltype": pd.Categorical(np.repeat(["a", "b", "c"], 3))}),
        var=pd.DataFrame(index=genes),
    )
    shares = np.array([[1, 2, 1], [4, 0, 0], [0, 1, 3]])
    spots = AnnData(sp.csr_matrix(shares @ means.T), var=pd.DataFrame(index=genes))
    found = nnls.fit(spots, cells, 0, "cpu", {})
    assert list(found.columns) == ["a", "b", "c"]
    assert np.allclose(found, shares / 4)


def test_the_controls(pair, tmp_path):
    mean = mean_reference.fit(pair.spots, pair.reference, 0, "cpu", {})
    shares = pair.reference.obs["celltype"].value_counts(normalize=True)
    assert np.allclose(mean.iloc[0], shares[mean.columns]) and mean.nunique().eq(1).all()
    path = tmp_path / "truth.h5ad"
    write_h5ad(path, as_anndata(pair.truth, pair.truth.index))
    told = {"truth": str(path)}
    dealt = shuffled_truth.fit(pair.spots, pair.reference, 0, "cpu", told)
    rows = sorted(map(tuple, dealt.to_numpy()))
    assert rows == sorted(map(tuple, pair.truth.to_numpy()))
    assert not np.allclose(dealt, pair.truth)
    nothing = pd.DataFrame()
    write_h5ad(path, as_anndata(nothing, nothing.index.astype(str)))
    with pytest.raises(NotApplicableError, match="no true proportions"):
        shuffled_truth.fit(pair.spots, pair.reference, 0, "cpu", told)


@pytest.mark.parametrize(("module", "epochs"), [(spatialfusion, 3), (graphst, 3)])
def test_neural_methods_give_proportions_and_repeat(module, epochs, pair):
    told = params(module.__name__.rpartition(".")[2], epochs=epochs)
    first, again = (module.fit(pair.spots, pair.reference, 1, "cpu", told) for _ in range(2))
    found = checked_result(first, pair.spots.n_obs)
    assert list(found.columns) == list(pair.reference.obs["celltype"].cat.categories)
    pd.testing.assert_frame_equal(first, again)
    assert pair.spots.uns["pair"]["status"] == "ok"  # the input is as it was


def test_spatialfusion_maps_on_the_genes_that_vary_in_both(pair):
    told = params("spatialfusion")
    other = pair.reference[:, ::-1][:, 20:].copy()
    at_spots, at_cells = spatialfusion.shared_features(pair.spots, other, told)
    assert at_spots.shape == (pair.spots.n_obs, 100) and at_cells.shape == (other.n_obs, 100)
    columns = sorted(other.var_names)
    whole, _ = spatialfusion.scaled_genes(pair.spots.X, "counts", told)
    place = pair.spots.var_names.get_indexer(columns)
    assert np.allclose(at_spots, whole[:, place])


def test_real_methods_beat_both_controls_on_easy_spots():
    spots, reference, truth = simulated(n_cells=800, n_genes=200, seed=5)
    pair = checked_pair("easy", spots, reference, truth)
    found = {
        "nnls": nnls.fit(pair.spots, pair.reference, 0, "cpu", {}),
        "mean": mean_reference.fit(pair.spots, pair.reference, 0, "cpu", {}),
        "shuffled": truth.sample(frac=1, random_state=0),
    }
    made = {
        name: scores(truth, {0: table.set_axis(truth.index)}, spots.obsm["spatial"])
        .query("type == '(all)'")
        .set_index("metric")
        for name, table in found.items()
    }
    for control in ("mean", "shuffled"):
        assert made["nnls"].low["pearson_type"] > made[control].high["pearson_type"]
        assert made["nnls"].high["jsd"] < made[control].low["jsd"]


def test_a_mapping_that_is_too_large_is_refused_with_its_memory(pair):
    need_room(1000, 1000, 10**6)
    assert mapping_megabytes(1000, 1000) == 32
    with pytest.raises(NotApplicableError, match="30000 cells to 20000 spots has 600000000 entr"):
        need_room(30000, 20000, 10**8)
    for method in (spatialfusion, graphst):
        told = params(method.__name__.rpartition(".")[2], max_mapping=100)
        with pytest.raises(NotApplicableError, match="at most 100 are allowed"):
            method.fit(pair.spots, pair.reference, 0, "cpu", told)


# configuration


def load(**section) -> Benchmark:
    asked = {"datasets": [], "methods": ["nnls"], "seeds": [0], **section}
    return load_deconvolution({"deconvolution": asked}, REPO / "config")


def test_the_committed_configuration():
    section = yaml.safe_load((REPO / "config/deconvolution.yaml").read_text())["deconvolution"]
    made = load_deconvolution({"deconvolution": section}, REPO / "config")
    assert set(section["methods"]) == set(METHODS)
    sizes = {pair["spot_size"] for pair in made.datasets.values() if "simulate" in pair}
    assert len(sizes) == 3
    assert raw_folders(made.datasets["DECONV_STARmap"]) == {
        "spots": "DECONV_STARmap",
        "reference": "V1_0410_cells",
    }
    assert made.datasets["DECONV_seqFISHplus"]["reference_is"] == "oracle"
    assert made.params("spatialfusion", "DECONV_STARmap")["epochs"] == 600
    assert made.params("tangram", "DECONV_STARmap")["epochs"] == 300  # budget: cpu


def test_without_the_section_there_are_no_pairs():
    assert load_deconvolution({}, REPO / "config").datasets == {}


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"methods": ["nnsl"]}, "deconvolution.methods: unknown 'nnsl' (did you mean 'nnls'?)"),
        ({"params": {"tangram": {"epoch": 1}}}, "unknown 'epoch' (did you mean 'epochs'?)"),
        (
            {"datasets": [{"id": "a", "spots": "BZ55", "reference": "BZ5"}]},
            "'a': spots: unknown dataset 'BZ55' (did you mean 'BZ5'?)",
        ),
        (
            {"datasets": [{"id": "a", "spots": {"path": "no.h5ad"}, "reference": "BZ5"}]},
            "'a': spots: no.h5ad: no such file",
        ),
    ],
)
def test_a_wrong_configuration_is_refused(section, message):
    with pytest.raises(InputError) as told:
        load(**section)
    assert message in str(told.value)


# programs


def run(program: str, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, REPO / "scripts" / program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_from_files_of_ones_own_to_the_summary(tmp_path):
    spots, reference, truth = simulated()
    spots.obsm["shares"] = truth
    spots.write_h5ad(tmp_path / "s.h5ad")
    reference.write_h5ad(tmp_path / "r.h5ad")
    own = {
        "id": "mine",
        "spots": {"path": str(tmp_path / "s.h5ad"), "proportions": "shares"},
        "reference": {"path": str(tmp_path / "r.h5ad"), "celltype": "celltype"},
        "reference_is": "replicate",
    }
    files = {part: tmp_path / f"out/{part}.h5ad" for part in ("spots", "reference", "truth")}
    written = [word for part, path in files.items() for word in (f"--{part}", path)]
    made = run("deconvolution_pair.py", "--pair", json.dumps(own), *written)
    assert made.returncode == 0, made.stderr
    assert "mine: " in made.stdout and "4 types" in made.stdout
    tables = []
    for method in ("nnls", "mean_reference", "tangram_that_fails"):
        folder = tmp_path / f"fits/{method}/seed0"
        status = {"status": "oom", "reason": "too large", "seed": 0}
        if method in METHODS:
            fit = run(
                *("deconvolve.py", "--method", method, "--output", folder),
                *("--spots", files["spots"], "--reference", files["reference"]),
            )
            assert fit.returncode == 0, fit.stderr
            assert read_h5ad(folder / "fit.h5ad").obsm["proportions"].shape == truth.shape
            status = {"status": "ok", "reason": "", "seed": 0}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "status.json").write_text(json.dumps(status))
        tables.append(tmp_path / f"{method}.parquet")
        scored = run(
            *("score_deconvolution.py", "--dataset", "mine", "--fits", folder),
            *("--method", method if method in METHODS else "tangram", "--output", tables[-1]),
            *("--spots", files["spots"], "--truth", files["truth"]),
        )
        assert scored.returncode == 0, scored.stderr
    told = run(
        *("deconvolution_tables.py", "--scores", *tables, "--tables", tmp_path / "tables"),
        *("--methods", REPO / "config/deconvolution_methods.yaml"),
        *("--summary", tmp_path / "summary.txt"),
    )
    assert told.returncode == 0, told.stderr
    summary = (tmp_path / "summary.txt").read_text()
    assert "reference: cells of another replicate" in summary
    assert "NNLS: better than every control, intervals apart, in 8 of 8 metrics" in summary
    assert "oom: too large" in summary
    table = pd.read_csv(tmp_path / "tables/deconvolution_jsd.csv")
    assert list(table["method"]) == ["nnls", "mean_reference", "tangram"]
    assert table["mean"].notna().tolist() == [True, True, False]
    assert table["status"].tolist() == ["ok", "ok", "oom"]


def test_a_pair_that_is_refused_is_recorded_and_methods_say_why(tmp_path):
    spots, reference, _ = simulated()
    spots[:, :10].copy().write_h5ad(tmp_path / "s.h5ad")
    reference.write_h5ad(tmp_path / "r.h5ad")
    own = {
        "id": "mine",
        "spots": {"path": str(tmp_path / "s.h5ad")},
        "reference": {"path": str(tmp_path / "r.h5ad"), "celltype": "celltype"},
        "reference_is": "other",
    }
    files = {part: tmp_path / f"out/{part}.h5ad" for part in ("spots", "reference", "truth")}
    written = [word for part, path in files.items() for word in (f"--{part}", path)]
    refused = run("deconvolution_pair.py", "--pair", json.dumps(own), *written)
    reason = "genes: spots and reference share 10, at least 50 are needed"
    assert refused.returncode == 1 and refused.stderr.startswith(f"error: mine: {reason}")
    assert not files["spots"].exists()
    recorded = run("deconvolution_pair.py", "--pair", json.dumps(own), *written, "--record-failure")
    assert recorded.returncode == 0
    fit = run(
        *("deconvolve.py", "--method", "nnls", "--output", tmp_path / "fit"),
        *("--spots", files["spots"], "--reference", files["reference"]),
    )
    assert fit.stderr.startswith(f"not_applicable: {reason}")


def test_tangram_without_its_environment_is_not_applicable(tmp_path, pair):
    for part, table in (("spots", pair.spots), ("reference", pair.reference)):
        write_h5ad(tmp_path / f"{part}.h5ad", table.copy())
    fit = run(
        *("deconvolve.py", "--method", "tangram", "--output", tmp_path / "fit"),
        *("--spots", tmp_path / "spots.h5ad", "--reference", tmp_path / "reference.h5ad"),
    )
    assert fit.stderr.startswith("not_applicable: environment missing: tangram is not installed: ")
    assert "make setup-tangram" in fit.stderr


# loaders


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
