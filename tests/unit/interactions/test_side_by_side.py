"""Learned graphs of several methods on one tissue: what each says, and where they agree."""

import json
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.spatial import cKDTree

from stbench.interactions.edge_nulls import shared_by_distance
from stbench.interactions.side_by_side import (
    AGREEMENT_COLUMNS,
    METHOD_COLUMNS,
    agreement_table,
    by_dataset,
    methods_table,
)

TYPES = list(combinations_with_replacement("abcd", 2))


def results(root, method, above, z, genes, dataset="tissue", redrawn=(1.0, 2, 3)):
    """A folder as scripts/interactions.py writes it; 20 candidate edges."""
    folder = root / dataset / method / "key"
    folder.mkdir(parents=True)
    edges = pd.DataFrame({"source": range(20), "target": range(1, 21), "above": False})
    edges.loc[above, "above"] = True
    edges.to_parquet(folder / "consensus.parquet")
    line = AnnData(obsm={"spatial": np.column_stack([np.arange(21.0) ** 1.5, np.zeros(21)])})
    line.write_h5ad(folder / "graph.h5ad")
    table = pd.DataFrame(TYPES, columns=["type_a", "type_b"])
    table["observed"], table["expected_distance"] = 10 + np.asarray(z), 10.0
    table["z_distance"], table["q_distance"] = z, np.where(np.abs(z) > 2, 0.01, 0.5)
    table.to_csv(folder / "type_pairs.csv", index=False)
    same = {"null": ["shuffled", "distance"], "observed": [30, 30], "expected": [10.0, 25.0]}
    pd.DataFrame({**same, "p": [0.001, 0.2]}).to_csv(folder / "same_type.csv", index=False)
    pairs = pd.DataFrame({"ligand": list("lmn"), "receptor": list("rst"), "z": [3.0, 1, 0]})
    pairs = pairs.assign(q=[0.01, 0.3, 0.9], q_shifted=[0.2, 0.01, 0.9], z_redrawn=redrawn)
    pairs.to_csv(folder / "ligand_receptor.csv", index=False)
    rows = [("all", rank, gene) for rank, gene in enumerate(genes, 1)]
    rows += [("a - a", 1, "other")]
    pd.DataFrame(rows, columns=["edge_set", "rank", "gene"]).to_csv(
        folder / "genes.csv", index=False
    )
    (folder / "status.json").write_text(json.dumps({"edges": {"status": "ok", "reason": ""}}))
    return folder


@pytest.fixture
def folders(tmp_path):
    z = np.arange(len(TYPES)) - 3.5
    genes = [f"g{i}" for i in range(40)]
    one = results(tmp_path, "stague", [0, 1, 2, 3], z, genes)
    other = results(
        tmp_path, "deeplinc", [2, 3, 4, 5], z, genes[10:] + genes[:10], redrawn=(1.0, 3, 2)
    )
    return [one, other, tmp_path / "tissue/gone/key"]


def test_every_method_has_its_findings(folders):
    table = methods_table(by_dataset(folders)).set_index("method")
    assert list(table.reset_index()) != [] and set(table) | {"method"} == set(METHOD_COLUMNS)
    found = table.loc["stague"]
    assert (found["edges"], found["above"]) == (20, 4)
    assert (found["types"], found["types_more"], found["types_fewer"]) == (10, 4, 2)
    assert (found["same_type"], found["same_type_expected"], found["same_type_p"]) == (30, 25, 0.2)
    assert (found["pairs"], found["pairs_supported"], found["reason"]) == (3, 1, "")
    assert found["pairs_supported_shifted"] == 0
    assert found["genes"] == "g0, g1, g2, g3, g4"


def test_agreement_by_hand(folders):
    table = agreement_table(by_dataset(folders))
    assert list(table) == list(AGREEMENT_COLUMNS)
    assert set(zip(table["first"], table["second"], strict=True)) == {("stague", "deeplinc")}
    found = table.set_index("measure")
    assert found.loc["edges", "value"] == 2 / 6 and found.loc["edges", "n"] == 6
    coords = np.column_stack([np.arange(21.0) ** 1.5, np.zeros(21)])
    edges = [np.column_stack([np.arange(4) + i, np.arange(4) + i + 1]) for i in (0, 2)]
    shared = shared_by_distance(*edges, coords)
    assert found.loc["edges", "by_chance"] == pytest.approx(shared / (8 - shared))
    assert found.loc["ligand_receptor", "by_chance"] == pytest.approx(0.5)
    assert found.loc["type_pairs", "value"] == pytest.approx(1)
    assert found.loc["type_pairs", "p"] < 0.05
    assert found.loc["ligand_receptor", ["value", "n"]].tolist() == pytest.approx([1, 3])
    assert found.loc["genes", ["value", "by_chance", "n"]].tolist() == [0.5, 0.5, 40]


def test_graphs_that_follow_the_distance_alone_share_edges_by_chance():
    """Two graphs of some of the nearest pairs: what they share is what distances give."""
    rng = np.random.default_rng(0)
    coords = rng.uniform(size=(400, 2))
    near = cKDTree(coords).query_pairs(0.08, output_type="ndarray")
    one, other = (near[rng.random(len(near)) < 0.3] for _ in range(2))
    shared = len({*map(tuple, one)} & {*map(tuple, other)})
    assert shared_by_distance(one, other, coords) == pytest.approx(shared, rel=0.15)
    assert shared > 0.25 * len(one)  # of all pairs of cells it would be 2 %
    assert shared_by_distance(one, one[:0], coords) == 0


def test_missing_parts_have_their_reason_and_no_rows_of_agreement(folders):
    one = folders[0]
    for name in ("genes", "ligand_receptor", "type_pairs", "same_type"):
        (one / f"{name}.csv").unlink()
    record = {"status": "not_applicable", "reason": "3 of 4000 pairs on the panel"}
    (one / "status.json").write_text(json.dumps({"ligand_receptor": record}))
    found = methods_table(by_dataset(folders)).set_index("method").loc["stague"]
    assert found["reason"] == "ligand_receptor: 3 of 4000 pairs on the panel"
    assert np.isnan(found["pairs"]) and found["genes"] == ""
    assert agreement_table(by_dataset(folders))["measure"].tolist() == ["edges"]
    alone = agreement_table(by_dataset(folders[:1]))
    assert alone.empty and list(alone) == list(AGREEMENT_COLUMNS)


def test_a_graph_without_a_threshold_says_so(folders):
    path = folders[0] / "consensus.parquet"
    pd.read_parquet(path).drop(columns="above").to_parquet(path)
    record = {"threshold": {"status": "error", "reason": "no null scores"}}
    (folders[0] / "status.json").write_text(json.dumps(record))
    found = methods_table(by_dataset(folders)).set_index("method").loc["stague"]
    assert np.isnan(found["above"]) and found["reason"] == "threshold: no null scores"
    assert "edges" not in set(agreement_table(by_dataset(folders))["measure"])
