"""How many of STAGUE's edges are above the threshold where there is no structure.

    python benchmarks/edge_chance.py                                  simulated tissues: noise
    python benchmarks/edge_chance.py results/preprocessed/BZ5/*.h5ad  sections, cells shuffled

Prints Markdown: the share of edges with p of at most .05 by their own shuffles alone, and by
networks trained on shuffled cells (docs/interactions.md), for the mean graph and for each seed.
Both should be .05.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from stbench.common.io import read_h5ad
from stbench.common.paths import CONFIG
from stbench.common.seeding import seed_everything
from stbench.config.benchmark import load_benchmark
from stbench.config.schema import load_yaml
from stbench.interactions.chosen_edges import chance_by_edge
from stbench.interactions.edge_chance import calibrated
from stbench.interactions.edges import pair_distances, undirected
from stbench.interactions.structureless import (
    shuffled_tissue,
    train_on_shuffled_cells,
)
from stbench.interactions.tissue import LearnedGraph

NOISE = ((176, 600), (176, 600), (176, 600), (350, 60), (350, 60), (600, 160))  # cells, genes
SEEDS = (0, 1)
LIMIT = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", type=Path, help="preprocessed datasets (.h5ad)")
    args = parser.parse_args()
    seed_everything(0, 1)
    print("| tissue | cells | own shuffles: mean graph, seeds | trained on shuffled cells |")
    print("|---|--:|---|---|")
    if args.sections:
        for path in args.sections:
            # Another order than that of the networks trained on shuffled cells.
            adata = read_h5ad(path)
            print(
                row(path.parent.name, shuffled_tissue(adata, np.zeros(adata.n_obs), seed=1)),
                flush=True,
            )
    else:
        for i, (cells, genes) in enumerate(NOISE):
            print(row(f"noise, {genes} genes", noise(cells, genes, seed=i)), flush=True)


def noise(n_cells: int, n_genes: int, seed: int) -> Any:
    """Independent Poisson counts, log-normalized; half of the tissue is twice as dense."""
    rng = np.random.default_rng(seed)
    coords = rng.random((n_cells, 2))
    coords[: n_cells // 2, 0] /= 2
    counts = rng.poisson(rng.gamma(2, 1, n_genes), (n_cells, n_genes))
    total = counts.sum(axis=1, keepdims=True)
    adata = anndata.AnnData(np.log1p(counts / total * np.median(total)).astype(np.float32))
    adata.var["highly_variable"] = True
    adata.obsm["spatial"] = coords
    adata.uns["dataset"] = {"n_domains": 4}
    return adata


def row(name: str, adata: Any) -> str:
    """The shares of a tissue, whose cells have no structure."""
    stague = import_module("methods.stague.model")
    params = load_benchmark(load_yaml(CONFIG / "config.yaml"), CONFIG).params("stague", "BZ5")
    sections, graphs, weights = np.zeros(adata.n_obs, int), [], []
    for seed in SEEDS:
        seed_everything(seed, torch.get_num_threads())
        fit = stague.fit(adata.copy(), 4, seed, "cpu", params, lambda *_: None)
        pairs, scores = undirected(fit.adj_raw, adata.n_obs)
        graphs.append(LearnedGraph(seed, Path(), params, pairs, scores, None, None))
        weights.append(fit.weights)
    mean = pd.DataFrame(graphs[0].pairs, columns=["source", "target"])
    trained, _ = train_on_shuffled_cells(stague, adata, sections, graphs, "raw")
    own = chance_by_edge(mean, stague, sections, adata, graphs, weights)
    null = chance_by_edge(mean, stague, sections, *trained)
    assert own is not None and null is not None
    by_training = calibrated(own, null, pair_distances(adata.obsm["spatial"], *graphs[0].pairs.T))
    words = []
    for chance in (own, by_training):
        of_seeds = (chance.p <= LIMIT).mean(axis=1)
        shares = [(chance.p_of_mean <= LIMIT).mean(), *of_seeds]
        words.append(", ".join(f"{share:.3f}" for share in shares))
    return f"| {name} | {adata.n_obs} | {' | '.join(words)} |"


if __name__ == "__main__":
    main()
