"""SpatialFusion's mapping against values of the original program, array by array."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from helpers.reference_file import Reference, load_reference
from methods.spatialfusion import mapping

LAYERS = [*(f"encoder_fc{i}" for i in (1, 2, 3)), *(f"decoder_fc{i}" for i in (1, 2, 3))]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference("spatialfusion_reference_a.npz", "SPATIALFUSION_REFERENCE")


@pytest.fixture
def model(reference: Reference) -> mapping.Mapping:
    near = reference["graph_neigh"] + np.eye(len(reference["graph_neigh"]))
    neighbors = torch.from_numpy(np.array([np.flatnonzero(row) for row in near]))
    arrays = (torch.from_numpy(reference[name]) for name in ("sc_reconstruction", "H_after"))
    made = mapping.Mapping(*arrays, neighbors)
    made.logits.data = torch.from_numpy(reference["map.M"].copy())
    return made


def test_the_autoencoder_of_cells(reference: Reference) -> None:
    x = torch.from_numpy(reference["Xsc"])
    model = mapping.CellAutoencoder(x.shape[1])
    assert [layer.out_features for layer in model.layers[:-1]] == [256, 64, 32, 64, 256]
    for layer, name in zip(model.layers, LAYERS, strict=True):
        layer.weight.data = torch.from_numpy(reference[f"sc.{name}.weight"])
        layer.bias.data = torch.from_numpy(reference[f"sc.{name}.bias"])
    reference.check("sc_losses", mapping.train_autoencoder(model, x, 3, 1e-2), 1e-5)
    reference.check("sc_reconstruction", model(x), 1e-5)


@pytest.mark.parametrize("values_at_once", [2**23, 1000])  # one block, and many
def test_the_mapping(reference, model, monkeypatch, values_at_once) -> None:
    monkeypatch.setattr(mapping, "_VALUES_AT_ONCE", values_at_once)
    reconstruction, contrast = model.losses()
    (10 * reconstruction + contrast).backward()
    reference.check("map.grad", model.logits.grad, 1e-5)
    model.logits.grad = None
    losses = mapping.train_mapping(model, 3, 1e-3, 10.0, 1.0)
    reference.check("map_losses", losses, 1e-5)
    reference.check("map_matrix", model.probabilities().t(), 1e-5)


def test_the_projection(reference: Reference) -> None:
    types = reference["cell_type"]
    amounts = mapping.project(reference["map_matrix"], types, types.max() + 1, kept=0.1)
    reference.check("proportions", amounts / amounts.sum(axis=1, keepdims=True), 1e-6)
