"""Whether other graphs keep the degrees and the distances of the strongest pairs of learned graphs.

    python benchmarks/edge_swaps.py results     the results of a run with planted interactions

Edges are the strongest of the candidates of ``reach: 30``, as many as pairs interact, of training
seed 0 with default settings. *Swaps*: pairs of edges a-b and c-d that can become b-c and d-a, all
four within reach, with the same numbers of edges in each of 20 bins of distance. *Open*: the share
of edges that the maximum-entropy graph with the same expected degrees and bins does not decide
(``stbench.interactions.edge_nulls``). Prints Markdown: median, lowest and highest tissue.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from stbench.common.h5ad import read_elements
from stbench.common.seeding import limit_threads
from stbench.interactions.candidate_pairs import Candidates, graph_scores, within_reach
from stbench.interactions.edge_nulls import DISTANCE_BINS, Pool, fitted_probability
from stbench.interactions.metrics import true_pairs

GRAPH, TRUTH, COORDS = "obsp/learned_adj_raw", "obsp/true_interactions", "obsm/spatial"
REACH = 30


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, help="folder of results")
    args = parser.parse_args()
    limit_threads(1)
    found: dict[str, list[tuple[int, int, float]]] = {}
    for fit in sorted(args.results.glob("fits/*/*/default-*/seed0/fit.h5ad")):
        dataset, method = fit.parts[-5:-3]
        (data,) = args.results.glob(f"data/{dataset}/*.h5ad")
        graph = read_elements(fit, GRAPH).get(GRAPH)
        truth = read_elements(data, TRUTH, COORDS)
        if graph is not None and TRUTH in truth:
            near = within_reach(np.asarray(truth[COORDS]), REACH)
            n_true = int(true_pairs(truth[TRUTH], near.pairs).sum())
            found.setdefault(method, []).append(freedom(near, graph_scores(graph, near), n_true))
    print("| method | tissues | edges | swaps | open |")
    print("|---|--:|--:|--:|--:|")
    for method, rows in found.items():
        edges, swaps, share = (described(list(column)) for column in zip(*rows, strict=True))
        print(f"| {method} | {len(rows)} | {edges} | {swaps} | {share} |")


def described(values: list[float]) -> str:
    return f"{np.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def freedom(near: Candidates, scores: np.ndarray, n: int) -> tuple[int, int, float]:
    """Of the n strongest pairs: their number, the possible swaps, and the share that is open."""
    top = np.zeros(len(near), bool)
    top[np.argsort(-scores, kind="stable")[:n]] = True
    cuts = np.quantile(near.distances, np.linspace(0, 1, DISTANCE_BINS + 1)[1:-1])
    bins = np.searchsorted(cuts, near.distances)
    one, other = near.pairs.T
    pool = Pool(one, other, bins, np.bincount(bins, top), top, near.n_cells)
    p = fitted_probability(pool)
    return n, sum(1 for _ in swaps(near, top, bins)), float((p * (1 - p)).sum()) / n


def swaps(
    near: Candidates, top: np.ndarray, bins: np.ndarray
) -> Iterator[tuple[int, int, int, int]]:
    """Cells a, b, c, d of every swap, once."""
    pairs = near.pairs.tolist()
    bin_of = {tuple(pair): number for pair, number in zip(pairs, bins.tolist(), strict=True)}
    edges = {tuple(pair) for pair, is_top in zip(pairs, top, strict=True) if is_top}
    free: dict[int, list[int]] = {}  # the cells that could be joined to a cell, but are not
    joined: dict[int, list[int]] = {}
    for pair in bin_of:
        for one, other in (pair, pair[::-1]):
            (joined if pair in edges else free).setdefault(one, []).append(other)

    def key(one: int, other: int) -> tuple[int, int]:
        return (one, other) if one < other else (other, one)

    for a, b in edges:
        for d in free.get(a, []):
            for c in joined.get(d, []):
                first, second, last = (a, b), key(c, d), key(b, c)
                if first < second and last in bin_of and last not in edges:
                    before = sorted((bin_of[first], bin_of[second]))
                    if before == sorted((bin_of[last], bin_of[key(a, d)])):
                        yield a, b, c, d


if __name__ == "__main__":
    main()
