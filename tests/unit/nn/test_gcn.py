"""Graph convolution on a fixed pattern against PyTorch Geometric and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from stbench.nn.gcn import EdgePattern, GraphConv, gcn_normalize, normalize, propagate

N = 30


@pytest.fixture
def pattern() -> EdgePattern:
    rng = np.random.default_rng(0)
    pairs = np.argwhere(np.triu(rng.random((N, N)) < 0.2, 1))
    return EdgePattern.from_pairs(pairs, N)


def directed_weights(pattern: EdgePattern) -> torch.Tensor:
    """Different weights in the two directions, some edges dropped, no loops."""
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(len(pattern.source), generator=generator, dtype=torch.float64)
    kept = torch.rand(len(pattern.source), generator=generator) > 0.4
    return weights * kept * ~pattern.loop


def test_pattern_is_symmetric_with_loops(pattern: EdgePattern) -> None:
    assert (pattern.source[pattern.reverse] == pattern.target).all()
    assert (pattern.target[pattern.reverse] == pattern.source).all()
    assert int(pattern.loop.sum()) == N


def test_pairs_spread_to_both_directions(pattern: EdgePattern) -> None:
    pairs = np.array([[int(pattern.target[1]), int(pattern.source[1])]])
    assert pairs[0, 0] != pairs[0, 1]
    dense = pattern.torch(pattern.spread(pairs, np.array([3.0]))).to_dense().numpy()
    expected = np.zeros((N, N))
    expected[tuple(pairs[0])] = expected[tuple(pairs[0][::-1])] = 3
    np.testing.assert_array_equal(dense, expected)


def test_convolution_equals_pytorch_geometric_values_and_gradients(pattern: EdgePattern) -> None:
    from torch_geometric.nn import GCNConv

    ours, theirs = GraphConv(6, 4).double(), GCNConv(6, 4).double()
    with torch.no_grad():
        ours.bias.uniform_()
        theirs.lin.weight.copy_(ours.lin.weight)
        theirs.bias.copy_(ours.bias)
    x = torch.randn(N, 6, dtype=torch.float64)
    start = directed_weights(pattern)
    edges = start > 0  # the flow is from the row (source) to the column (target) of an edge
    edge_index = torch.stack([pattern.source, pattern.target])[:, edges]
    results = []
    for which in ("ours", "theirs"):
        weights, features = start.clone().requires_grad_(), x.clone().requires_grad_()
        if which == "ours":
            out = ours(features, (pattern, gcn_normalize(pattern, weights)))
        else:
            out = theirs(features, edge_index, weights[edges])
        out.square().sum().backward()
        results.append((out.detach(), weights.grad * edges, features.grad))
    for mine, reference in zip(*results, strict=True):
        torch.testing.assert_close(mine, reference)
    torch.testing.assert_close(ours.lin.weight.grad, theirs.lin.weight.grad)


def test_dropped_directed_edges_by_hand() -> None:
    """Edges 0->1 (weight 3) and 2->1 (weight 5) stay; 1->0 and 1->2 were dropped.

    Weighted in-degree with the loops, which are added after dropping: 1, 1 + 3 + 5 = 9, 1.
    """
    pattern = EdgePattern.from_pairs(np.array([[0, 1], [1, 2]]), 3)
    into = {(1, 0): 3.0, (1, 2): 5.0}
    ends = zip(pattern.target.tolist(), pattern.source.tolist(), strict=True)
    weights = torch.tensor([into.get(end, 0.0) for end in ends])
    values = gcn_normalize(pattern, weights)
    expected = torch.tensor([[1, 0, 0], [3 / 3, 1 / 9, 5 / 3], [0, 0, 1]])
    torch.testing.assert_close(pattern.torch(values).to_dense(), expected)
    features = torch.tensor([[1.0], [9.0], [2.0]])
    out = propagate(pattern, values, features)
    torch.testing.assert_close(out, torch.tensor([[1.0], [1 + 1 + 10 / 3], [2.0]]))


def test_gradients_in_float64(pattern: EdgePattern) -> None:
    small = EdgePattern.from_pairs(np.array([[0, 1], [0, 3], [1, 2], [2, 3], [0, 4]]), 5)
    weights = torch.rand(len(small.source), dtype=torch.float64) + 0.1
    features = torch.randn(5, 3, dtype=torch.float64)

    def convolve(weights: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        return propagate(small, gcn_normalize(small, weights), features)

    inputs = (weights.requires_grad_(), features.requires_grad_())
    assert torch.autograd.gradcheck(convolve, inputs)


def test_cells_without_edges_stay_zero_and_have_no_nan_gradient() -> None:
    pattern = EdgePattern.from_pairs(np.array([[0, 1]]), 3)
    weights = pattern.spread(np.array([[0, 1]]), np.array([4.0])).requires_grad_()
    values = normalize(pattern, weights)
    dense = pattern.torch(values.detach()).to_dense()
    torch.testing.assert_close(dense, torch.tensor([[0.0, 1, 0], [1, 0, 0], [0, 0, 0]]))
    values.sum().backward()
    assert torch.isfinite(weights.grad).all()


def test_hidden_columns_equal_zeroed_columns(pattern: EdgePattern) -> None:
    conv = GraphConv(8, 3)
    x, columns = torch.randn(N, 8), torch.tensor([1, 4, 6])
    mask = torch.zeros(8)
    mask[columns] = 1
    for graph in (None, (pattern, gcn_normalize(pattern, directed_weights(pattern).float()))):
        torch.testing.assert_close(conv(x[:, columns], graph, columns), conv(x * mask, graph))


def test_scipy_matrix_keeps_the_chosen_entries(pattern: EdgePattern) -> None:
    values = directed_weights(pattern)
    matrix = pattern.scipy(values, values > 0.5)
    dense = pattern.torch(values).to_dense().numpy()
    np.testing.assert_array_equal(matrix.toarray(), np.where(dense > 0.5, dense, 0))
    assert matrix.nnz == (dense > 0.5).sum()
