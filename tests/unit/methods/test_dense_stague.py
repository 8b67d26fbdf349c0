"""The benchmark's dense STAGUE is the same model as ours: losses, gradients, embedding."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from methods.stague.model import seeded_model
from methods.stague.settings import Settings
from stbench.common.paths import PROJECT
from stbench.nn.gcn import normalize

sys.path.insert(0, str(PROJECT / "benchmarks"))

from dense_stague import DenseStague, with_loops
from stague_epoch import arithmetic, products


def test_same_losses_gradients_and_embedding() -> None:
    rng = np.random.default_rng(0)
    coords, x = rng.uniform(size=(60, 2)), torch.from_numpy(rng.normal(size=(60, 9))).float()
    settings = Settings(k=6, exp_out=16, hidden_dim=12, rep_dim=8, proj_dim=8, dropout=0.0)
    found = []
    for dense in (False, True):
        model = seeded_model(settings, 9, coords, 0)
        draws = model.draw(torch.Generator().manual_seed(0))
        features = model.cell_encoder(x)
        if dense:
            form = DenseStague(model)
            adjacency = form.graphs(features)[1]
            losses = form.losses(*form.views(features, adjacency, draws))
            embedding = form.encode(features, with_loops(adjacency))
        else:
            adjacency = normalize(model.pattern, model.learn_graph(features))
            losses = model.losses(*model.views(features, adjacency, draws))
            embedding = model.encoder(features, model.graph(adjacency))
        parameters = [p for p in model.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(sum(losses), parameters, retain_graph=True)
        found.append((torch.stack(losses), gradients, embedding))
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)


def test_the_limit_of_the_kernels_has_the_products_of_the_limit_and_the_tiles_twice() -> None:
    for n in (1000, 20_000):
        flops = sum(
            2 * rows * inner * columns * times
            for (rows, inner, columns), times in products(n).items()
        )
        assert flops == pytest.approx(arithmetic(n)[0] + 2 * n * n * Settings().proj_dim)
