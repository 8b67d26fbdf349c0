"""SpatialFusion's mapping of single cells to spots, re-implemented from its description.

A cell autoencoder and the network of the spots each give a reconstruction. A matrix of logits
(cells, spots) is learned: its softmax distributes the cells over the spots. The sums per spot
should equal the spots (mean squared error) and resemble their own spot and its neighbors more than
other spots (a noise-contrastive term without temperature).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, normalize
from torch.utils.checkpoint import checkpoint
from tqdm import tqdm

WIDTHS = (256, 64, 32, 64, 256)  # of the autoencoder's layers; the middle one is the code
_VALUES_AT_ONCE = 2**23


class CellAutoencoder(nn.Module):
    """Genes to genes through a code of 32; ReLU after every layer but the last."""

    def __init__(self, n_genes: int) -> None:
        super().__init__()
        sizes = (n_genes, *WIDTHS, n_genes)
        self.layers = nn.ModuleList(map(nn.Linear, sizes, sizes[1:]))

    def forward(self, x: Tensor) -> Tensor:
        """(cells, genes) -> its reconstruction."""
        *hidden, last = self.layers
        for layer in hidden:
            x = torch.relu(layer(x))
        return last(x)


def train_autoencoder(model: CellAutoencoder, x: Tensor, epochs: int, lr: float) -> list[float]:
    """Full-batch Adam on the mean squared error; the loss of each step.

    Raises:
        FloatingPointError: the loss is not finite.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    losses = []
    for epoch in tqdm(range(1, epochs + 1), "cells", unit="epoch", disable=None):
        loss = mse_loss(model(x), x)
        losses.append(_finite(loss.item(), "cells", epoch))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


class Mapping(nn.Module):
    """Logits of every cell for every spot, and the losses minimized over them."""

    def __init__(self, cells: Tensor, spots: Tensor, neighbors: Tensor) -> None:
        """Start from Xavier-uniform logits.

        Args:
            cells: (cells, genes) reconstruction; its rows are normalized here.
            spots: (spots, genes) likewise.
            neighbors: (spots, k + 1), for each spot its nearest spots and itself.
        """
        super().__init__()
        self.cells, self.spots = normalize(cells, dim=1), normalize(spots, dim=1)
        self.neighbors = neighbors
        self.logits = nn.Parameter(torch.empty(len(cells), len(spots), device=cells.device))
        nn.init.xavier_uniform_(self.logits)

    def probabilities(self) -> Tensor:
        """(cells, spots): probability of each spot for a cell; rows sum to one."""
        return self.logits.softmax(dim=1)

    def losses(self) -> tuple[Tensor, Tensor]:
        """Reconstruction (MSE) and contrast, neither of them weighted."""
        predicted = self.probabilities().t() @ self.cells
        return mse_loss(predicted, self.spots), self._contrast(normalize(predicted, dim=1))

    def _contrast(self, predicted: Tensor) -> Tensor:
        """Mean of -log(similarity to the neighborhood / similarity to all others)."""
        n = len(predicted)
        step = max(1, _VALUES_AT_ONCE // n)

        def of_rows(rows: Tensor, own: Tensor, near: Tensor) -> Tensor:
            similar = torch.exp(rows @ self.spots.t())  # rows x spots: never spots x spots
            others = similar.sum(dim=1) - similar.gather(1, own[:, None])[:, 0]
            return -torch.log(similar.gather(1, near).sum(dim=1) / others).sum()

        everyone = torch.arange(n, device=predicted.device)
        blocks = zip(
            predicted.split(step), everyone.split(step), self.neighbors.split(step), strict=True
        )
        if step >= n:
            return sum((of_rows(*block) for block in blocks), predicted.new_zeros(())) / n
        sums = [checkpoint(of_rows, *block, use_reentrant=False) for block in blocks]
        return torch.stack(sums).sum() / n


def train_mapping(
    model: Mapping, epochs: int, lr: float, reconstruction_weight: float, contrastive_weight: float
) -> list[tuple[float, float]]:
    """Adam on the weighted sum of the two losses; both losses of each step.

    Raises:
        FloatingPointError: a loss is not finite.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    losses = []
    for epoch in tqdm(range(1, epochs + 1), "mapping", unit="epoch", disable=None):
        reconstruction, contrast = model.losses()
        loss = reconstruction_weight * reconstruction + contrastive_weight * contrast
        _finite(loss.item(), "mapping", epoch)
        losses.append((reconstruction.item(), contrast.item()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def project(probabilities: np.ndarray, types: np.ndarray, n_types: int, kept: float) -> np.ndarray:
    """Amounts of cell types in each spot, from its most probable cells.

    Args:
        probabilities: (spots, cells).
        types: (cells,) codes from 0.
        n_types: number of types.
        kept: share of the cells that count in a spot, those with the largest probabilities.

    Returns:
        (spots, n_types) sums of the probabilities kept, by type.
    """
    n_spots, n_cells = probabilities.shape
    amounts = np.zeros((n_spots, n_types))
    for spot, row in enumerate(probabilities):
        rank = np.empty(n_cells, dtype=int)
        rank[np.argsort(row, kind="stable")] = np.arange(n_cells)
        chosen = rank >= n_cells - kept * n_cells
        amounts[spot] = np.bincount(types[chosen], row[chosen], n_types)
    return amounts


def _finite(loss: float, part: str, epoch: int) -> float:
    if not np.isfinite(loss):
        raise FloatingPointError(f"{part}: the loss became {loss} in epoch {epoch}")
    return loss
