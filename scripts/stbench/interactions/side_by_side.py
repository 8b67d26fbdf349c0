"""What the graphs of several methods say about the same tissue, and where they agree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from stbench.common.h5ad import read_elements
from stbench.common.io import read_csv
from stbench.interactions.edge_nulls import shared_by_distance
from stbench.interactions.replication import agreement, spearman, type_matrix

TOP_GENES = 20
ALPHA = 0.05  # of q
_PARTS = ("threshold", "type_pairs", "ligand_receptor", "genes")
METHOD_COLUMNS = {
    **{"dataset": "str", "method": "str"},
    **dict.fromkeys(("edges", "above", "types", "types_more", "types_fewer"), "float64"),
    **dict.fromkeys(("same_type", "same_type_expected", "same_type_p"), "float64"),
    "same_type_p_shifted": "float64",
    **dict.fromkeys(("pairs", "pairs_supported", "pairs_supported_shifted"), "float64"),
    **{"genes": "str", "reason": "str"},
}
AGREEMENT_COLUMNS = {
    **dict.fromkeys(("dataset", "first", "second", "measure"), "str"),
    **{"value": "float64", "by_chance": "float64", "p": "float64", "n": "int64"},
}

Folders = Mapping[str, Mapping[str, Path]]


def by_dataset(folders: Sequence[Path]) -> dict[str, dict[str, Path]]:
    """Folders ``interactions/<dataset>/<method>/<key>`` with results, by dataset and method."""
    found: dict[str, dict[str, Path]] = {}
    for folder in folders:
        if (folder / "consensus.parquet").is_file():
            dataset, method = folder.parts[-3:-1]
            found.setdefault(dataset, {})[method] = folder
    return found


def methods_table(folders: Folders) -> pd.DataFrame:
    """The findings of every method on every dataset.

    Returns:
        ``METHOD_COLUMNS``: edges of the mean graph and those above the threshold; tested pairs of
        cell types and how many have more or fewer edges than their distances explain (q below 5 %);
        edges within types, observed and expected from distances, with p by that null and of
        shifted types (``stbench.interactions.type_pairs``); tested pairs of ligand and
        receptor, how many are supported (q below 5 %) and how many of these also against the
        shifted tissue; the first 5 genes; and why a part is missing.
    """
    rows = [
        {"dataset": dataset, "method": method, **_findings(folder)}
        for dataset, methods in folders.items()
        for method, folder in methods.items()
    ]
    return pd.DataFrame(rows, columns=list(METHOD_COLUMNS)).astype(METHOD_COLUMNS)


def _findings(folder: Path) -> dict:
    edges = pd.read_parquet(folder / "consensus.parquet")
    found: dict = {"edges": len(edges), "genes": ""}
    if "above" in edges:  # there is a threshold
        found["above"] = int(edges["above"].sum())
    if (types := _table(folder, "type_pairs")) is not None and "q_distance" in types:
        clear = types["q_distance"] < ALPHA
        more = types["observed"] > types["expected_distance"]
        tested = int(types["q_distance"].notna().sum())
        found |= {"types": tested, "types_more": (clear & more).sum()}
        found["types_fewer"] = (clear & ~more).sum()
    if (same := _table(folder, "same_type")) is not None:
        by_null = same.set_index("null").to_dict("index")
        if near := by_null.get("distance"):
            found |= {"same_type": near["observed"], "same_type_expected": near["expected"]}
            found["same_type_p"] = near["p"]
        if shifted := by_null.get("shifted"):
            found["same_type_p_shifted"] = shifted["p"]
    if (pairs := _table(folder, "ligand_receptor")) is not None:
        supported = pairs["q"] < ALPHA
        found |= {"pairs": len(pairs), "pairs_supported": supported.sum()}
        found["pairs_supported_shifted"] = (supported & (pairs["q_shifted"] < ALPHA)).sum()
    if (genes := _ranked_genes(folder)) is not None:
        found["genes"] = ", ".join(genes[:5])
    status = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    missing = {part: status.get(part, {}) for part in _PARTS}
    found["reason"] = "; ".join(
        f"{part}: {record['reason']}"
        for part, record in missing.items()
        if record.get("status", "ok") != "ok"
    )
    return found


def agreement_table(folders: Folders) -> pd.DataFrame:
    """How far two methods agree on a dataset.

    Returns:
        ``AGREEMENT_COLUMNS``, one row for each measure: ``edges`` (Jaccard index of the edges above
        the thresholds; by chance: of as many edges at the same distances, drawn from all pairs of
        cells; NaN if too many are within reach), ``type_pairs`` (Spearman's correlation of z beyond
        distance; p from permuted names of types), ``ligand_receptor`` (Spearman's correlation of z
        of the pairs that both tested; by chance: of two random graphs with the distances of each,
        because rewired edges do not keep distances and any two graphs of near cells agree; NaN if
        too many pairs of cells are within reach) and ``genes`` (share of the first 20 genes
        that both have). ``n`` is the number of edges of either, of pairs, or of genes.
    """
    rows = [
        {"dataset": dataset, "first": first, "second": second, **row}
        for dataset, methods in folders.items()
        for first, second in combinations(methods, 2)
        for row in _agreements(methods[first], methods[second])
    ]
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS)).astype(AGREEMENT_COLUMNS)


def _agreements(one: Path, other: Path) -> Iterator[dict]:
    yield from _shared_edges(one, other)
    types = [_table(path, "type_pairs") for path in (one, other)]
    if all(table is not None and "z_distance" in table for table in types):
        found = agreement(*(type_matrix(table, "z_distance") for table in types))
        if found is not None:
            value, p, n = found
            yield _row("type_pairs", value, 0.0, n, p)
    pairs = [_table(path, "ligand_receptor") for path in (one, other)]
    if pairs[0] is not None and pairs[1] is not None:
        both = pairs[0].merge(pairs[1], on=["ligand", "receptor"], suffixes=("", "_other"))
        known = both.dropna(subset=["z", "z_other"])
        if len(known) > 1:
            value, by_chance = (
                spearman(known[name].to_numpy(), known[f"{name}_other"].to_numpy())
                for name in ("z", "z_redrawn")
            )
            yield _row("ligand_receptor", value, by_chance, len(known))
    genes = [_ranked_genes(path) for path in (one, other)]
    if genes[0] is not None and genes[1] is not None:
        top = min(TOP_GENES, len(genes[0]))
        shared = len(set(genes[0][:top]) & set(genes[1][:top])) / top
        yield _row("genes", shared, top / len(genes[0]), len(genes[0]))


def _shared_edges(one: Path, other: Path) -> Iterator[dict]:
    tables = [pd.read_parquet(path / "consensus.parquet") for path in (one, other)]
    if not all("above" in table for table in tables):
        return
    first, second = (
        table.loc[table["above"], ["source", "target"]].to_numpy(np.int64) for table in tables
    )
    ends = [set(map(tuple, edges.tolist())) for edges in (first, second)]
    either, both = len(ends[0] | ends[1]), len(ends[0] & ends[1])
    if not either:
        return
    coords = read_elements(one / "graph.h5ad", "obsm/spatial")["obsm/spatial"]
    expected = shared_by_distance(first, second, coords)
    by_chance = expected / (len(first) + len(second) - expected)
    yield _row("edges", both / either, by_chance, either)


def _row(measure: str, value: float, by_chance: float, n: int, p: float = np.nan) -> dict:
    return {"measure": measure, "value": value, "by_chance": by_chance, "p": p, "n": n}


def _table(folder: Path, name: str) -> pd.DataFrame | None:
    path = folder / f"{name}.csv"
    return read_csv(path) if path.is_file() else None


def _ranked_genes(folder: Path) -> list[str] | None:
    """Genes of all edges, most attributed first; None if the method has no attribution."""
    table = _table(folder, "genes")
    if table is None:
        return None
    of_all = table[table["edge_set"] == "all"].sort_values("rank", kind="stable")
    return of_all["gene"].astype(str).tolist()
