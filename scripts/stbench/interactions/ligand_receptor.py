"""Expression of ligands and receptors in the cells that edges join.

Pairs of ligands and receptors are the consensus resource of the package liana (Dimitrov et al.,
Nature Communications 2022), read as a file: liana itself is not imported.

The value of a complex in a cell is the minimum over its subunits. The statistic of a pair is the
mean over edges of ligand x receptor, in both directions because edges are undirected. Under the
null model, the edges of a type pair exchange their second cells: every cell keeps its number of
edges and the types of its partners, and the partners within these types are random. This null model
does not remove smooth changes of expression within a cell type across the tissue; the shifted
tissue (``stbench.interactions.shifts``) does. Nor does it keep distances, so the edges of any graph
of near cells differ from rewired ones. What that alone gives is shown by a graph that is drawn at
random at the same distances (``redrawn``).

Time: shuffles x edges, and for every pair shuffles x the edges at which the rarer of its genes is
expressed; memory: linear in edges; shifts and halves hold the expression of the tested genes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.stats import false_discovery_control

from stbench.common.errors import InputError, NotApplicableError
from stbench.data.gene_symbols import find_genes, panel_symbols
from stbench.interactions.edge_nulls import drawn_graph
from stbench.interactions.halves import Halves, between_halves
from stbench.interactions.rewiring import oriented, rewired
from stbench.interactions.shifts import against_shifts

RESOURCES = {"human": "consensus", "mouse": "mouseconsensus"}
MIN_PAIRS = 5
_ALPHA = 0.05  # of q
_ENOUGH = 10  # draws that reach the observed value give a p that more draws hardly change
_TIE = 1e-5  # relative; sums of float32 differ by less

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Support:
    """The result of the tests.

    Attributes:
        table: one row per tested pair, by p: ligand, receptor, share_ligand and share_receptor
            (share of cells with an edge that express it), observed (mean over edges), expected and
            z (compared with rewired edges), p (one-sided: more than expected; of pairs that no
            draw reaches from so many draws that one such pair can have a q below 5 %) and q
            (Benjamini and Hochberg); with the suffix ``_shifted`` the same compared with the
            shifted tissue (``against_shifts``); z_redrawn is z of a random graph with the same
            distances, NaN if too many pairs of cells are within reach.
        coverage: one line with the number of pairs of the resource on the panel.
        halves: whether the two halves of the resource support the same edges, by graph:
            ``learned`` and ``redrawn``; without those that cannot be compared.
    """

    table: pd.DataFrame
    coverage: str
    halves: dict[str, Halves]


def resource_pairs(organism: str) -> tuple[list[tuple[str, str]], str]:
    """Ligands and receptors of an organism, subunits joined by ``_``, and the resource's name.

    Raises:
        NotApplicableError: no resource for the organism.
        InputError: liana is not installed, or its file has changed.
    """
    if organism not in RESOURCES:
        organisms = " and ".join(RESOURCES)
        raise NotApplicableError(f"organism {organism!r}: pairs are available for {organisms} only")
    spec = find_spec("liana")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("liana is not installed; pip install --no-deps liana==1.10.0")
    path = Path(spec.submodule_search_locations[0]) / "resource/omni_resource.csv"
    columns = ["source_genesymbol", "target_genesymbol", "resource"]
    try:
        table = pd.read_csv(path, usecols=columns, dtype=str)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}; pip install --no-deps liana==1.10.0") from error
    name = RESOURCES[organism]
    chosen = table.loc[table["resource"] == name, columns[:2]].drop_duplicates()
    return list(chosen.itertuples(index=False, name=None)), name


def ligand_receptor_support(
    edges: pd.DataFrame,
    expression: sp.spmatrix,
    var: pd.DataFrame,
    organism: str,
    types: pd.Categorical | None,
    coords: np.ndarray,
    sections: np.ndarray,
    *,
    shuffles: int,
    seed: int = 0,
) -> Support:
    """Test every pair of the resource that is fully on the panel.

    Args:
        edges: source and target (positions of cells), each edge once.
        expression: (n, g) log-normalized.
        var: of the g genes; see ``panel_symbols``.
        organism: ``human`` or ``mouse``.
        types: (n,) cell types; cells without a type are one more type. None: one type.
        coords: (n, 2) positions.
        sections: (n,) codes of joined sections, which are rewired and shifted apart from each
            other.
        shuffles: number of rewired graphs, and of shifts.
        seed: of the draws.

    Raises:
        NotApplicableError: no edges, fewer than 5 pairs on the panel or expressed, no symbols, or
            another organism; with the coverage.
    """
    if not len(edges):
        raise NotApplicableError("no edges above the threshold")
    pairs, resource = resource_pairs(organism)
    symbols = panel_symbols(var)
    subunits = {part for pair in pairs for name in pair for part in name.split("_")}
    places, other_case = find_genes(subunits, symbols)
    on_panel = [
        pair for pair in pairs if all(part in places for name in pair for part in name.split("_"))
    ]
    coverage = f"{len(on_panel)} of {len(pairs)} pairs on the panel"
    if len(on_panel) < MIN_PAIRS:
        raise NotApplicableError(coverage)
    coverage += f" ({resource})"
    if other_case:
        coverage += f", {other_case} genes matched by ignoring case"
    codes = np.zeros(expression.shape[0], np.int64)
    if types is not None:
        codes += types.codes + 1
    codes = codes * (sections.max(initial=0) + 1) + sections
    values = _Values(expression, places)
    table = tested_pairs(edges, values, on_panel, codes, shuffles=shuffles, seed=seed)
    silent = len(on_panel) - len(table)
    if silent:
        coverage += f", {silent} of them not expressed at any edge"
    if len(table) < MIN_PAIRS:
        raise NotApplicableError(coverage)
    tested = list(zip(table["ligand"], table["receptor"], strict=True))
    shifted = against_shifts(edges, values, tested, (coords, sections), shuffles, seed)
    graphs = {"learned": edges, "redrawn": _redrawn(edges, coords, seed)}
    table = table.assign(**shifted, z_redrawn=np.nan)
    if graphs["redrawn"] is not None:
        table["z_redrawn"] = z_of_rewiring(
            graphs["redrawn"], values, tested, codes, shuffles=shuffles, seed=seed
        )
    halves = {
        name: between_halves(graph, values, tested, codes, shuffles, seed)
        for name, graph in graphs.items()
        if graph is not None
    }
    return Support(table, coverage, {name: found for name, found in halves.items() if found})


def _redrawn(edges: pd.DataFrame, coords: np.ndarray, seed: int) -> pd.DataFrame | None:
    drawn = drawn_graph(edges["source"].to_numpy(), edges["target"].to_numpy(), coords, seed)
    return None if drawn is None else pd.DataFrame(drawn, columns=["source", "target"])


class _Values:
    """Expression of single genes and complexes, (n,) float32 each."""

    def __init__(self, expression: sp.spmatrix, places: dict[str, int]) -> None:
        self._columns = sp.csc_matrix(expression, dtype=np.float32)
        self._places = places

    def __call__(self, name: str) -> np.ndarray:
        columns = self._columns[:, [self._places[part] for part in name.split("_")]]
        return columns.toarray().min(axis=1)


class _Rewiring:
    """Sums of ligand x receptor over the edges of a graph, and over rewired ones.

    Attributes:
        value: returns the expression (n,) of a gene or complex.
        source, target: (e,) the cells of the edges.
    """

    def __init__(
        self, edges: pd.DataFrame, values: _Values, codes: np.ndarray, rng: np.random.Generator
    ) -> None:
        source, target = (edges[end].to_numpy(dtype=np.int64) for end in ("source", "target"))
        self.source, self.target, self._groups = oriented(source, target, codes, rng)
        self.value = lru_cache(maxsize=64)(values)  # neighboring pairs of the resource share genes
        self._rng = rng

    def observed(self, pairs: Pairs) -> np.ndarray:
        """The sum of every pair, (pairs,)."""
        return np.array(
            [_total(self.value(a), self.value(b), self.source, self.target) for a, b in pairs]
        )

    def excess(
        self, pairs: Pairs, observed: np.ndarray, which: Sequence[int], shuffles: int
    ) -> Iterator[tuple[int, np.ndarray]]:
        """For blocks of rewired graphs and each pair in ``which``: its sums minus the observed one,
        which are small, so that their squares do not lose digits."""
        for partners in rewired(self.source, self.target, self._groups, shuffles, self._rng):
            for i in which:
                ligand, receptor = map(self.value, pairs[i])
                drawn = _totals(ligand, receptor, self.source, self.target, partners)
                yield i, drawn - observed[i]


def tested_pairs(
    edges: pd.DataFrame,
    values: _Values,
    pairs: Pairs,
    codes: np.ndarray,
    *,
    shuffles: int,
    seed: int,
) -> pd.DataFrame:
    """The table of ``Support``; pairs with a gene that is not expressed are skipped."""
    graph = _Rewiring(edges, values, codes, np.random.default_rng(seed))
    ends = np.unique(np.concatenate([graph.source, graph.target]))
    rows, tested = [], []
    for ligand, receptor in pairs:
        shares = [(graph.value(name)[ends] > 0).mean() for name in (ligand, receptor)]
        if min(shares) > 0:
            tested.append((ligand, receptor))
            rows.append((ligand, receptor, *shares))
    observed = graph.observed(tested)
    higher, mean, sd = _compared(graph, tested, observed, shuffles)
    table = pd.DataFrame(rows, columns=["ligand", "receptor", "share_ligand", "share_receptor"])
    directions = 2 * len(graph.source)
    table["observed"] = observed / directions
    table["expected"] = (observed + mean) / directions
    table["z"] = _z(observed, mean, sd)
    draws = np.full(len(tested), shuffles)
    needed = int(np.ceil(len(tested) / _ALPHA))
    rare = np.flatnonzero(higher == 0)
    for start in range(shuffles, needed, shuffles):
        size = min(shuffles, needed - start)
        rare = rare[higher[rare] < _ENOUGH]
        if not len(rare):
            break
        for i, drawn in graph.excess(tested, observed, rare.tolist(), size):
            higher[i] += _reached(drawn, observed[i])
        draws[rare] += size
    table["p"] = (1 + higher) / (1 + draws)
    table["q"] = false_discovery_control(table["p"]) if len(table) else []
    order = np.lexsort((table["receptor"], table["ligand"], -table["z"].fillna(0), table["p"]))
    return table.iloc[order].reset_index(drop=True)


def z_of_rewiring(
    edges: pd.DataFrame,
    values: _Values,
    pairs: Pairs,
    codes: np.ndarray,
    *,
    shuffles: int,
    seed: int,
) -> np.ndarray:
    """z of every pair (pairs,) as in ``tested_pairs``; NaN where rewired graphs do not vary."""
    graph = _Rewiring(edges, values, codes, np.random.default_rng(seed))
    observed = graph.observed(pairs)
    _, mean, sd = _compared(graph, pairs, observed, shuffles)
    return _z(observed, mean, sd)


def _compared(
    graph: _Rewiring, pairs: Pairs, observed: np.ndarray, shuffles: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many rewired graphs reach the observed sum, and mean and deviation of their excess."""
    higher, total, squares = (np.zeros(len(pairs)) for _ in range(3))
    for i, drawn in graph.excess(pairs, observed, range(len(pairs)), shuffles):
        higher[i] += _reached(drawn, observed[i])
        total[i] += drawn.sum()
        squares[i] += (drawn**2).sum()
    mean = total / shuffles
    return higher, mean, np.sqrt(np.maximum(squares / shuffles - mean**2, 0))


def _reached(excess: np.ndarray, observed: float) -> int:
    return int((excess >= -_TIE * abs(observed)).sum())


def _z(observed: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    varies = sd > _TIE * np.abs(observed)
    return np.divide(-mean, sd, out=np.full(len(sd), np.nan), where=varies)


def _total(
    ligand: np.ndarray, receptor: np.ndarray, source: np.ndarray, target: np.ndarray
) -> float:
    """Sum over edges and both directions of ligand x receptor."""
    forward = ligand[source].astype(np.float64) @ receptor[target]
    back = receptor[source].astype(np.float64) @ ligand[target]
    return float(forward + back)


def _totals(
    ligand: np.ndarray,
    receptor: np.ndarray,
    source: np.ndarray,
    target: np.ndarray,
    partners: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """The sums for (b,) rewired graphs, over the edges where the rarer factor is not zero."""
    new_target, new_source = partners

    def one_way(at_source: np.ndarray, at_target: np.ndarray) -> np.ndarray:
        values, other_values = at_source[source], at_target[target]
        if np.count_nonzero(values) > np.count_nonzero(other_values):
            values, at_target, partner = other_values, at_source, new_source
        else:
            partner = new_target
        rows = np.flatnonzero(values)
        return values[rows] @ np.take(at_target, partner[rows])

    return one_way(ligand, receptor).astype(np.float64) + one_way(receptor, ligand)
