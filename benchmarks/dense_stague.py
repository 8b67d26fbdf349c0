"""STAGUE as in the paper, on dense n x n matrices: the baseline of its sparse form.

Weights, views and random choices are those of ``methods.stague.model``, so that both compute
the same losses (tests/unit/methods/test_dense_stague.py); only the arithmetic differs. It has the
``fit`` of a method, without its result: ``record(epoch, embedding)`` after each epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pairwise_distance, relu

from methods.stague.model import Draws, Stague, expression, seeded_model
from methods.stague.settings import Settings
from stbench.fitting.interface import Recorder
from stbench.nn.gcn import GraphConv


class DenseStague:
    """The networks of a ``Stague`` over dense graphs."""

    def __init__(self, model: Stague) -> None:
        self.model = model
        self.kernel, self.candidate = self._dense(model.kernel), self._dense(model.candidate) > 0
        self.anchor = self._dense(model.anchor)
        pattern, values = model.learner_graph
        self.learner_graph = pattern.torch(values).to_dense()

    def _dense(self, values: Tensor) -> Tensor:
        return self.model.pattern.torch(values.float()).to_dense()

    def graphs(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (n, n) of the learned graph, raw and normalized."""
        hidden = features
        *inner, last = self.model.graph_learner
        for conv in inner:
            hidden = relu(_convolve(conv, hidden, self.learner_graph))
        hidden = _convolve(last, hidden, self.learner_graph)
        norm = hidden.norm(dim=1)
        cosine = (hidden @ hidden.T / (norm[:, None] * norm + 1e-8)).clamp(min=0)
        weight = self.model.settings.adj_weight
        scores = self.candidate * (weight * cosine + (1 - weight) * self.kernel)
        return scores, _normalize(scores)

    def views(self, features: Tensor, adjacency: Tensor, draws: Draws) -> tuple[Tensor, ...]:
        """Projections of the anchor, the learner and the negative view (STAGUE, step 7)."""

        def project(columns: Tensor, rows: Tensor, graph: Tensor) -> Tensor:
            seen = torch.zeros_like(features)
            seen[:, columns] = rows[:, columns]
            return self.model.encoder.proj_head(self.encode(seen, graph))

        def dropped(graph: Tensor, kept: Tensor | None) -> Tensor:
            return with_loops(graph if kept is None else graph * self._dense(kept))

        return (
            project(draws.anchor_columns, features, dropped(self.anchor, draws.anchor_edges)),
            project(draws.learner_columns, features, dropped(adjacency, draws.learner_edges)),
            project(draws.negative_columns, features[draws.permutation], torch.eye(len(features))),
        )

    def encode(self, features: Tensor, graph: Tensor) -> Tensor:
        """The embedding over a dense graph."""
        *inner, last = self.model.encoder.convs
        for conv in inner:
            features = relu(_convolve(conv, features, graph))
            features = torch.dropout(features, self.model.encoder.dropout, self.model.training)
        return _convolve(last, features, graph)

    def losses(self, z1: Tensor, z2: Tensor, z3: Tensor) -> tuple[Tensor, Tensor]:
        """NT-Xent over all n x n cosines, and weighted triplet loss (STAGUE, step 8)."""
        s = self.model.settings
        cosine = z1 @ z2.T / (z1.norm(dim=1)[:, None] * z2.norm(dim=1))
        e = (cosine / s.temperature).exp()
        own = e.diagonal()
        rows, columns = (-(own / (e.sum(axis) - own)).log().mean() for axis in (1, 0))
        triplet = (pairwise_distance(z2, z1) - pairwise_distance(z2, z3) + s.margin).clamp(min=0)
        return (rows + columns) / 2, triplet.mean() * s.margin_weight


def _convolve(conv: GraphConv, features: Tensor, graph: Tensor) -> Tensor:
    return graph @ conv.lin(features) + conv.bias


def _normalize(graph: Tensor) -> Tensor:
    degree = graph.sum(1)
    scale = torch.where(degree > 0, degree.clamp(min=1e-30).rsqrt(), 0)
    return scale[:, None] * graph * scale


def with_loops(graph: Tensor) -> Tensor:
    """The graph of the convolutions: a loop of weight 1 for every cell, then normalized."""
    return _normalize(graph + torch.eye(len(graph)))


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> None:
    """Train on the CPU, as ``methods.stague.model.fit`` does, but with dense arithmetic."""
    s = Settings.of(params)
    x = expression(adata)
    model = DenseStague(seeded_model(s, x.shape[1], adata.obsm["spatial"], seed))
    optimizer = torch.optim.Adam(model.model.parameters(), s.lr, weight_decay=s.w_decay, fused=True)
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(1, s.epochs + 1):
        features = model.model.cell_encoder(x)
        _, adjacency = model.graphs(features)
        if epoch == 1:
            record(0, x.numpy())
        draws = model.model.draw(generator)
        loss = torch.stack(model.losses(*model.views(features, adjacency, draws))).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            model.anchor.mul_(s.tau).add_(adjacency, alpha=1 - s.tau)
            model.model.eval()
            embedding = model.encode(features, with_loops(adjacency))
            model.model.train()
        record(epoch, embedding.numpy())
