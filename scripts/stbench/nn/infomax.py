"""Deep Graph Infomax (Velickovic et al., ICLR 2019): cells against cells with shuffled expression.

An encoder gets the tissue and a copy whose rows of features are shuffled over the same graph; a
bilinear score against the summary of the true tissue discriminates between them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from tqdm import tqdm

from stbench.common.errors import InputError
from stbench.fitting.interface import Recorder

_EPS = 1e-15


def standardize(values: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and standard deviation (n - 1) 1; a constant one becomes 0. Float32."""
    values = np.asarray(values, dtype=np.float64)
    constant = np.ptp(values, axis=0) == 0
    spread = np.where(constant, 1.0, values.std(axis=0, ddof=1))
    scaled = values - values.mean(axis=0)
    scaled[:, constant] = 0
    scaled /= spread
    return scaled.astype(np.float32)


def weighted_graph(
    pairs: np.ndarray, n: int, edge_weight: float = 1.0, loop_weight: float = 1.0
) -> sp.csr_matrix:
    """D^-1/2 W D^-1/2 with W = edge_weight * graph + loop_weight * I, and D its row sums.

    Args:
        pairs: (m, 2) undirected, each once.
        loop_weight: above 0, so that a cell without neighbors keeps itself.
    """
    half = sp.csr_matrix((np.full(len(pairs), edge_weight), pairs.T), shape=(n, n))
    weights = half + half.T + loop_weight * sp.eye_array(n)
    scale = sp.diags_array(np.asarray(weights.sum(axis=1)).ravel() ** -0.5)
    return sp.csr_matrix(scale @ weights @ scale)


class Encoder(nn.Module, ABC):
    """A graph encoder that holds the features and the graph of its tissue."""

    def __init__(self, widths: Sequence[int]) -> None:
        """Convolutions from each width to the next."""
        super().__init__()
        self.convs = nn.ModuleList(map(nn.Linear, widths, widths[1:]))

    @property
    def layers(self) -> list[nn.Linear]:
        """Weights and biases of the graph convolutions."""
        return cast(list[nn.Linear], list(self.convs))

    @abstractmethod
    def forward(self) -> Tensor:
        """(n, hidden), the encoded tissue."""

    @abstractmethod
    def views(self, permutation: Tensor) -> tuple[Tensor, Tensor]:
        """Encoded tissue, and encoded copy in which cell i has the features of permutation[i]."""


class Infomax(nn.Module):
    """An encoder with its discriminator."""

    def __init__(self, encoder: Encoder, hidden: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.weight = nn.Parameter(torch.empty(hidden, hidden))

    @torch.no_grad()
    def draw(self, generator: torch.Generator) -> None:
        """Start values: Glorot uniform convolutions, biases zero, discriminator +-1/sqrt(hidden).

        PyTorch Geometric draws each convolution twice on construction and all of them again with
        the discriminator; the same is done here, so a seed gives the same start.
        """
        convs = self.encoder.layers
        for conv in (*(conv for conv in convs for _ in range(2)), *convs):
            nn.init.xavier_uniform_(conv.weight, generator=generator)
            conv.bias.zero_()
        bound = 1 / math.sqrt(len(self.weight))
        self.weight.uniform_(-bound, bound, generator=generator)

    def logits(self, true: Tensor, corrupted: Tensor) -> tuple[Tensor, Tensor]:
        """(n,) scores of true and of corrupted cells against the summary of the true cells."""
        direction = self.weight @ torch.sigmoid(true.mean(dim=0))
        return true @ direction, corrupted @ direction

    def losses(self, permutation: Tensor) -> tuple[Tensor, Tensor]:
        """Losses of the true and of the corrupted cells; their sum is minimized."""
        return contrast(*self.logits(*self.encoder.views(permutation)))


def contrast(positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """Means of -log(sigmoid(positive)) and of -log(1 - sigmoid(negative)).

    Evaluated literally: where 1 - sigmoid rounds to zero, the term is capped at 34.54 and has no
    gradient, as in the original programs. A log-sigmoid would differ.
    """
    return (
        -torch.log(torch.sigmoid(positive) + _EPS).mean(),
        -torch.log(1 - torch.sigmoid(negative) + _EPS).mean(),
    )


def train(
    model: Infomax,
    *,
    permute: Callable[[], Tensor],
    epochs: int,
    lr: float,
    record_every: int,
    record: Recorder,
    represent: Callable[[np.ndarray], np.ndarray],
    title: str,
) -> tuple[np.ndarray, list[float]]:
    """Train with Adam, one step of the whole tissue per epoch.

    Args:
        permute: the next shuffle of the cells.
        record_every: epochs between two records; the last one is always recorded.
        represent: maps the encoder's output (n, hidden) to the representation.
        title: of the progress bar.

    Returns:
        The representation after the last step, and the loss of every step.

    Raises:
        InputError: ``epochs`` or ``record_every`` is below 1.
        FloatingPointError: the loss or the embedding is not finite.
    """
    for name, number in (("epochs", epochs), ("record_every", record_every)):
        if number < 1:
            raise InputError(f"{name} is {number}: it must be at least 1")

    def representation() -> np.ndarray:
        with torch.no_grad():
            encoded = model.encoder().cpu().numpy()
        if not np.isfinite(encoded).all():
            raise FloatingPointError("the embedding has values that are not finite")
        return represent(encoded)

    device = model.weight.device
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    embedding, losses = representation(), []
    record(0, embedding)
    for epoch in tqdm(range(1, epochs + 1), title, unit="epoch", disable=None):
        total = torch.stack(model.losses(permute().to(device))).sum()
        loss = total.item()
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss became {loss} in epoch {epoch}")
        losses.append(loss)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        if epoch % record_every == 0 or epoch == epochs:
            embedding = representation()
            record(epoch, embedding)
    return embedding, losses
