"""SpatialFusion: a spatial and a feature graph fused by attention (a descendant of GraphST).

Re-implemented from its description on sparse graphs, without n x n arrays. Two properties of the
original are kept. Its feature graph is TRANSPOSED: a cell receives from the cells that list it
among their 20 nearest, not from its own 20 nearest (``transposed_feature_graph: false`` uses its
own). The identity is added to every graph AFTER normalization, so a cell has the same weight as the
mean of its neighbors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss, normalize
from tqdm import tqdm

from methods.spatialfusion.dropout import dropout
from methods.spatialfusion.feature_neighbors import nearest_by_correlation
from methods.spatialfusion.preprocessing import scaled_expression
from stbench.common.errors import InputError
from stbench.fitting.interface import Fit, Recorder
from stbench.graphs.neighbors import knn
from stbench.nn.sparse import SparseMatrix


@dataclass(frozen=True)
class Settings:
    """Hyper-parameters; their published values are in ``config/methods.yaml``."""

    epochs: int
    lr: float
    n_genes: int
    target_sum: float
    max_value: float
    n_spatial_neighbors: int
    n_feature_neighbors: int
    transposed_feature_graph: bool
    n_hidden: int
    n_heads: int
    dropout: float
    reconstruction_weight: float
    contrastive_weight: float
    n_components: int
    record_every: int

    def __post_init__(self) -> None:
        positive = ("epochs", "n_spatial_neighbors", "n_feature_neighbors", "n_genes", "n_hidden")
        for name in (*positive, "n_heads", "n_components", "record_every", "lr"):
            if not getattr(self, name) > 0:
                raise InputError(f"spatialfusion: {name} is {getattr(self, name)}: must be above 0")
        if not 0 <= self.dropout < 1:
            raise InputError(f"spatialfusion: dropout is {self.dropout}: must be 0 to below 1")
        if self.n_hidden % self.n_heads:
            raise InputError(
                f"spatialfusion: n_hidden ({self.n_hidden}) must be a multiple of n_heads "
                f"({self.n_heads})"
            )


class Graphs(NamedTuple):
    """The cell graphs of one tissue, each (n, n) CSR.

    Attributes:
        spatial: nearest in space, symmetric by union, normalized, plus the identity.
        feature: nearest in features by correlation, directed, normalized, plus the identity.
        neighborhood: mean over a cell and its nearest in space (directed).
    """

    spatial: sp.csr_matrix
    feature: sp.csr_matrix
    neighborhood: sp.csr_matrix


def build_graphs(features: np.ndarray, coords: np.ndarray, s: Settings) -> Graphs:
    """The three graphs of (n, genes) features at (n, 2) coordinates."""
    n = len(coords)
    near = _directed(knn(coords, s.n_spatial_neighbors)[1])
    either = near.maximum(near.T)
    scale = sp.diags_array(1 / np.sqrt(either.sum(axis=1)))
    alike = _directed(nearest_by_correlation(features, s.n_feature_neighbors))
    degree = alike.sum(axis=1)[0]  # the same for all cells, so normalizing is a division
    alike = alike.T if s.transposed_feature_graph else alike
    identity = sp.eye_array(n)
    self_and_near = near + identity
    return Graphs(
        spatial=sp.csr_matrix(scale @ either @ scale + identity),
        feature=sp.csr_matrix(alike / degree + identity),
        neighborhood=sp.csr_matrix(self_and_near / self_and_near.sum(axis=1)[0]),
    )


def _directed(neighbors: np.ndarray) -> sp.csr_array:
    """0/1 matrix with a one for each cell (row) and each of its (n, k) neighbors."""
    n, k = neighbors.shape
    matrix = sp.csr_array((np.ones(n * k), neighbors.ravel(), np.arange(0, n * k + 1, k)), (n, n))
    matrix.sort_indices()
    return matrix


class AttentionFusion(nn.Module):
    """Per cell and head a weighted mean of the views; heads side by side, then a linear layer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.project = nn.Parameter(torch.empty(heads, width, width // heads))
        self.score = nn.Parameter(torch.empty(heads, width // heads, 1))
        self.merge = nn.Linear(heads * width, width)
        for weights in (*self.project, *self.score):
            nn.init.xavier_uniform_(weights)

    def forward(self, views: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
        """(views, n, width) -> (n, width). (The original adds a constant to all scores, which
        cancels in the softmax and is left out.)"""
        heads, width, part = self.project.shape
        side_by_side = self.project.permute(1, 0, 2).reshape(width, heads * part)
        hidden = torch.tanh(views @ side_by_side).unflatten(2, (heads, part))
        share = (hidden * self.score.squeeze(2)).sum(dim=3, keepdim=True).softmax(dim=0)
        merged = (share * views.unsqueeze(2)).sum(dim=0).flatten(1)
        return self.merge(dropout(merged, rate, generator))


class SpatialFusion(nn.Module):
    """The network over the graphs of one tissue."""

    def __init__(self, s: Settings, genes: int, graphs: Graphs, device: str = "cpu") -> None:
        super().__init__()
        self.settings = s
        self.graphs = [SparseMatrix(graph, device) for graph in (graphs.spatial, graphs.feature)]
        self.neighborhood = SparseMatrix(graphs.neighborhood, device)
        self.view_weights = nn.Parameter(torch.ones(2))
        self.encoders = nn.Parameter(torch.empty(2, genes, s.n_hidden))
        self.fusion = AttentionFusion(s.n_hidden, s.n_heads)
        self.decoder = nn.Parameter(torch.empty(s.n_hidden, genes))
        # Shape (1, d, d) as in the original: Xavier's bound depends on it.
        self.bilinear = nn.Parameter(torch.empty(1, s.n_hidden, s.n_hidden))
        self.bilinear_bias = nn.Parameter(torch.zeros(1))
        for weights in (*self.encoders, self.decoder, self.bilinear):
            nn.init.xavier_uniform_(weights)
        self.to(device)

    def encode(
        self, x: Tensor, generator: torch.Generator | None = None, rows: Tensor | None = None
    ) -> Tensor:
        """(n, genes) -> (n, n_hidden).

        Args:
            generator: of the dropout; None is the evaluation pass.
            rows: permutation of the cells' features over the cells; None: their own features.
        """
        rate = self.settings.dropout
        views = []
        for graph, weights, scale in zip(
            self.graphs, self.encoders, self.view_weights, strict=True
        ):
            mapped = dropout(x, rate, generator) @ weights
            # Rows are permuted here, where they are short.
            mapped = mapped if rows is None else mapped.index_select(0, rows)
            views.append(scale * (graph @ mapped))
        return self.fusion(torch.stack(views), rate, generator)

    def summary(self, code: Tensor) -> Tensor:
        """(n, n_hidden) logistic of the normalized mean over each cell's neighborhood."""
        return torch.sigmoid(normalize(self.neighborhood @ code, dim=1))

    def logits(self, code: Tensor, other: Tensor, summary: Tensor) -> Tensor:
        """(n, 2) bilinear scores of two codes against a summary."""
        against = summary @ self.bilinear[0].t()
        scores = [(candidate * against).sum(dim=1) for candidate in (code, other)]
        return torch.stack(scores, dim=1) + self.bilinear_bias

    def losses(
        self, x: Tensor, permutation: Tensor, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruction (MSE) and the two contrastive losses, none of them weighted."""
        code = self.encode(x, generator)
        corrupted = self.encode(x, generator, permutation)
        real = self.logits(code, corrupted, self.summary(code))
        fake = self.logits(corrupted, code, self.summary(corrupted))
        target = torch.tensor([1.0, 0.0], device=x.device).expand_as(real)
        return (
            mse_loss(code @ self.decoder, x),
            binary_cross_entropy_with_logits(real, target),
            binary_cross_entropy_with_logits(fake, target),
        )

    def loss(self, losses: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """The weighted sum, which is minimized."""
        s, (reconstruction, real, fake) = self.settings, losses
        return s.reconstruction_weight * reconstruction + s.contrastive_weight * (real + fake)

    @torch.no_grad()
    def embed(self, x: Tensor) -> np.ndarray:
        """The principal components of the reconstruction, (n, at most n_components) float32."""
        code, decoder = self.encode(x).cpu().numpy(), self.decoder.cpu().numpy()
        return components_of_product(code, decoder, self.settings.n_components)


def components_of_product(code: np.ndarray, decoder: np.ndarray, n_components: int) -> np.ndarray:
    """Principal components of ``code @ decoder``, exact, without forming the product.

    With ``decoder.T = Q R`` the rows of the product are those of ``code @ R.T`` in the orthonormal
    basis Q. A component's largest loading is positive, as in scikit-learn.

    Args:
        code: (n, d).
        decoder: (d, genes).

    Returns:
        (n, min(n_components, n - 1, genes - 1, d)) float32.
    """
    from sklearn.decomposition import PCA

    basis, triangle = np.linalg.qr(decoder.T.astype(np.float64))
    n_components = min(n_components, len(code) - 1, len(basis) - 1, len(decoder))
    pca = PCA(n_components, svd_solver="covariance_eigh")
    scores = pca.fit_transform(code.astype(np.float64) @ triangle.T)
    loadings = pca.components_ @ basis.T
    largest = np.abs(loadings).argmax(axis=1)
    signs = np.sign(loadings[np.arange(n_components), largest])
    return (scores * signs).astype(np.float32)


def train(
    features: np.ndarray,
    coords: np.ndarray,
    s: Settings,
    seed: int,
    device: str,
    after_epoch: Callable[[int, SpatialFusion, Tensor], None] | None = None,
) -> tuple[SpatialFusion, Tensor, list[float]]:
    """Train on (n, genes) features at (n, 2) coordinates.

    Args:
        after_epoch: called with the epoch, the model and the features; first with epoch 0.

    Returns:
        The model, the features on the device, and the loss of every step.

    Raises:
        FloatingPointError: the loss is not finite.
    """
    graphs = build_graphs(features, coords, s)
    x = torch.from_numpy(features).to(device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SpatialFusion(s, x.shape[1], graphs, device)
    generator = torch.Generator(device=device).manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=s.lr, fused=True)
    if after_epoch:
        after_epoch(0, model, x)
    losses = []
    for epoch in tqdm(range(1, s.epochs + 1), "SpatialFusion", unit="epoch", disable=None):
        permutation = torch.randperm(len(x), generator=generator, device=device)
        loss = model.loss(model.losses(x, permutation, generator))
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss became {loss.item()} in epoch {epoch}")
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if after_epoch:
            after_epoch(epoch, model, x)
    return model, x, losses


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train SpatialFusion on a preprocessed AnnData.

    The input is that of GraphST: up to 3000 variable genes by their counts, totals scaled to 1e4,
    log1p, scaled without centering, clipped at 10. Intensities are treated the same way, but
    without choice of genes (more than ``n_genes``: not applicable); features are used unchanged.
    The embedding is what the original clusters: 20 principal components of the reconstruction of an
    evaluation pass. The number of domains is not used.

    Raises:
        InputError: a parameter is invalid.
        NotApplicableError: genes must be chosen but there are no counts.
        FloatingPointError: the loss is not finite.
    """
    s = Settings(**params)
    features = scaled_expression(adata, params)

    def observe(epoch: int, model: SpatialFusion, x: Tensor) -> None:
        if epoch % s.record_every == 0 or epoch == s.epochs:
            record(epoch, model.embed(x))

    model, x, losses = train(features, adata.obsm["spatial"], s, seed, device, observe)
    return Fit(
        embedding=model.embed(x),
        losses=losses,
        info={
            "loss": losses[-1],
            "genes": x.shape[1],
            "transposed_feature_graph": s.transposed_feature_graph,
        },
    )
