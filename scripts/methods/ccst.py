"""CCST: Deep Graph Infomax over a distance graph (Li et al., Nature Computational Science 2022).

A re-implementation, equal to the original (commit 890de27) on stored values. Four graph
convolutions follow each other without activations in between, and one PReLU follows the last: they
are computed as four hops of smoothing and one product of small matrices, which gives the same
values and gradients at a fraction of the cost. Intended differences: pair distances are exact, so
cells at the same position are never neighbors; components come from an exact solver; batches are
not corrected.

Known defect of the original, kept where ``exclude_highly_expressed`` is true: a gene with more than
5 % of any one cell's counts is excluded from the totals. On panels the totals are then almost zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from scipy.spatial import cKDTree
from torch import Tensor, nn
from torch.nn.functional import linear

from stbench.common.errors import InputError
from stbench.fitting.interface import Fit, Recorder
from stbench.graphs.neighbors import knn
from stbench.nn.infomax import Encoder, Infomax, standardize, train, weighted_graph
from stbench.nn.sparse import SparseMatrix

_LAYERS = 4
_RECIPES = ("spots", "single_cell")
_EXACT_COLUMNS = 2000
_HIGH_SHARE = 0.05


class CcstEncoder(Encoder):
    """Four graph convolutions in a row, then a PReLU with one slope per channel.

    With S the graph, the result is S^4 X (W4 W3 W2 W1)^T plus the propagated biases,
    S^3 1 (W4 W3 W2 b1)^T and so on: one map of the smoothed features with four extra columns.
    """

    def __init__(self, features: Tensor, graph: SparseMatrix, hidden: int) -> None:
        """``features`` (n, p), ``graph`` normalized with loops."""
        super().__init__([features.shape[1], *[hidden] * _LAYERS])
        self.features, self.graph = features, graph
        self.slope = nn.PReLU(hidden)
        hops = [features.new_ones(len(features), 1)]
        for _ in range(_LAYERS - 1):
            hops.insert(0, graph @ hops[0])
        self.smoothed_ones = torch.cat(hops, dim=1)
        self.smoothed = self._smooth(features)

    def _smooth(self, features: Tensor) -> Tensor:
        for _ in range(_LAYERS):
            features = self.graph @ features
        return torch.cat([features, self.smoothed_ones], dim=1)

    def _map(self) -> Tensor:
        """(hidden, p + 4): the product of the weights, and one column for each bias."""
        first, *others = self.layers
        product = torch.cat([first.weight, first.bias.unsqueeze(1)], dim=1)
        for conv in others:
            product = torch.cat([conv.weight @ product, conv.bias.unsqueeze(1)], dim=1)
        return product

    def forward(self) -> Tensor:
        return self.slope(linear(self.smoothed, self._map()))

    def views(self, permutation: Tensor) -> tuple[Tensor, Tensor]:
        product = self._map()
        corrupted = self._smooth(self.features.index_select(0, permutation))
        return self.slope(linear(self.smoothed, product)), self.slope(linear(corrupted, product))


def distance_graph(coords: np.ndarray, threshold: float) -> np.ndarray:
    """Pairs of cells at different positions at most ``threshold`` apart.

    Returns:
        (m, 2) int64, smaller cell first, sorted.
    """
    return _pairs_within(np.asarray(coords, dtype=np.float64), threshold)[0]


def _pairs_within(coords: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs with 0 < distance <= threshold, and their distances."""
    reach = threshold * (1 + 1e-9)  # the tree rounds differently; the exact rule follows below
    pairs = cKDTree(coords).query_pairs(reach, output_type="ndarray").astype(np.int64)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    distances = np.linalg.norm(coords[pairs[:, 0]] - coords[pairs[:, 1]], axis=1)
    kept = (distances > 0) & (distances <= threshold)
    return pairs[kept], distances[kept]


def threshold_for(coords: np.ndarray, mean_neighbors: float) -> float:
    """The distance at which the mean number of neighbors is closest to ``mean_neighbors``.

    It is one of the pair distances; pairs of equal length are kept together.

    Raises:
        InputError: ``mean_neighbors`` is not above 0, or all cells are at the same position.
    """
    if mean_neighbors <= 0:
        raise InputError(f"mean_neighbors is {mean_neighbors}: it must be above 0")
    coords = np.asarray(coords, dtype=np.float64)
    n = len(coords)
    # The rank among the lists of nearest cells gives an upper bound of the one among all pairs.
    listed = knn(coords, int(np.ceil(2 * mean_neighbors)))[0]
    listed = np.sort(listed[listed > 0])
    if len(listed) == 0:
        raise InputError("coordinates: all nearest cells are at the same position; check them")
    reach = listed[min(int(np.ceil(mean_neighbors * n)), len(listed)) - 1]
    lengths, counts = np.unique(_pairs_within(coords, reach)[1], return_counts=True)
    means = 2 * np.cumsum(counts) / n
    return float(lengths[np.abs(means - mean_neighbors).argmin()])


def self_weighted(pairs: np.ndarray, n: int, lambda_self: float) -> sp.csr_matrix:
    """The normalized (1 - lambda) graph + lambda I; without a self term, a loop of 1 is added.

    (The convolution itself adds the loop, so lambda 0 does not mean "no self".)

    Raises:
        InputError: ``lambda_self`` is not between 0 and 1.
    """
    if not 0 <= lambda_self <= 1:
        raise InputError(f"lambda_self is {lambda_self}: it must be between 0 and 1")
    return weighted_graph(pairs, n, 1 - lambda_self, lambda_self if lambda_self > 0 else 1.0)


def seen_in(counts: sp.csr_matrix, min_cells: int) -> np.ndarray:
    """Indices of the genes that are detected in at least ``min_cells`` cells."""
    return np.flatnonzero(np.asarray((counts > 0).sum(axis=0)).ravel() >= min_cells)


def share_of_total(counts: sp.csr_matrix, exclude_highly_expressed: bool) -> sp.csr_matrix:
    """Counts divided by each cell's total; a total of zero divides by one.

    Args:
        counts: (n, genes).
        exclude_highly_expressed: genes with more than 5 % of any one cell's counts are excluded
            from the totals (not from the result).
    """
    counts = sp.csr_matrix(counts, dtype=np.float64)
    counted = np.ones(counts.shape[1])
    if exclude_highly_expressed:
        limit = _HIGH_SHARE * (counts @ counted)
        counted[counts.indices[counts.data > np.repeat(limit, np.diff(counts.indptr))]] = 0
    totals = counts @ counted
    return sp.csr_matrix(sp.diags_array(1 / np.where(totals > 0, totals, 1)) @ counts)


def single_cell_features(
    counts: sp.csr_matrix, min_mean: float, min_variance: float
) -> tuple[np.ndarray, np.ndarray]:
    """The recipe for single cells: no logarithm, no standardization, no components.

    Args:
        counts: (n, genes); genes with a mean below ``min_mean`` are dropped before totals are
            scaled to 10 000, those with a variance below ``min_variance`` afterwards.

    Returns:
        Indices of the remaining genes, and their values (n, remaining genes).
    """
    genes = np.flatnonzero(np.asarray(counts.mean(axis=0)).ravel() >= min_mean)
    scaled = 1e4 * share_of_total(counts[:, genes], exclude_highly_expressed=False).toarray()
    varied = scaled.var(axis=0) >= min_variance
    return genes[varied], scaled[:, varied]


def components(values: np.ndarray, wanted: int) -> np.ndarray:
    """Principal components, at most as many as rows or columns; repeatable.

    Exact by the covariance matrix for up to 2000 columns, above that by Lanczos iteration in
    single precision, as in the original.
    """
    from sklearn.decomposition import PCA

    n, columns = values.shape
    few = columns <= _EXACT_COLUMNS
    solver, precision = ("covariance_eigh", np.float64) if few else ("arpack", np.float32)
    pca = PCA(min(wanted, n, columns), svd_solver=solver, random_state=0)
    return pca.fit_transform(values.astype(precision)).astype(np.float32)


def features_of(adata: Any, params: Mapping[str, Any]) -> np.ndarray:
    """The network's input by the chosen recipe, (n, p) float32.

    ``spots``: genes detected in ``min_cells`` cells, shares of the total, standardized, ``n_pcs``
    components. ``single_cell``: see ``single_cell_features``. Intensities are treated as counts;
    features are standardized and reduced to components with any recipe.

    Raises:
        InputError: an unknown recipe, or one that leaves fewer than two genes.
    """
    recipe = params["recipe"]
    if recipe not in _RECIPES:
        raise InputError(f"recipe is {recipe!r}: it must be {' or '.join(_RECIPES)}")
    values = sp.csr_matrix(adata.layers["counts"], dtype=np.float64)
    if adata.uns["dataset"]["kind"] != "features":
        if recipe == "single_cell":
            genes, scaled = single_cell_features(
                values, float(params["min_mean"]), float(params["min_variance"])
            )
            _check_left(genes, "lower min_mean or min_variance, or use the recipe spots")
            return scaled.astype(np.float32)
        genes = seen_in(values, int(params["min_cells"]))
        _check_left(genes, "lower min_cells")
        values = share_of_total(values[:, genes], bool(params["exclude_highly_expressed"]))
    n, columns = values.shape
    wanted = min(int(params["n_pcs"]), n - 1, columns - 1)
    return components(standardize(values.toarray()), wanted)


def _check_left(genes: np.ndarray, advice: str) -> None:
    if len(genes) < 2:
        raise InputError(f"ccst: {len(genes)} genes are left, at least 2 are needed; {advice}")


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train CCST on a preprocessed AnnData of any kind; the number of domains is not used.

    The embedding is what CCST clusters: the first ``n_components`` principal components of the
    encoder's output, computed for each recorded epoch. ``threshold`` 0 searches for the distance at
    which cells have ``mean_neighbors`` neighbors on average.

    Raises:
        InputError: a parameter or the coordinates are invalid.
        FloatingPointError: the loss or the embedding is not finite.
    """
    coords, hidden = adata.obsm["spatial"], int(params["n_hidden"])
    n = len(coords)
    threshold = float(params["threshold"])
    if threshold < 0:
        raise InputError(f"threshold is {threshold}: it must be a distance, or 0 to search for one")
    threshold = threshold or threshold_for(coords, float(params["mean_neighbors"]))
    pairs = distance_graph(coords, threshold)
    graph = SparseMatrix(self_weighted(pairs, n, float(params["lambda_self"])), device)
    features = torch.from_numpy(features_of(adata, params)).to(device)
    generator = torch.Generator().manual_seed(seed)
    model = Infomax(CcstEncoder(features, graph, hidden), hidden)
    model.draw(generator)

    def permute() -> Tensor:
        # The original's data loader draws a number before every epoch.
        torch.empty((), dtype=torch.int64).random_(generator=generator)
        return torch.randperm(n, generator=generator)

    embedding, losses = train(
        model.to(device),
        permute=permute,
        epochs=int(params["epochs"]),
        lr=float(params["lr"]),
        record_every=int(params["record_every"]),
        record=record,
        represent=lambda encoded: components(encoded, int(params["n_components"])),
        title="CCST",
    )
    mean_neighbors = 2 * len(pairs) / n
    return Fit(
        embedding=embedding,
        losses=losses,
        info={"loss": losses[-1], "threshold": threshold, "mean_neighbors": mean_neighbors},
    )
