"""SpatialFusion against values of the original program, array by array.

Sizes come from the file; SPATIALFUSION_REFERENCE names another one.
"""

from __future__ import annotations

import re
from copy import copy
from typing import Any

import numpy as np
import pytest
import torch

from helpers.reference_file import Reference, load_reference
from methods.spatialfusion.model import Settings, SpatialFusion, build_graphs

HEAD = "attention_layer.attention_heads.{}."


def count_heads(reference: Reference) -> int:
    """How many attention heads the original's weights have."""
    count = 0
    while f"w.{HEAD.format(count)}w_omega" in reference:
        count += 1
    return max(count, 1)  # with none, the first one is asked for and named


def parameters(reference: Reference, prefix: str) -> dict[str, np.ndarray]:
    """Arrays of all parameters, under our names, from the original's below a prefix."""

    genes, width = reference["X"].shape[1], reference["E"].shape[1]
    heads = [HEAD.format(head) for head in range(count_heads(reference))]
    part = width // len(heads)

    def array(name: str, *shape: int) -> np.ndarray:
        values = reference[prefix + name]
        assert values.shape == shape, f"{prefix + name}: shape {values.shape} is not {shape}"
        return values

    def of_heads(name: str, *shape: int) -> np.ndarray:
        return np.stack([array(head + name, *shape) for head in heads])

    fc = "attention_layer.fc."
    return {
        "view_weights": np.stack([array("spatial_weight"), array("feature_weight")]),
        "encoders": np.stack(
            [array(f"weight_{view}", genes, width) for view in ("spatial", "feat")]
        ),
        "decoder": array("weight_back", width, genes),
        "bilinear": array("disc.f_k.weight", 1, width, width),
        "bilinear_bias": array("disc.f_k.bias", 1),
        "fusion.project": of_heads("w_omega", width, part),
        "fusion.score": of_heads("u_omega", part, 1),
        "fusion.merge.weight": array(fc + "weight", width, len(heads) * width),
        "fusion.merge.bias": array(fc + "bias", width),
    }


def settings(reference: Reference) -> Settings:
    """What the file's arrays tell; the rest as the reference was made (dropouts 0)."""
    listed = (reference["adj_feature"] - np.eye(len(reference["X"]))).max()
    return Settings(
        epochs=len(reference["losses"]),
        lr=1e-3,
        n_genes=reference["X"].shape[1],
        target_sum=1e4,
        max_value=10.0,
        n_spatial_neighbors=int(reference["graph_neigh"].sum(axis=1)[0]),
        n_feature_neighbors=round(1 / listed),
        transposed_feature_graph=True,
        n_hidden=reference["E"].shape[1],
        n_heads=count_heads(reference),
        dropout=0.0,
        reconstruction_weight=10.0,
        contrastive_weight=1.0,
        n_components=20,
        record_every=1,
    )


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference("spatialfusion_reference_a.npz", "SPATIALFUSION_REFERENCE")


@pytest.fixture(scope="module")
def seen(reference: Reference) -> dict[str, Any]:
    """The graphs, and what three training steps from the reference's weights give."""
    s, features = settings(reference), reference["X"]
    graphs = build_graphs(features, reference["coords"], s)
    model = SpatialFusion(s, features.shape[1], graphs)
    start = parameters(reference, "w.")
    model.load_state_dict({name: torch.from_numpy(array) for name, array in start.items()})
    x = torch.from_numpy(features)
    permutation = torch.from_numpy(reference["permutation"])

    code, corrupted = model.encode(x), model.encode(x, rows=permutation)
    values: dict[str, Any] = {
        "adj_spatial": graphs.spatial.toarray(),
        "adj_feature": graphs.feature.toarray(),
        "neighborhood": graphs.neighborhood.toarray(),
        "E": code,
        "H": code @ model.decoder,
        "ret": model.logits(code, corrupted, model.summary(code)),
        "ret_a": model.logits(corrupted, code, model.summary(corrupted)),
    }
    optimizer = torch.optim.Adam(model.parameters(), lr=s.lr, fused=True)
    losses = []
    for step in range(s.epochs):
        parts = model.losses(x, permutation, None)
        losses.append([part.item() for part in parts])
        optimizer.zero_grad()
        model.loss(parts).backward()
        if step == 0:
            values["gradients"] = {
                name: parameter.grad.clone() for name, parameter in model.named_parameters()
            }
        optimizer.step()
    return values | {
        "losses": np.array(losses),
        "H_after": model.encode(x) @ model.decoder,
        "embedding": model.embed(x),
    }


@pytest.mark.parametrize("name", ["adj_spatial", "adj_feature", "E", "H", "ret", "ret_a"])
def test_graphs_and_forward_values(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-5)


def test_the_feature_graph_has_exactly_the_entries_of_the_original(
    reference: Reference, seen: dict[str, Any]
) -> None:
    for name in ("adj_spatial", "adj_feature"):
        assert np.array_equal(seen[name] != 0, reference[name] != 0)


def test_the_neighborhood_holds_the_directed_neighbors_and_the_cell(
    reference: Reference, seen: dict[str, Any]
) -> None:
    theirs = reference["graph_neigh"] + np.eye(len(reference["graph_neigh"]))
    assert np.allclose(seen["neighborhood"], theirs / theirs.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("column", [0, 1, 2])
def test_losses_of_all_steps(reference: Reference, seen: dict[str, Any], column: int) -> None:
    ours, theirs = seen["losses"][:, column], reference["losses"][:, column]
    assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


def test_gradients_of_the_first_step(reference: Reference, seen: dict[str, Any]) -> None:
    for name, theirs in parameters(reference, "g.").items():
        ours = seen["gradients"][name].numpy()
        assert ours.shape == theirs.shape, name
        # Parts that we keep stacked are looked at one by one.
        for part in range(len(theirs)) if name != "decoder" else [slice(None)]:
            limit = 1e-3 * np.abs(theirs[part]).max()
            assert np.abs(ours[part] - theirs[part]).max() <= limit, name


def test_reconstruction_after_the_steps(reference: Reference, seen: dict[str, Any]) -> None:
    reference.check("H_after", seen["H_after"], 1e-5)


def test_the_embedding_is_the_pca_of_the_reconstruction(
    reference: Reference, seen: dict[str, Any]
) -> None:
    from sklearn.decomposition import PCA

    ours = seen["embedding"]
    theirs = PCA(ours.shape[1], random_state=42).fit_transform(reference["H_after"])
    # A component's sign is arbitrary; its trailing columns are as small as float32's noise.
    assert np.abs(np.abs(ours) - np.abs(theirs)).max() <= 1e-4 * np.abs(theirs).max()


@pytest.mark.parametrize("name", ["w.weight_feat", "w." + HEAD.format(0) + "w_omega", "E"])
def test_a_missing_array_is_named(reference: Reference, name: str) -> None:
    broken = copy(reference)
    broken.arrays = {key: value for key, value in reference.arrays.items() if key != name}
    with pytest.raises(AssertionError, match=re.escape(repr(name))):
        parameters(broken, "w.")


@pytest.mark.parametrize("name", ["weight_back", HEAD.format(1) + "u_omega"])
def test_an_array_of_another_shape_is_named(reference: Reference, name: str) -> None:
    broken = copy(reference)
    broken.arrays = reference.arrays | {"w." + name: np.zeros((3, 7), np.float32)}
    with pytest.raises(AssertionError, match=re.escape(f"w.{name}: shape (3, 7)")):
        parameters(broken, "w.")
