"""DeepLinc: a variational graph autoencoder with an adversary (Li and Yang, Genome Biology 2022).

Re-implemented from its description on sparse graphs, without n x n arrays: the loss over all pairs
of cells is computed in row blocks. Its task is the graph of interacting cells; the embedding is a
by-product. Properties of the original that are kept: the embedding is a SAMPLE of the posterior,
not its mean; one sample is drawn before every iteration, the first from the untrained network, and
the one with the best average precision on the held-out links is chosen, so that the last iteration
is never used; the divergence from the normal is divided by the number of cells twice and is almost
negligible; dropout is off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from tqdm import tqdm

from methods.deeplinc.adam import TensorFlowAdam
from methods.deeplinc.graph import adjacency, normalized, short_links
from methods.deeplinc.links import (
    HeldOut,
    LinkScores,
    hold_out,
    learned_graph,
    link_scores,
    random_pair_scores,
)
from methods.deeplinc.loss import all_pairs_link_loss
from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.interface import Fit, Recorder
from stbench.nn.sparse import SparseMatrix

_ADVERSARY_SEED = 1


@dataclass(frozen=True)
class Settings:
    """Hyper-parameters; their published values are in ``config/methods.yaml``.

    Attributes:
        epochs: iterations, each of ``autoencoder_steps``, then ``discriminator_steps``, then
            ``generator_steps``.
        lr: of the autoencoder.
        adversarial_lr: of the discriminator and, against it, of the encoder.
        min_cells: genes detected in fewer cells are dropped (counts only).
        log_offset: c of ln(x + c), followed by z-scores of genes, then of cells; 0: values are
            not transformed.
        distance_cutoff: see ``methods.deeplinc.graph``.
        max_neighbors: of the learned graph, see ``methods.deeplinc.links.predicted_graph``.
    """

    epochs: int
    autoencoder_steps: int
    discriminator_steps: int
    generator_steps: int
    lr: float
    adversarial_lr: float
    min_cells: int
    log_offset: float
    n_neighbors: int
    distance_cutoff: float
    test_share: float
    hidden_dim: int
    code_dim: int
    adversary_hidden1: int
    adversary_hidden2: int
    adversary_weight_sd: float
    max_neighbors: int
    record_every: int

    def __post_init__(self) -> None:
        steps = ("epochs", "autoencoder_steps", "discriminator_steps", "generator_steps")
        widths = ("hidden_dim", "code_dim", "adversary_hidden1", "adversary_hidden2")
        rates = ("lr", "adversarial_lr", "n_neighbors", "distance_cutoff", "record_every")
        for name in (*steps, *widths, *rates):
            if not getattr(self, name) > 0:
                raise InputError(f"deeplinc: {name} is {getattr(self, name)}: must be above 0")
        for name in ("min_cells", "log_offset", "adversary_weight_sd", "max_neighbors"):
            if not getattr(self, name) >= 0:
                raise InputError(f"deeplinc: {name} is {getattr(self, name)}: must not be below 0")
        if not 0 < self.test_share < 1:
            raise InputError(f"deeplinc: test_share is {self.test_share}: must be between 0 and 1")


def z_scores(values: np.ndarray, axis: int) -> np.ndarray:
    """Centered and divided by the population's standard deviation along an axis; constants: 0."""
    constant = np.ptp(values, axis=axis, keepdims=True) == 0
    values = values - values.mean(axis=axis, keepdims=True)
    spread = values.std(axis=axis, keepdims=True)
    values /= np.where(constant | (spread == 0), np.inf, spread)
    return values


def network_input(adata: Any, s: Settings) -> np.ndarray:
    """ln(x + c) of the counts, z-scores of genes over cells, then of cells over genes.

    Intensities are treated the same way, but no gene is dropped; features are not log-transformed.

    Returns:
        (n, genes) dense float32.

    Raises:
        InputError: fewer than two genes remain, or a value has no logarithm.
    """
    values, kind = adata.layers["counts"], adata.uns["dataset"]["kind"]
    values = (values.toarray() if sp.issparse(values) else np.asarray(values)).astype(np.float64)
    if kind == "counts":
        kept = (values != 0).sum(axis=0) >= s.min_cells
        if kept.sum() < 2:
            raise InputError(
                f"deeplinc: {kept.sum()} genes are detected in {s.min_cells} cells or more; "
                "lower min_cells"
            )
        values = values[:, kept] if not kept.all() else values
    if s.log_offset > 0:
        if kind != "features":
            if values.min() <= -s.log_offset:
                raise InputError(
                    f"deeplinc: a value is {values.min():g} and has no ln(x + {s.log_offset:g}); "
                    "raise log_offset, or set it to 0 to use untransformed values"
                )
            values = np.log(values + s.log_offset)
        values = z_scores(z_scores(values, axis=0), axis=1)
    return np.ascontiguousarray(values, dtype=np.float32)


class DeepLinc(nn.Module):
    """Encoder and discriminator on the training links of one tissue."""

    def __init__(
        self,
        s: Settings,
        features: np.ndarray,
        links: np.ndarray,
        generator: torch.Generator,
        device: str = "cpu",
    ) -> None:
        """Features (n, genes), undirected training links (m, 2). The initial weights of the encoder
        are drawn from the generator; those of the discriminator are the same for every seed, as in
        the original.
        """
        super().__init__()
        self.settings = s
        self.adjacency = normalized(adjacency(links, len(features), loops=True))
        self.graph = SparseMatrix(self.adjacency, device)
        # The first layer is linear in the smoothed features, which never change.
        self.smoothed = self.graph @ torch.from_numpy(features).to(device)
        self.links = torch.from_numpy(np.ascontiguousarray(links, dtype=np.int64)).to(device)
        widths = (features.shape[1], s.hidden_dim), *2 * [(s.hidden_dim, s.code_dim)]
        self.to_hidden, self.to_mean, self.to_spread = (
            nn.Parameter(nn.init.xavier_uniform_(torch.empty(width), generator=generator))
            for width in widths
        )
        self.adversary = nn.Sequential(
            nn.Linear(s.code_dim, s.adversary_hidden1),
            nn.ReLU(),
            nn.Linear(s.adversary_hidden1, s.adversary_hidden2),
            nn.ReLU(),
            nn.Linear(s.adversary_hidden2, 1),
        )
        own = torch.Generator().manual_seed(_ADVERSARY_SEED)
        for layer in self.adversary:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=s.adversary_weight_sd, generator=own)
                nn.init.zeros_(layer.bias)
        self.to(device)

    def encoder(self) -> list[nn.Parameter]:
        """The weights that the embedding depends on."""
        return [self.to_hidden, self.to_mean, self.to_spread]

    def posterior(self) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation of the code, both (n, code_dim)."""
        hidden = self.graph @ torch.relu(self.smoothed @ self.to_hidden)
        mean, spread = (hidden @ torch.cat([self.to_mean, self.to_spread], dim=1)).chunk(2, dim=1)
        return mean, spread

    def sample(self, noise: Tensor) -> Tensor:
        """The code (n, code_dim) for standard normal noise of that shape."""
        return sampled(*self.posterior(), noise)

    def autoencoder_losses(self, noise: Tensor, *, valued: bool = True) -> tuple[Tensor, Tensor]:
        """Cross-entropy of the links over all pairs (or NaN), divergence from the normal."""
        mean, spread = self.posterior()
        links = all_pairs_link_loss(sampled(mean, spread, noise), self.links, valued=valued)
        terms = 1 + 2 * spread - mean.square() - torch.exp(spread).square()
        return links, -0.5 / len(mean) * terms.sum(dim=1).mean()

    def discriminator_losses(self, noise: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy of normal noise as real, of codes as fake."""
        with torch.no_grad():
            code = self.sample(noise)
        return cross_entropy_to(self.adversary(real), 1), cross_entropy_to(self.adversary(code), 0)

    def generator_loss(self, noise: Tensor) -> Tensor:
        """Cross-entropy of codes as real."""
        return cross_entropy_to(self.adversary(self.sample(noise)), 1)


def sampled(mean: Tensor, spread: Tensor, noise: Tensor) -> Tensor:
    return mean + noise * torch.exp(spread)


def cross_entropy_to(logits: Tensor, truth: float) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))


class Optimizers:
    """One for each of the three losses, each with its own moments: two update the encoder."""

    def __init__(self, model: DeepLinc) -> None:
        s, adversary = model.settings, list(model.adversary.parameters())
        self.autoencoder = TensorFlowAdam(model.encoder(), s.lr)
        self.discriminator = TensorFlowAdam(adversary, s.adversarial_lr)
        self.generator = TensorFlowAdam(model.encoder(), s.adversarial_lr)


def descend(optimizer: torch.optim.Optimizer, *losses: Tensor) -> Tensor:
    """One step on the sum of the losses for the optimizer's weights; the losses before it."""
    optimizer.zero_grad()
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    torch.stack(losses).sum().backward(inputs=weights)
    optimizer.step()
    return torch.stack(losses).detach()


def train_iteration(
    model: DeepLinc,
    optimizers: Optimizers,
    draw: Callable[[], Tensor],
    real: Tensor,
    *,
    every_loss: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """One iteration.

    Args:
        draw: returns the noise of each step, (n, code_dim).
        real: samples that the discriminator distinguishes from codes, (n, code_dim).
        every_loss: compute the links' cross-entropy in every step; otherwise in the last, else NaN.

    Returns:
        Losses before each step: autoencoder (steps, 2), discriminator (steps, 2), generator
        (steps, 1).
    """
    s, autoencoder = model.settings, []
    for step in range(1, s.autoencoder_steps + 1):
        valued = every_loss or step == s.autoencoder_steps
        losses = model.autoencoder_losses(draw(), valued=valued)
        autoencoder.append(descend(optimizers.autoencoder, *losses))
    discriminator = [
        descend(optimizers.discriminator, *model.discriminator_losses(draw(), real))
        for _ in range(s.discriminator_steps)
    ]
    generator = [
        descend(optimizers.generator, model.generator_loss(draw()))
        for _ in range(s.generator_steps)
    ]
    return torch.stack(autoencoder), torch.stack(discriminator), torch.stack(generator)


class Candidate(NamedTuple):
    """A sample of the code (n, code_dim), the iterations before it, its link scores."""

    iteration: int
    code: np.ndarray
    scores: LinkScores


class Trained(NamedTuple):
    """Candidates of the untrained network, the chosen and the last one, scores of the posterior
    mean after all iterations, the loss of every iteration's last autoencoder step."""

    untrained: Candidate
    chosen: Candidate
    last: Candidate
    mean: LinkScores
    losses: list[float]


def train(
    features: np.ndarray, held_out: HeldOut, s: Settings, seed: int, device: str, record: Recorder
) -> Trained:
    """All iterations on features (n, genes); all random numbers are drawn on the CPU.

    Raises:
        FloatingPointError: a loss or the embedding is not finite.
    """
    generator = torch.Generator().manual_seed(seed)
    model = DeepLinc(s, features, held_out.train, generator, device)
    optimizers = Optimizers(model)

    def draw() -> Tensor:
        return torch.randn(len(features), s.code_dim, generator=generator).to(device)

    def scores(code: np.ndarray) -> LinkScores:
        return link_scores(code, held_out.linked, held_out.unlinked)

    untrained: Candidate | None = None
    chosen: Candidate | None = None
    history = []
    for iteration in tqdm(range(s.epochs), "DeepLinc", unit="iteration", disable=None):
        with torch.no_grad():
            code = model.sample(draw()).cpu().numpy()
        if not np.isfinite(code).all():
            raise FloatingPointError(f"the embedding is not finite after iteration {iteration}")
        if iteration % s.record_every == 0:
            record(iteration, code.copy())
        last = Candidate(iteration, code, scores(code))
        untrained = untrained or last
        if chosen is None or last.scores.ap > chosen.scores.ap:
            chosen = last
        autoencoder, *adversarial = train_iteration(model, optimizers, draw, draw())
        if not all(torch.isfinite(part).all() for part in (autoencoder[-1], *adversarial)):
            raise FloatingPointError(f"a loss is not finite in iteration {iteration + 1}")
        history.append(autoencoder[-1].sum().item())
    assert untrained is not None and chosen is not None
    record(s.epochs, chosen.code.copy())
    with torch.no_grad():
        mean = model.posterior()[0].cpu().numpy()
    if not np.isfinite(mean).all():
        raise FloatingPointError(f"the embedding is not finite after iteration {s.epochs}")
    return Trained(untrained, chosen, last, scores(mean), history)


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train DeepLinc on a preprocessed AnnData.

    The input is that of ``network_input``; the number of domains is not used.

    Epochs are iterations. The record after iteration e, from 0 on, is the candidate sample of the
    code drawn at that point. No candidate is drawn after the last iteration: the CHOSEN sample,
    which is the embedding, is recorded instead. So the last recorded epoch is the method's own
    output, and those before it are its candidates.

    The learned graph holds the link probabilities above the threshold with the highest accuracy on
    the held-out links, at most ``max_neighbors`` proposed by a cell; that of the untrained network
    is made in the same way from the first candidate. ``info`` holds the scores on the held-out
    links of the chosen candidate (``edge_*``; chosen on these same links), of the last candidate
    (``last_edge_*``; not chosen) and of the last posterior mean (``mean_edge_*``).

    Raises:
        InputError: a parameter is invalid, or a value has no logarithm.
        NotApplicableError: the cell graph has too few links or unlinked pairs; without
            ``max_neighbors``, the learned graph has too many links.
        FloatingPointError: a loss or the embedding is not finite.
    """
    s = Settings(**params)
    features = network_input(adata, s)
    links, cutoff = short_links(adata.obsm["spatial"], s.n_neighbors, s.distance_cutoff)
    if len(links) == 0:
        raise NotApplicableError(
            f"no two neighboring cells are nearer than {cutoff:g} (distance_cutoff "
            f"{s.distance_cutoff:g}): on a lattice, give distance_cutoff as a distance"
        )
    held_out = hold_out(links, len(features), s.test_share, np.random.default_rng(seed))
    untrained, chosen, last, mean, losses = train(features, held_out, s, seed, device, record)
    graph, threshold = learned_graph(chosen.code, held_out, s.max_neighbors)
    try:
        before = learned_graph(untrained.code, held_out, s.max_neighbors)[0]
    except NotApplicableError:  # too many pairs, which may not hold for the trained graph
        before = None
    return Fit(
        embedding=chosen.code,
        adj_raw=graph,
        adj_normalized=normalized(graph),
        adj_untrained=before,
        null_scores=random_pair_scores(chosen.code, seed),
        losses=losses,
        info={
            "loss": losses[-1],
            "genes": features.shape[1],
            "links": len(links),
            "longest_link": cutoff,
            "held_out_links": len(held_out.linked),
            "chosen_iteration": chosen.iteration,
            "edge_auroc": chosen.scores.auroc,
            "edge_ap": chosen.scores.ap,
            "last_edge_auroc": last.scores.auroc,
            "last_edge_ap": last.scores.ap,
            "mean_edge_auroc": mean.auroc,
            "mean_edge_ap": mean.ap,
            "threshold": threshold,
            "learned_links": graph.nnz // 2,
        },
    )
