"""What of the inferred interactions is found again: by other seeds, and in other sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from stbench.common.io import read_csv
from stbench.interactions.edge_nulls import shared_by_distance

_LEAST_PAIRS = 6  # pairs of types that two sections must share
_DRAWS = 999
# Of two seeds; ``_shuffled``: of the same seeds trained on shuffled cells.
_OF_SEEDS = (
    *("correlation", "beyond_distance", "beyond_distance_shuffled"),
    *("jaccard", "jaccard_by_chance", "jaccard_shuffled"),
)
_LEFT = 1e-9  # variance that distance leaves; less is rounding
NULLS = ("shuffled", "distance", "shifted")
SUPPORTS = {
    "z": "ligand_receptor",
    "z_redrawn": "ligand_receptor_redrawn",
    "z_shifted": "ligand_receptor_shifted",
}
SEEDS, SECTIONS, HALVES = "training seeds", "sections", "halves of the resource"
COLUMNS = {
    **dict.fromkeys(("method", "between", "first", "second", "measure"), "str"),
    **{"value": "float64", "p": "float64", "n": "int64"},
}


def between_seeds(
    edges: pd.DataFrame, coords: np.ndarray, without_structure: pd.DataFrame | None = None
) -> pd.DataFrame:
    """How well two training seeds agree on the edges of one section.

    Args:
        edges: of all seeds: source, target, score, distance, above, seed.
        coords: (n, 2) positions of the cells.
        without_structure: of ``stbench.interactions.chosen_edges.Edges``.

    Returns:
        One row per pair of seeds: ``first``, ``second``, ``edges`` (of both), ``correlation``
        (Spearman's, of the scores of edges of both), ``beyond_distance`` (the same, partial,
        given the distance), ``jaccard`` (of the edges above the threshold; NaN without any),
        ``jaccard_by_chance`` (of two graphs with these distances; NaN if too many pairs of cells
        are within reach), and ``beyond_distance_shuffled`` and ``jaccard_shuffled``: of the same
        seeds trained on the same shuffled cells, whose first edges are taken, as many as are above
        the threshold (NaN if they were not trained). Seeds agree without any spatial structure,
        too.
    """
    by_seed = _by_seed(edges)
    noise = {} if without_structure is None else _by_seed(without_structure)
    rows = []
    for (first, one), (second, other) in combinations(by_seed.items(), 2):
        n_edges, correlation, beyond = _agreement_of_scores(one, other)
        ends = [table.index[table["above"]] for table in (one, other)]
        shared = shared_by_distance(_as_pairs(ends[0]), _as_pairs(ends[1]), coords)
        row = {
            **{"first": first, "second": second, "edges": n_edges},
            **{"correlation": correlation, "beyond_distance": beyond},
            "jaccard": _jaccard(len(ends[0].intersection(ends[1])), *ends),
            "jaccard_by_chance": _jaccard(shared, *ends),
        }
        if first in noise and second in noise:
            pair = noise[first], noise[second]
            firsts = [
                table["order"].nlargest(len(above)).index
                for table, above in zip(pair, ends, strict=True)
            ]
            row["beyond_distance_shuffled"] = _agreement_of_scores(*pair)[2]
            row["jaccard_shuffled"] = _jaccard(len(firsts[0].intersection(firsts[1])), *firsts)
        rows.append(row)
    return pd.DataFrame(rows, columns=["first", "second", "edges", *_OF_SEEDS])


def _by_seed(edges: pd.DataFrame) -> dict[int, pd.DataFrame]:
    return {
        int(seed): rows.set_index(["source", "target"])
        for seed, rows in edges.groupby("seed", sort=True)
    }


def _agreement_of_scores(one: pd.DataFrame, other: pd.DataFrame) -> tuple[int, float, float]:
    """Number of common edges, correlation of their scores, and the same given the distance."""
    both = one.join(other, how="inner", rsuffix="_other")
    ranks = both[["score", "score_other", "distance"]].rank().to_numpy()
    return len(both), _correlation(ranks[:, :2])[0, 1], _partial(_correlation(ranks))


def _jaccard(shared: float, one: pd.Index, other: pd.Index) -> float:
    total = len(one) + len(other)
    return shared / (total - shared) if total else np.nan


def _as_pairs(index: pd.Index) -> np.ndarray:
    return np.array(index.tolist(), dtype=np.int64).reshape(-1, 2)


def replication_table(folders: Sequence[Path], units: Mapping[str, str]) -> pd.DataFrame:
    """All that can be found again in the results of a configuration.

    Between training seeds: the columns of ``between_seeds``. Between two sections of one unit
    (usually a study): Spearman's correlation of z over the pairs of cell types that both have, by
    null. Its p is the share of 999 permutations of the names of types of one section that reach it
    (one-sided), which keeps how the pairs of one type depend on each other. The same of z over the
    pairs of ligand and receptor that both tested, compared with rewired edges
    (``ligand_receptor``; ``ligand_receptor_redrawn``: of one random graph with the same distances
    on each section) and with the shifted tissue (``ligand_receptor_shifted``), without p
    because pairs share genes. Between halves of the resource of ligands and receptors: how much
    more they agree on the edges than on rewired
    ones (``stbench.interactions.halves``), and the same of a random graph with the same distances
    (``beyond_rewired_redrawn``).

    Args:
        folders: ``interactions/<dataset>/<method>/<key>``; those without results are skipped.
        units: by dataset.

    Returns:
        ``COLUMNS``; ``n`` is the number of edges or of pairs.
    """
    rows = []
    tables: dict[str, dict[str, pd.DataFrame]] = {}
    supports: dict[str, dict[str, pd.DataFrame]] = {}
    for folder in folders:
        dataset, method = folder.parts[-3:-1]
        if (folder / "seeds.csv").is_file():
            rows += list(_seed_rows(method, dataset, read_csv(folder / "seeds.csv")))
        if (folder / "halves.csv").is_file():
            rows += list(_half_rows(method, dataset, read_csv(folder / "halves.csv")))
        for kind, of_kind in (("type_pairs", tables), ("ligand_receptor", supports)):
            if (folder / f"{kind}.csv").is_file():
                of_kind.setdefault(method, {})[dataset] = read_csv(folder / f"{kind}.csv")
    for by_method, compared in ((tables, _section_rows), (supports, _support_rows)):
        for method, by_dataset in by_method.items():
            for first, second in combinations(by_dataset, 2):
                if units.get(first, first) == units.get(second, second):
                    rows += compared(method, (first, second), by_dataset)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _seed_rows(method: str, dataset: str, seeds: pd.DataFrame) -> list[dict]:
    """Means over the pairs of seeds of a section."""
    return [
        {
            **{"method": method, "between": SEEDS, "first": dataset, "second": dataset},
            **{"measure": measure, "value": seeds[measure].mean(), "p": np.nan},
            "n": int(seeds["edges"].mean()),
        }
        for measure in _OF_SEEDS
        if seeds[measure].notna().any()
    ]


def _half_rows(method: str, dataset: str, halves: pd.DataFrame) -> Iterator[dict]:
    """The correlation of the halves minus that on rewired edges."""
    for _, row in halves.iterrows():
        measure = "beyond_rewired" + ("_redrawn" if row["graph"] == "redrawn" else "")
        yield {
            **{"method": method, "between": HALVES, "first": dataset, "second": dataset},
            **{"measure": measure, "value": row["correlation"] - row["expected"]},
            **{"p": row["p"], "n": int(row["edges"])},
        }


def _section_rows(
    method: str, pair: tuple[str, str], tables: Mapping[str, pd.DataFrame]
) -> list[dict]:
    rows = []
    for null in NULLS:
        column = f"z_{null}"
        if not all(column in tables[dataset] for dataset in pair):
            continue
        found = agreement(*(type_matrix(tables[dataset], column) for dataset in pair))
        if found is not None:
            value, p, n = found
            rows.append(
                {
                    **{"method": method, "between": SECTIONS, "first": pair[0], "second": pair[1]},
                    **{"measure": column, "value": value, "p": p, "n": n},
                }
            )
    return rows


def _support_rows(
    method: str, pair: tuple[str, str], tables: Mapping[str, pd.DataFrame]
) -> list[dict]:
    rows = []
    for column, measure in SUPPORTS.items():
        if not all(column in tables[dataset] for dataset in pair):
            continue
        one, other = (
            tables[dataset].pivot_table(index="ligand", columns="receptor", values=column)
            for dataset in pair
        )
        both = pd.concat([one.stack(), other.stack()], axis=1, keys=["one", "other"]).dropna()
        value = spearman(both["one"].to_numpy(), both["other"].to_numpy())
        if len(both) >= _LEAST_PAIRS and not np.isnan(value):
            rows.append(
                {
                    **{"method": method, "between": SECTIONS, "first": pair[0], "second": pair[1]},
                    **{"measure": measure, "value": value, "p": np.nan, "n": len(both)},
                }
            )
    return rows


def type_matrix(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """z by both types, symmetric; NaN where it is not known."""
    half = table.assign(type_a=table["type_a"].astype(str), type_b=table["type_b"].astype(str))
    half = half.pivot(index="type_a", columns="type_b", values=column)
    names = sorted({*half.index, *half.columns})
    half = half.reindex(index=names, columns=names)
    return half.fillna(half.T)


def agreement(one: pd.DataFrame, other: pd.DataFrame) -> tuple[float, float, int] | None:
    """Correlation, p and number of pairs; None if too few pairs of types are shared."""
    names = sorted(set(one.index) & set(other.index))
    upper = np.triu_indices(len(names))
    first, second = (table.reindex(index=names, columns=names).to_numpy() for table in (one, other))
    n = int((~np.isnan(first[upper]) & ~np.isnan(second[upper])).sum())
    value = spearman(first[upper], second[upper])
    if n < _LEAST_PAIRS or np.isnan(value):
        return None
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(_DRAWS):
        order = rng.permutation(len(names))
        draws.append(spearman(first[upper], second[np.ix_(order, order)][upper]))
    reached = int((np.nan_to_num(draws, nan=-1) >= value - 1e-12).sum())
    return value, (1 + reached) / (1 + _DRAWS), n


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's correlation over values that both know; NaN if one does not vary."""
    known = ~np.isnan(one) & ~np.isnan(other)
    ranks = np.column_stack([rankdata(one[known]), rankdata(other[known])])
    return float(_correlation(ranks)[0, 1]) if len(ranks) > 1 else np.nan


def _correlation(columns: np.ndarray) -> np.ndarray:
    """Correlation matrix of columns; NaN where one does not vary."""
    centered = columns - columns.mean(axis=0) if len(columns) else columns
    length = np.sqrt(np.square(centered).sum(axis=0))
    products = centered.T @ centered
    scale = np.outer(length, length)
    return np.divide(products, scale, out=np.full_like(products, np.nan), where=scale > 0)


def _partial(r: np.ndarray) -> float:
    """Correlation of the first two columns given the third; NaN if it decides one of them."""
    rest = 1 - r[:2, 2] ** 2
    if not (rest > _LEFT).all():
        return np.nan
    return float((r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt(rest.prod()))
