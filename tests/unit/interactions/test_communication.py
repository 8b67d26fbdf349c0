"""Tools for cell-cell communication: their files, the levels at which they are scored, and rows."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from helpers.programs import run_apart, run_here
from stbench.common.errors import InputError, NotApplicableError
from stbench.common.io import read_h5ad, write_h5ad
from stbench.common.paths import PROJECT, SCRIPTS
from stbench.data.preprocessing import preprocess
from stbench.data.simulation import Tissue, simulate
from stbench.interactions.candidate_pairs import within_reach
from stbench.interactions.communication import (
    TITLES,
    Communication,
    bandwidth,
    candidate_genes,
    from_links,
    read_communication,
    write_communication,
    write_no_communication,
)
from stbench.interactions.communication_scores import LEVELS, contest_of, level_rows
from stbench.interactions.score_rows import Cause, Scorer
from stbench.interactions.scores import score_interactions
from stbench.interactions.tables import interaction_tables
from stbench.interactions.truth import read_tissue

ENVIRONMENT = PROJECT / ".venv-communication/bin/python"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    adata = simulate(Tissue(n_cells=250, n_triples=3, effect=2.0, seed=5), "planted")
    write_h5ad(folder / "data.h5ad", adata)
    write_h5ad(folder / "preprocessed.h5ad", preprocess(adata))
    return folder / "data.h5ad", folder / "preprocessed.h5ad"


@pytest.fixture(scope="module")
def tissue(files):
    return read_tissue(*files)


@pytest.fixture(scope="module")
def contest(tissue):
    return contest_of(tissue, tissue.triples, within_reach(tissue.coords, 15))


def values_of(contest, found):
    rows = level_rows(Scorer("tool", "tool"), contest, found, Cause("error", "none"))
    return {row["metric"]: row for row in rows}


def test_scores_of_pairs_of_cells_are_summed_for_cells_and_averaged_for_types():
    link = sp.csr_matrix(np.array([[0, 2, 0], [0, 0, 4], [1, 0, 0]], float))
    found = from_links([link], ["b", "a", "a"])
    assert found.cells.ravel().tolist() == [3, 6, 5]
    assert found.types[0].tolist() == [[4 / 4, 1 / 2], [2 / 2, 0]]  # a to a, a to b; b to a, b to b
    assert from_links([link], None).types is None


def test_without_positions_is_the_complete_graph(contest, tissue):
    n = len(tissue.coords)
    complete = contest.of_graph(np.ones((n, n)))
    alone = contest.without_positions()
    assert np.allclose(complete.types, alone.types)
    assert np.allclose(complete.cells, n * alone.cells)


def test_the_truth_by_hand(contest, tissue):
    triples, pairs = tissue.triples, tissue.interactions.toarray() > 0
    assert contest.pairs[:3] == list(zip(triples["ligand"], triples["receptor"], strict=True))
    cells = contest.truth["cells"].reshape(len(contest.pairs), -1)
    names = np.unique(tissue.types)
    acting = {(k, names[a], names[b]) for k, (a, b) in _true_types(contest)}
    for k, (sender, receiver) in enumerate(
        zip(triples["sender_type"], triples["receiver_type"], strict=True)
    ):
        joined = pairs[np.ix_(tissue.types == sender, tissue.types == receiver)]
        expected = np.zeros(len(tissue.types), bool)
        expected[np.flatnonzero(tissue.types == sender)[joined.any(axis=1)]] = True
        expected[np.flatnonzero(tissue.types == receiver)[joined.any(axis=0)]] = True
        assert (cells[k] == expected).all() and expected.any()
        assert (k, sender, receiver) in acting
    assert not cells[3:].any() and len(acting) == 3


def _true_types(contest):
    places = np.argwhere(contest.near)
    truth = contest.truth["types"].reshape(len(contest.pairs), -1)
    return [(k, places[place]) for k, place in np.argwhere(truth)]


def test_decoys_are_free_genes_of_the_same_half(tissue):
    pairs = candidate_genes(tissue.expression, tissue.genes, tissue.triples)
    assert pairs == candidate_genes(tissue.expression, tissue.genes, tissue.triples)
    assert len(pairs) == 3 + 9 and len({gene for pair in pairs for gene in pair}) == 24
    targets = set(np.ravel(tissue.triples["targets"]))
    assert not targets & {gene for pair in pairs[3:] for gene in pair}
    means = pd.Series(np.asarray(tissue.expression.mean(axis=0)).ravel(), tissue.genes)
    assert (means[[gene for pair in pairs[3:] for gene in pair]] >= means.median()).all()


def test_a_tool_that_knows_the_truth_gets_one_and_permuted_truth_is_chance(contest, tissue):
    k = len(contest.pairs)
    types = np.zeros((k, *contest.near.shape))
    types[:, contest.near] = contest.truth["types"].reshape(k, -1)
    cells = contest.truth["cells"].reshape(k, -1).T.astype(float)
    rng = np.random.default_rng(0)
    found = values_of(contest, Communication(cells + 0.1 * rng.random(cells.shape), types))
    for name in ("cells_AUROC", "cells_AUROC_within_types", "types_AUROC", "types_AUPRC"):
        assert found[name]["value"] == 1
    noise = values_of(contest, Communication(rng.random(cells.shape), rng.random(types.shape)))
    for name in LEVELS:
        if name.endswith("_permuted_truth"):
            assert noise[name]["value"] == pytest.approx(0.5, abs=0.06)


def test_what_a_tool_does_not_answer_has_a_reason(contest):
    k = len(contest.pairs)
    n = len(contest.truth["cells"]) // k
    found = values_of(contest, Communication(np.ones((n, k))))
    assert found["types_AUROC"]["reason"] == "it does not score types"
    assert "no signal to rank" in found["cells_AUROC"]["reason"]
    assert {row["status"] for row in found.values()} == {"not_applicable"}
    failed = values_of(contest, None)
    assert {(row["status"], row["reason"]) for row in failed.values()} == {("error", "none")}


@given(st.floats(0.01, 1e4))
def test_the_kernel_is_a_tenth_at_the_distance(distance):
    assert np.exp(-0.5 * (distance / bandwidth(distance)) ** 2) == pytest.approx(0.1)


def test_files_hold_what_was_written(tmp_path):
    pairs = [("a", "b"), ("c", "d")]
    links = [sp.random(4, 4, 0.5, "csr", random_state=k) for k in range(2)]
    written = from_links(links, ["x", "x", "y", "y"])
    write_communication(tmp_path / "tool.h5ad", written, pairs, list("1234"))
    read = read_communication(tmp_path / "tool.h5ad", pairs)
    assert np.array_equal(read.cells, written.cells) and np.array_equal(read.types, written.types)
    assert all((a != b).nnz == 0 for a, b in zip(read.links, links, strict=True))
    with pytest.raises(InputError, match="not those of the dataset"):
        read_communication(tmp_path / "tool.h5ad", pairs[:1])
    with pytest.raises(InputError, match="scores that are not finite"):
        unknown = Communication(np.full((4, 2), np.nan))
        write_communication(tmp_path / "unknown.h5ad", unknown, pairs, list("1234"))
    assert not (tmp_path / "unknown.h5ad").exists()
    slash = [("H2-D1/x", "b"), ("c", "d")]
    write_communication(tmp_path / "slash.h5ad", written, slash, list("1234"))
    read = read_communication(tmp_path / "slash.h5ad", slash)
    assert all((a != b).nnz == 0 for a, b in zip(read.links, links, strict=True))
    write_no_communication(tmp_path / "none.h5ad", "not_applicable", "needs cell types")
    with pytest.raises(NotApplicableError, match="needs cell types"):
        read_communication(tmp_path / "none.h5ad", pairs)


def test_tools_have_rows_beside_graphs_and_a_table(tissue, contest):
    k = len(contest.pairs)
    cells = contest.truth["cells"].reshape(k, -1).T.astype(float)
    tools = {"liana": Communication(cells), "laris": Cause("error", "environment missing")}
    scores = score_interactions(tissue, [], 15, {}, lambda pairs: tools)
    assert set(scores.loc[scores["scorer"] == "liana", "metric"]) >= {*LEVELS, "AUROC"}
    assert set(scores.loc[scores["scorer"] == "laris", "status"]) == {"error"}
    tables = interaction_tables(scores)
    table = tables["interactions_communication"].set_index(["regime", "scorer", "metric"])
    assert table.loc[("all", "liana", "cells_AUROC"), "mean"] == 1
    assert {"knn", "distance", "ligand_receptor"} <= {scorer for _, scorer, _ in table.index}
    without = score_interactions(tissue, [], 15, {})
    assert "interactions_communication" not in interaction_tables(without)


def test_every_tool_has_a_module_and_a_title_and_can_be_configured():
    modules = {path.stem for path in (SCRIPTS / "communication_methods").glob("[!_]*.py")}
    schema = (PROJECT / "config/schemas/config.schema.yaml").read_text()
    assert modules == set(TITLES)
    assert f"enum: [{', '.join(sorted(TITLES))}]" in schema


def run_tool(run, tool, files, output):
    data, preprocessed = files
    return run(
        *(SCRIPTS / "communication.py", "--tool", tool, "--data", data),
        *("--preprocessed", preprocessed, "--reach", 15, "--output", output, "--record-failure"),
    )


def test_a_tool_that_is_not_installed_is_recorded(files, tmp_path):
    run = run_tool(run_here, "spatialdm", files, tmp_path / "tool.h5ad")
    assert run.returncode == 0
    with pytest.raises(InputError, match=r"environment missing.*make setup-communication"):
        read_communication(tmp_path / "tool.h5ad", [])


def test_an_unknown_tool_is_refused(files, tmp_path):
    run = run_tool(run_here, "cellchat", files, tmp_path / "tool.h5ad")
    assert run.returncode == 1 and "no such tool; known: commot, laris" in run.stderr
    assert not (tmp_path / "tool.h5ad").exists()


@pytest.mark.skipif(not ENVIRONMENT.exists(), reason="make setup-communication")
@pytest.mark.parametrize("tool", sorted(TITLES))
def test_a_tool_scores_what_it_says(tool, files, tissue, contest, tmp_path):
    def run(*words):
        return run_apart(*words, python=ENVIRONMENT)

    ended = run_tool(run, tool, files, tmp_path / "tool.h5ad")
    assert ended.returncode == 0, ended.stderr
    found = read_communication(tmp_path / "tool.h5ad", contest.pairs)
    values = values_of(contest, found)
    answered = {name for name, row in values.items() if row["status"] == "ok"}
    expected = {"commot": {"cells", "types"}, "laris": {"types"}}.get(tool, {"cells"})
    assert {name.partition("_")[0] for name in answered} == expected, json.dumps(values)
    assert (found.links is not None) == (tool == "commot")


def test_cells_without_a_type_are_in_no_pair_of_types(files, tmp_path):
    adata = read_h5ad(files[0])
    adata.obs.loc[adata.obs_names[:9], "celltype"] = np.nan
    write_h5ad(tmp_path / "data.h5ad", adata)
    tissue = read_tissue(tmp_path / "data.h5ad", files[1])
    assert (tissue.types[:9] == "").all()
    scores = score_interactions(tissue, [], 15, {})
    ok = scores[(scores["scorer"] == "distance") & (scores["metric"] == "types_AUROC")]
    assert ok["status"].tolist() == ["ok"]
    near = contest_of(tissue, tissue.triples, within_reach(tissue.coords, 15)).near
    names = np.unique(np.asarray(tissue.types, dtype=str))
    assert names[0] == "" and not near[0].any() and not near[:, 0].any() and near[1:, 1:].any()
