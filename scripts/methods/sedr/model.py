"""SEDR, version 2: a masked graph autoencoder with embedded clustering (Xu et al., Genome
Medicine 2024).

Re-implemented from its description on sparse graphs, without n x n arrays. Properties of the
original that are kept: 80 % of the cells are MASKED WHENEVER the network is used, also for the
embedding, which therefore depends on the mask (``masked_evaluation: false`` uses unmasked cells);
"log variances" are used as log standard deviations; unlinked pairs are drawn as in
``methods.sedr.graph``; the clustering stage always has 10 centers, regardless of the number of
domains; its KL term is the mean over all entries, not over cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    cosine_similarity,
    elu,
    kl_div,
    mse_loss,
)
from tqdm import tqdm

from methods.sedr.graph import (
    Pairs,
    SpatialGraph,
    draw_positions,
    labeled_pairs,
    spatial_graph,
)
from methods.sedr.preprocessing import scaled_components
from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.interface import Fit, Recorder
from stbench.nn.sparse import SparseMatrix


@dataclass(frozen=True)
class Settings:
    """Hyper-parameters; their published values are in ``config/methods.yaml``.

    ``epochs`` are those of the first stage, ``dec_epochs`` those of the clustering stage (0: none).
    """

    epochs: int
    dec_epochs: int
    lr: float
    weight_decay: float
    min_cells: int
    min_counts: float
    target_sum: float
    n_genes: int
    n_components: int
    n_neighbors: int
    feat_hidden1: int
    feat_hidden2: int
    gcn_hidden1: int
    gcn_hidden2: int
    dropout: float
    bn_momentum: float
    bn_eps: float
    mask_rate: float
    masked_evaluation: bool
    rec_weight: float
    gcn_weight: float
    self_weight: float
    dec_kl_weight: float
    dec_clusters: int
    dec_interval: int
    record_every: int

    def __post_init__(self) -> None:
        positive = ("epochs", "lr", "target_sum", "n_components", "n_neighbors", "feat_hidden1")
        more = ("feat_hidden2", "gcn_hidden1", "gcn_hidden2", "dec_clusters", "dec_interval")
        for name in (*positive, *more, "record_every"):
            if not getattr(self, name) > 0:
                raise InputError(f"sedr: {name} is {getattr(self, name)}: must be above 0")
        for name in ("dec_epochs", "n_genes", "weight_decay", "min_cells", "min_counts"):
            if not getattr(self, name) >= 0:
                raise InputError(f"sedr: {name} is {getattr(self, name)}: must not be below 0")
        if not 0 <= self.dropout < 1:
            raise InputError(f"sedr: dropout is {self.dropout}: must be 0 to below 1")
        if not 0 < self.mask_rate <= 1:
            raise InputError(f"sedr: mask_rate is {self.mask_rate}: must be above 0, at most 1")


class Draws(NamedTuple):
    """The random choices of one training pass.

    Attributes:
        masked: (n,) bool, the cells that get the token.
        kept: dropout's 0/1 of the encoder's two layers, gc1, gc2, gc3 and the decoder; None: all.
        noise: (n, gcn_hidden2) standard normal.
    """

    masked: Tensor
    kept: tuple[Tensor, ...] | None
    noise: Tensor


def draw_mask(n: int, s: Settings, generator: torch.Generator) -> Tensor:
    """(n,) bool with int(mask_rate * n) cells masked, at least one."""
    masked = torch.zeros(n, dtype=torch.bool)
    masked[torch.randperm(n, generator=generator)[: max(int(s.mask_rate * n), 1)]] = True
    return masked


def draw(n: int, s: Settings, generator: torch.Generator) -> Draws:
    """The choices of one training pass, in the original's order, on the CPU."""
    masked = draw_mask(n, s, generator)

    def keep(*widths: int) -> tuple[Tensor, ...]:
        share = 1 - s.dropout
        return tuple(torch.empty(n, w).bernoulli_(share, generator=generator) for w in widths)

    if s.dropout == 0:
        return Draws(masked, None, torch.randn(n, s.gcn_hidden2, generator=generator))
    encoder = keep(s.feat_hidden1, s.feat_hidden2, s.feat_hidden2, s.gcn_hidden1, s.gcn_hidden1)
    noise = torch.randn(n, s.gcn_hidden2, generator=generator)
    return Draws(masked, (*encoder, *keep(s.feat_hidden2 + s.gcn_hidden2)), noise)


class Code(NamedTuple):
    """The output of the encoder: ``z`` is [feat, sampled mu]; ``x`` is the input with the token
    added to masked cells."""

    x: Tensor
    feat: Tensor
    mu: Tensor
    logvar: Tensor
    z: Tensor


def glorot(inputs: int, outputs: int) -> nn.Parameter:
    return nn.Parameter(nn.init.xavier_uniform_(torch.empty(inputs, outputs)))


class Sedr(nn.Module):
    """The network on the graph of one tissue."""

    def __init__(self, s: Settings, width: int, graph: SpatialGraph, device: str = "cpu") -> None:
        super().__init__()
        self.settings = s
        self.graph = SparseMatrix(graph.adjacency, device)
        self.norm = graph.norm
        self.linear1 = nn.Linear(width, s.feat_hidden1)
        self.linear2 = nn.Linear(s.feat_hidden1, s.feat_hidden2)
        self.norm1 = nn.BatchNorm1d(s.feat_hidden1, eps=s.bn_eps, momentum=s.bn_momentum)
        self.norm2 = nn.BatchNorm1d(s.feat_hidden2, eps=s.bn_eps, momentum=s.bn_momentum)
        latent = s.feat_hidden2 + s.gcn_hidden2
        self.decoder = glorot(latent, width)
        self.gc1 = glorot(s.feat_hidden2, s.gcn_hidden1)
        self.gc2 = glorot(s.gcn_hidden1, s.gcn_hidden2)
        self.gc3 = glorot(s.gcn_hidden1, s.gcn_hidden2)
        self.centers = nn.Parameter(nn.init.xavier_normal_(torch.empty(s.dec_clusters, latent)))
        self.token = nn.Parameter(torch.zeros(1, width))
        self.to(device)

    def dropped(self, values: Tensor, draws: Draws | None, layer: int) -> Tensor:
        """Dropout with the entries drawn for the layer."""
        if draws is None or draws.kept is None:
            return values
        return values * draws.kept[layer] / (1 - self.settings.dropout)

    def encode(self, x: Tensor, masked: Tensor, draws: Draws | None = None) -> Code:
        """(n, width) -> codes; without draws (evaluation) nothing is dropped and z holds mu."""
        x = x + masked[:, None] * self.token
        hidden = self.dropped(elu(self.norm1(self.linear1(x))), draws, 0)
        feat = self.dropped(elu(self.norm2(self.linear2(hidden))), draws, 1)
        # Products are ordered so that intermediate matrices are narrow.
        hidden = torch.relu((self.graph @ self.dropped(feat, draws, 2)) @ self.gc1)
        mapped = [
            self.dropped(hidden, draws, 3) @ self.gc2,
            self.dropped(hidden, draws, 4) @ self.gc3,
        ]
        mu, logvar = (self.graph @ torch.cat(mapped, dim=1)).chunk(2, dim=1)
        sampled = mu if draws is None else mu + draws.noise * torch.exp(logvar)
        return Code(x, feat, mu, logvar, torch.cat([feat, sampled], dim=1))

    def decode(self, z: Tensor, draws: Draws | None = None) -> Tensor:
        """(n, latent) -> (n, width)."""
        return (self.graph @ self.dropped(z, draws, 5)) @ self.decoder

    @torch.no_grad()
    def embed(self, x: Tensor, masked: Tensor) -> Tensor:
        """(n, latent), an evaluation pass."""
        self.eval()
        z = self.encode(x, masked).z
        self.train()
        return z

    def assignment(self, z: Tensor) -> Tensor:
        """(n, clusters) soft assignment to the centers, by Student's t."""
        q = 1 / (1 + (z[:, None] - self.centers).square().sum(dim=2))
        return q / q.sum(dim=1, keepdim=True)

    def losses(
        self, x: Tensor, draws: Draws, pairs: Pairs, target: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """The unweighted losses and their weighted sum, which is minimized.

        They are reconstruction, links, Kullback-Leibler divergence from the normal, and the term of
        the stage (agreement of masked cells, or of the clusters with ``target``).
        """
        s = self.settings
        code = self.encode(x, draws.masked, draws)
        decoded = self.decode(code.z, draws)
        logits = (code.z[pairs.rows] * code.z[pairs.columns]).sum(dim=1)
        links = self.norm * binary_cross_entropy_with_logits(logits, pairs.linked)
        spread = 1 + 2 * code.logvar - code.mu.square() - torch.exp(code.logvar).square()
        normal = -0.5 / len(x) * spread.sum(dim=1).mean()
        if target is None:
            # The token gets gradients through the target of the comparison, too.
            alike = cosine_similarity(decoded[draws.masked], code.x[draws.masked], eps=1e-12)
            added, weight = (1 - alike).pow(3).mean(), s.self_weight
        else:
            added = kl_div(self.assignment(code.z).log(), target, reduction="none").mean()
            weight = s.dec_kl_weight
        reconstruction = mse_loss(decoded, x)
        total = s.rec_weight * reconstruction + s.gcn_weight * (links + normal) + weight * added
        return reconstruction, links, normal, added, total


def step(
    model: Sedr,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    draws: Draws,
    pairs: Pairs,
    target: Tensor | None = None,
) -> tuple[Tensor, ...]:
    """One training step, of the clustering stage if there is a ``target``; returns the losses of
    ``Sedr.losses`` before it."""
    losses = model.losses(x, draws, pairs, target)
    optimizer.zero_grad()
    losses[-1].backward()
    optimizer.step()
    return tuple(loss.detach() for loss in losses)


def sharpened(q: Tensor) -> Tensor:
    """The target assignment of the clustering stage: squared, balanced over clusters."""
    p = q.square() / q.sum(dim=0)
    return p / p.sum(dim=1, keepdim=True)


def cluster_centers(z: np.ndarray, n_clusters: int) -> np.ndarray:
    """(clusters, latent) k-means centers of the embedding.

    Raises:
        NotApplicableError: fewer cells than clusters.
    """
    from sklearn.cluster import KMeans

    if len(z) < n_clusters:
        raise NotApplicableError(f"needs at least {n_clusters} cells, this dataset has {len(z)}")
    return KMeans(n_clusters, n_init=2 * n_clusters, random_state=42).fit(z).cluster_centers_


def train(
    features: np.ndarray, graph: SpatialGraph, s: Settings, seed: int, device: str, record: Recorder
) -> tuple[np.ndarray, list[float]]:
    """Both stages; the epochs of the second stage are numbered after those of the first.

    All random numbers are drawn on the CPU, from the seed and in the original's order. Recorded
    epochs share one separate mask, except the last, which has the mask that the original draws.

    Returns:
        The embedding (n, latent) and the loss of every step.

    Raises:
        FloatingPointError: the loss is not finite.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Sedr(s, features.shape[1], graph, device)
        generator = torch.Generator()
        generator.set_state(torch.get_rng_state())
    x, n = torch.from_numpy(features).to(device), len(features)
    optimizer = torch.optim.Adam(
        model.parameters(), lr=s.lr, weight_decay=s.weight_decay, fused=True
    )
    watch = draw_mask(n, s, torch.Generator().manual_seed(seed))

    def embed(mask: Tensor | None = None) -> Tensor:
        mask = draw_mask(n, s, generator) if mask is None else mask
        return model.embed(x, (mask & s.masked_evaluation).to(device))

    record(0, embed(watch).cpu().numpy())
    pairs, target, last = None, None, s.epochs + s.dec_epochs
    losses = []
    for epoch in tqdm(range(1, last + 1), "SEDR", unit="epoch", disable=None):
        if epoch == s.epochs + 1:
            centers = cluster_centers(embed().cpu().numpy(), s.dec_clusters)
            model.centers.data.copy_(torch.from_numpy(centers))
        if epoch > s.epochs and (epoch - s.epochs - 1) % s.dec_interval == 0:
            with torch.no_grad():
                target = sharpened(model.assignment(embed()))
        draws = to_device(draw(n, s, generator), device)
        if pairs is None:
            drawn = draw_positions(graph.links, generator)
            pairs = labeled_pairs(graph.links, drawn).to(device)
        loss = step(model, optimizer, x, draws, pairs, target)[-1]
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss became {loss.item()} in epoch {epoch}")
        losses.append(loss.item())
        if epoch == last:
            embedding = embed().cpu().numpy()
            record(epoch, embedding.copy())
        elif epoch % s.record_every == 0:
            record(epoch, embed(watch).cpu().numpy())
    return embedding, losses


def to_device(draws: Draws, device: str) -> Draws:
    kept = None if draws.kept is None else tuple(part.to(device) for part in draws.kept)
    return Draws(draws.masked.to(device), kept, draws.noise.to(device))


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train SEDR on a preprocessed AnnData.

    The input is computed from the counts: rare genes dropped, totals scaled to 1e6, no log, up to
    2000 variable genes, z-scores, 200 components. Intensities are treated the same way, but without
    filter and choice of genes (more than ``n_genes``: not applicable); features replace the
    components, unchanged. The embedding is the latent z of an evaluation pass, (n, 32). The number
    of domains is not used.

    Raises:
        InputError: a parameter is invalid, or leaves no genes.
        NotApplicableError: genes must be chosen but there are no counts, or too few cells.
        FloatingPointError: the loss is not finite.
    """
    s = Settings(**params)
    features = scaled_components(adata, asdict(s))
    graph = spatial_graph(adata.obsm["spatial"], s.n_neighbors)
    embedding, losses = train(features, graph, s, seed, device, record)
    return Fit(
        embedding=embedding,
        losses=losses,
        info={
            "loss": losses[-1],
            "components": features.shape[1],
            "masked_evaluation": s.masked_evaluation,
            "clustering_stage": s.dec_epochs > 0,
        },
    )
