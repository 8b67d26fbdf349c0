"""What the two Deep Graph Infomax methods share."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from methods.scanit.model import ScanitEncoder
from stbench.nn.infomax import Infomax, contrast, standardize, weighted_graph
from stbench.nn.sparse import SparseMatrix


def test_a_seed_starts_as_in_the_originals_library() -> None:
    n, genes, hidden = 6, 5, 4
    graph = SparseMatrix(weighted_graph(np.array([[0, 1], [2, 3]]), n))
    model = Infomax(ScanitEncoder(torch.zeros(n, genes), graph, hidden), hidden)
    model.draw(torch.Generator().manual_seed(7))

    torch.manual_seed(7)
    shapes = [(hidden, genes), (hidden, hidden)]
    bounds = [(6 / sum(shape)) ** 0.5 for shape in shapes]
    for shape, bound in zip(shapes, bounds, strict=True):
        for _ in range(2):
            torch.empty(shape).uniform_(-bound, bound)
    for layer, shape, bound in zip(model.encoder.layers, shapes, bounds, strict=True):
        torch.testing.assert_close(layer.weight.data, torch.empty(shape).uniform_(-bound, bound))
        assert not layer.bias.any()
    expected = torch.empty(hidden, hidden).uniform_(-0.5, 0.5)
    torch.testing.assert_close(model.weight.data, expected)
    assert all((slope.weight == 0.25).all() for slope in model.encoder.slopes)


def test_the_loss_is_capped_where_float32_rounds() -> None:
    negative = torch.tensor([30.0], requires_grad=True)
    loss = contrast(torch.zeros(1), negative)[1]
    loss.backward()
    assert loss.item() == pytest.approx(-np.log(1e-15), rel=1e-5)
    assert negative.grad.item() == 0
    plain = contrast(torch.tensor([2.0]), torch.tensor([-1.0]))
    assert plain[0].item() == pytest.approx(np.log1p(np.exp(-2)), rel=1e-5)
    assert plain[1].item() == pytest.approx(np.log1p(np.exp(-1)), rel=1e-5)


def test_standardized_columns() -> None:
    values = np.array([[1.0, 5, 0.1], [2, 5, 0.1], [6, 5, 0.1]])
    scaled = standardize(values)
    np.testing.assert_allclose(scaled[:, 0], (values[:, 0] - 3) / np.sqrt(7), rtol=1e-6)
    assert not scaled[:, 1:].any()


def test_weighted_graph() -> None:
    graph = weighted_graph(np.array([[0, 1]]), 3, edge_weight=0.7, loop_weight=0.3).toarray()
    np.testing.assert_allclose(graph, [[0.3, 0.7, 0], [0.7, 0.3, 0], [0, 0, 1]])
