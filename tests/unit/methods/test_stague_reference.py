"""STAGUE against values of the original program, array by array.

The file's sizes and hyper-parameters come from the file; STAGUE_REFERENCE names another one.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch

from methods.stague.model import Draws, Stague
from methods.stague.settings import Settings
from stbench.common.paths import PROJECT
from stbench.graphs.neighbors import knn, knn_pairs
from stbench.nn.gcn import normalize

DEFAULT = PROJECT / "tests/reference/stague_reference_a.npz"


class Reference:
    """The arrays of the file; asking for one that is not there names it."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self.arrays = {name: file[name] for name in file.files}

    def __getitem__(self, name: str) -> np.ndarray:
        assert name in self.arrays, f"the reference file has no array {name!r}"
        return self.arrays[name]

    def group(self, prefix: str, names: Iterable[str]) -> dict[str, np.ndarray]:
        """Arrays of our parameter names, under the original's names below a prefix."""
        return {
            name: self[prefix + name.replace("graph_learner.", "graph_lerner.convs.")]
            for name in names
        }


def assert_close(ours: torch.Tensor | np.ndarray, theirs: np.ndarray, limit: float) -> None:
    """max |difference| / max |reference| is within the limit."""
    ours = ours.detach().numpy() if isinstance(ours, torch.Tensor) else np.asarray(ours)
    assert ours.shape == theirs.shape
    largest = np.abs(theirs).max()
    difference = np.abs(ours.astype(np.float64) - theirs).max()
    assert difference <= limit * largest, f"{difference / max(largest, 1e-300):.2e} > {limit}"


def dense(model: Stague, values: torch.Tensor) -> torch.Tensor:
    return model.pattern.torch(values.detach()).to_dense()


def raw_graph(reference: Reference, k: int) -> np.ndarray:
    """The reference's raw graph, once it is shown to be ours but for ties.

    The original settles ties at the k-th place by an unstable sort that differs between CPUs (two
    cells lie at the same place here), so its choice among equally near cells is taken from it.
    """
    coords, theirs = reference["coords"], np.argwhere(np.triu(reference["anchor"]) > 0)
    distances = knn(coords, k + 1)[0]
    for i, j in set(map(tuple, theirs)) ^ set(map(tuple, knn_pairs(coords, k))):
        length = np.linalg.norm(coords[i] - coords[j])
        tied = [np.allclose(distances[cell, k - 1 :], length, rtol=1e-12) for cell in (i, j)]
        assert any(tied), f"cells {i} and {j} are neighbors in one graph only, and it is no tie"
    return theirs


@pytest.fixture(scope="module")
def trained() -> tuple[Reference, dict[str, object]]:
    """Three training steps with the reference's weights, masks and permutation."""
    reference = Reference(Path(os.environ.get("STAGUE_REFERENCE", DEFAULT)))
    hp = ast.literal_eval(str(reference["hp"]))
    names = Settings.__dataclass_fields__
    settings = Settings(
        **{name: value for name, value in hp.items() if name in names},
        **{name: 0.0 for name in ("dropout", "dropedge_rate") if name not in hp},
    )
    x = torch.from_numpy(reference["X"])
    raw = raw_graph(reference, settings.a_k)
    model = Stague(settings, x.shape[1], reference["coords"], raw)
    start = reference.group("w.", model.state_dict())
    model.load_state_dict({name: torch.from_numpy(array) for name, array in start.items()})
    anchor_columns = torch.from_numpy(np.flatnonzero(reference["mask_anchor"]))
    draws = Draws(
        anchor_columns=anchor_columns,
        anchor_edges=None,
        learner_columns=torch.from_numpy(np.flatnonzero(reference["mask_learner"])),
        learner_edges=None,
        permutation=torch.from_numpy(reference["negative_permutation"]),
        negative_columns=anchor_columns,
        dropout=None,
    )
    optimizer = torch.optim.Adam(
        model.parameters(), lr=settings.lr, weight_decay=settings.w_decay, fused=True
    )
    seen: dict[str, object] = {"anchor": dense(model, model.anchor)}
    losses = []
    for step in range(len(reference["losses"])):
        features = model.cell_encoder(x)
        scores = model.learn_graph(features)
        adjacency = normalize(model.pattern, scores)
        views = model.views(features, adjacency, draws)
        parts = model.losses(*views)
        losses.append([part.item() for part in parts])
        optimizer.zero_grad()
        sum(parts).backward()
        if step == 0:
            masked = model.encoder(
                features.index_select(1, draws.learner_columns),
                model.graph(adjacency),
                draws.learner_columns,
            )
            seen |= {
                "cell_features": features.detach().clone(),
                "learned_adj_raw": dense(model, scores),
                "learned_adj_normalized": dense(model, adjacency),
                "z1": views[0],
                "z2": views[1],
                "z3": views[2],
                "embedding_masked": masked,
            }
            seen["gradients"] = {
                name: parameter.grad.clone() for name, parameter in model.named_parameters()
            }
        optimizer.step()
        model.bootstrap(adjacency)
    seen |= {
        "losses": np.array(losses),
        "anchor_after": dense(model, model.anchor),
        "learned_adj_last": dense(model, adjacency),
        "embedding": model.embed(features, adjacency),
        "weights": model.state_dict(),
    }
    return reference, seen


FORWARD = (
    *("cell_features", "anchor", "learned_adj_raw", "learned_adj_normalized"),
    *("z1", "z2", "z3", "embedding_masked", "losses"),
    *("anchor_after", "learned_adj_last", "embedding"),
)


@pytest.mark.parametrize("name", FORWARD)
def test_values_and_losses(trained: tuple[Reference, dict], name: str) -> None:
    reference, seen = trained
    assert_close(seen[name], reference[name], 1e-5)


def test_gradients_of_the_first_step(trained: tuple[Reference, dict]) -> None:
    reference, seen = trained
    for name, gradient in reference.group("g.", seen["gradients"]).items():
        assert_close(seen["gradients"][name], gradient, 1e-3)


def test_weights_after_three_steps(trained: tuple[Reference, dict]) -> None:
    reference, seen = trained
    for name, weight in reference.group("w_after.", seen["weights"]).items():
        assert_close(seen["weights"][name], weight, 1e-4)


def test_a_missing_array_is_named() -> None:
    with pytest.raises(AssertionError, match="no_such_array"):
        Reference(DEFAULT)["no_such_array"]
