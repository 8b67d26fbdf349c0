"""SCAN-IT: Deep Graph Infomax over an alpha complex of the cells (Cang et al., BMVC 2021).

A re-implementation, equal to the original (commit ebf3894) on stored values. Two graph
convolutions, each followed by a PReLU with one slope per channel. Intended
differences: genes are ranked by Moran's I over the method's own graph instead of by SOMDE, a
separate program; the start of the consensus scaling does not depend on the number of cores. Of
cells at the same position only one has edges, as in the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from methods.scanit.alpha_complex import alpha_graph
from methods.scanit.mds import mean_distances, smacof, uniform_start
from stbench.common.errors import InputError
from stbench.data.preprocessing import log_normalize
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_links
from stbench.nn.infomax import Encoder, Infomax, standardize, train, weighted_graph
from stbench.nn.sparse import SparseMatrix

_GENES_AT_ONCE = 2000
_SEED_RANGE = 10000


class ScanitEncoder(Encoder):
    """Two graph convolutions with a PReLU each; both views share the first map."""

    def __init__(self, features: Tensor, graph: SparseMatrix, hidden: int) -> None:
        """``features`` (n, genes), ``graph`` normalized with loops."""
        super().__init__([features.shape[1], hidden, hidden])
        self.features, self.graph = features, graph
        self.slopes = nn.ModuleList([nn.PReLU(hidden), nn.PReLU(hidden)])

    def _after_first_map(self, mapped: Tensor) -> Tensor:
        first, second = self.layers
        inner = self.slopes[0](self.graph @ mapped + first.bias)
        return self.slopes[1](self.graph @ linear(inner, second.weight) + second.bias)

    def forward(self) -> Tensor:
        return self._after_first_map(linear(self.features, self.layers[0].weight))

    def views(self, permutation: Tensor) -> tuple[Tensor, Tensor]:
        mapped = linear(self.features, self.layers[0].weight)
        corrupted = mapped.index_select(0, permutation)
        return self._after_first_map(mapped), self._after_first_map(corrupted)


def spatially_variable(values: sp.csr_matrix, pairs: np.ndarray, count: int) -> np.ndarray:
    """Columns of the largest Moran's I over a graph, in their original order.

    Args:
        values: (n, genes).
        pairs: (m, 2) undirected edges, equally weighted.
        count: number of columns; all if there are fewer.
    """
    n, n_genes = values.shape
    if n_genes <= count:
        return np.arange(n_genes)
    half = sp.csr_matrix((np.ones(len(pairs)), pairs.T), shape=(n, n))
    graph = sp.csr_matrix(half + half.T)
    degree = np.asarray(graph.sum(axis=1)).ravel()
    columns = sp.csc_matrix(values, dtype=np.float64)
    moran = np.zeros(n_genes)
    for start in range(0, n_genes, _GENES_AT_ONCE):
        x = columns[:, start : start + _GENES_AT_ONCE]
        mean = np.asarray(x.mean(axis=0)).ravel()
        products = np.asarray(x.multiply(graph @ x).sum(axis=0)).ravel()
        covariance = products - 2 * mean * (x.T @ degree) + mean**2 * degree.sum()
        variance = np.asarray(x.multiply(x).sum(axis=0)).ravel() - n * mean**2
        varies = variance > 1e-12 * n
        np.divide(covariance, variance, out=moran[start : start + x.shape[1]], where=varies)
    return np.sort(np.argsort(-moran, kind="stable")[:count])


def features_of(adata: Any, pairs: np.ndarray, n_genes: int) -> np.ndarray:
    """The network's input: totals scaled to their median, log(1 + x), genes standardized.

    The totals are over all genes, including those dropped afterwards. Intensities are treated as
    counts; features are only standardized.

    Returns:
        (n, at most n_genes) float32.
    """
    values = adata.layers["counts"]
    if adata.uns["dataset"]["kind"] != "features":
        values = log_normalize(sp.csr_matrix(values), np.ones(values.shape[1], bool), target=0)
    values = sp.csr_matrix(values)
    return standardize(values[:, spatially_variable(values, pairs, n_genes)].toarray())


def run_seeds(seed: int, runs: int) -> list[int]:
    """Seeds of the runs of a consensus, drawn as in the original."""
    drawn = np.random.RandomState(seed).choice(_SEED_RANGE, runs, replace=False)
    return [int(value) for value in drawn]


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train SCAN-IT on a preprocessed AnnData of any kind; the number of domains is not used.

    With ``n_consensus`` above 1 the embedding is a multidimensional scaling of the runs' averaged
    distances to ``mds_components`` dimensions. It exists only after the last epoch, so nothing is
    recorded.

    Raises:
        InputError: a parameter or the coordinates are invalid.
        NotApplicableError: the graph has no link.
        FloatingPointError: the loss or the embedding is not finite.
    """
    runs, hidden, epochs = (int(params[key]) for key in ("n_consensus", "n_hidden", "epochs"))
    if not 1 <= runs <= _SEED_RANGE:
        raise InputError(f"n_consensus is {runs}: it must be between 1 and {_SEED_RANGE}")
    coords = adata.obsm["spatial"]
    n = len(coords)
    pairs = alpha_graph(coords, int(params["n_neighbors"]), int(params["n_layer"]))
    unlinked = need_links(pairs, n)
    features = torch.from_numpy(features_of(adata, pairs, int(params["n_genes"]))).to(device)
    graph = SparseMatrix(weighted_graph(pairs, n), device)

    def run(run_seed: int, record_run: Recorder) -> tuple[np.ndarray, list[float]]:
        generator = torch.Generator().manual_seed(run_seed)
        model = Infomax(ScanitEncoder(features, graph, hidden), hidden)
        model.draw(generator)
        return train(
            model.to(device),
            permute=lambda: torch.randperm(n, generator=generator),
            epochs=epochs,
            lr=float(params["lr"]),
            record_every=int(params["record_every"]) if runs == 1 else epochs,
            record=record_run,
            represent=lambda encoded: encoded,
            title="SCAN-IT",
        )

    info: dict[str, Any] = {"edges": len(pairs), "genes": features.shape[1], **unlinked}
    if runs == 1:
        embedding, losses = run(seed, record)
        return Fit(embedding=embedding, losses=losses, info={**info, "loss": losses[-1]})
    embeddings = [run(run_seed, lambda *_: None)[0] for run_seed in run_seeds(seed, runs)]
    start = uniform_start(n, int(params["mds_components"]), seed)
    scaling = smacof(
        mean_distances(embeddings), start, int(params["mds_max_iter"]), float(params["mds_eps"])
    )
    info |= {"mds_stress": scaling.stress, "mds_updates": scaling.updates}
    return Fit(embedding=scaling.points.astype(np.float32), info=info)
