"""SiGra's gene branch against values of the original program, array by array.

Sizes and hyper-parameters come from the file; SIGRA_REFERENCE names another one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from anndata import AnnData
from scipy import sparse as sp
from torch.nn.functional import elu, mse_loss

from helpers.reference_file import Reference, load_reference
from methods.sigra.model import (
    GeneBranch,
    Settings,
    build_model,
    build_pairs,
    log_expression,
    step,
)
from stbench.nn.gcn import EdgePattern

PARAMETERS = [
    f"conv{layer}.lin_{part}.{kind}"
    for layer in (1, 2, 3, 4)
    for part in ("key", "query", "value", "skip")
    for kind in ("weight", "bias")
]
# A constant added to all keys cancels in the softmax: its true gradient is zero.
KEY_BIASES = [name for name in PARAMETERS if name.endswith("lin_key.bias")]


def settings(reference: Reference) -> Settings:
    hp = reference.hp()
    return Settings(
        epochs=hp["steps"],
        lr=hp["lr"],
        weight_decay=hp["weight_decay"],
        gradient_clipping=hp["gradient_clipping"],
        hidden_dim=hp["hidden"],
        code_dim=hp["out"],
        min_cells=0,
        excluded_prefixes=(),
        n_genes=reference["X"].shape[1],
        target_sum=hp["target_sum"],
        radius=hp["radius"],
        n_neighbors=6.0,
        record_every=1,
    )


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference("sigra_reference_a.npz", "SIGRA_REFERENCE")


@pytest.fixture(scope="module")
def pattern(reference: Reference) -> EdgePattern:
    pairs, _ = build_pairs(reference["coords"], settings(reference))
    return EdgePattern.from_pairs(pairs, len(reference["X"]))


@pytest.fixture(scope="module")
def seen(reference: Reference, pattern: EdgePattern) -> dict[str, Any]:
    """What the reference's weights give, at the start and over its training steps."""
    s, x = settings(reference), torch.from_numpy(reference["X"])
    model = GeneBranch(x.shape[1], s.hidden_dim, s.code_dim)
    model.load_state_dict({name: torch.from_numpy(reference["w." + name]) for name in PARAMETERS})
    with torch.no_grad():
        values: dict[str, Any] = {"out1": model.conv1(x, pattern)}
        values["h1"] = elu(values["out1"])
        values["out2"] = values["code"] = model.encode(x, pattern)
        values["attention1"] = model.conv1.attention(x, pattern)
        values["attention2"] = model.conv2.attention(values["h1"], pattern)
        values["out3"] = model.conv3(values["code"], pattern)
        values["h3"] = elu(values["out3"])
        values["out4"] = values["gene_out"] = model.decode(values["code"], pattern)

    optimizer = torch.optim.Adam(
        model.parameters(), lr=s.lr, weight_decay=s.weight_decay, fused=True
    )
    names, weights = zip(*model.named_parameters(), strict=True)
    losses, norms = [], []
    for epoch in range(s.epochs):
        code = model.encode(x, pattern)
        loss = mse_loss(model.decode(code, pattern), x)
        gradients = torch.autograd.grad(loss, weights, retain_graph=True)
        norms.append(float(torch.cat([g.flatten() for g in gradients]).norm()))
        losses.append([step(model, x, code, pattern, optimizer, s.gradient_clipping).item()])
        if epoch == 0:
            values["gradients"] = dict(zip(names, gradients, strict=True))
            clipped = torch.cat([weight.grad.flatten() for weight in weights])
            values["gclip_coef"] = clipped.norm() / norms[0]
    with torch.no_grad():
        values["embedding"] = model.encode(x, pattern)
        values["gene_out_after"] = model.decode(values["embedding"], pattern)
        values["loss_eval"] = mse_loss(values["gene_out_after"], x)
    values["weights"] = {name: p.detach() for name, p in model.named_parameters()}
    return values | {"losses": np.array(losses), "grad_norm": np.array(norms)}


def test_preprocessing(reference: Reference) -> None:
    counts = sp.csr_matrix(reference["counts"].astype(np.float32))
    adata = AnnData(counts, layers={"counts": counts}, uns={"dataset": {"kind": "counts"}})
    reference.check("X", log_expression(adata, settings(reference)), 1e-5)


def test_the_graph_is_that_of_the_original(reference: Reference, pattern: EdgePattern) -> None:
    ours = np.zeros_like(reference["adj"])
    kept = ~pattern.loop
    ours[pattern.source[kept], pattern.target[kept]] = 1
    assert np.array_equal(ours, reference["adj"])
    assert kept.sum() == reference["edge_index"].shape[1]


def test_first_weights_of_the_seed(reference: Reference) -> None:
    s, seed = settings(reference), reference.hp()["seed"]
    for name, ours in build_model(reference["X"].shape[1], s, seed).named_parameters():
        reference.check("w." + name, ours, 1e-6)


@pytest.mark.parametrize("name", ["out1", "h1", "out2", "code", "out3", "h3", "out4", "gene_out"])
def test_forward_values(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-5)


@pytest.mark.parametrize("name", ["attention1", "attention2"])
def test_attention(
    reference: Reference, pattern: EdgePattern, seen: dict[str, Any], name: str
) -> None:
    dense = np.zeros(reference["adj"].shape)
    dense[pattern.source, pattern.target] = seen[name]
    source, target = reference["edge_index"]
    reference.check(name, dense[source, target], 1e-5)
    incoming, linked = dense.sum(axis=0), reference["adj"].any(axis=0)
    assert np.abs(incoming - linked).max() < 1e-6, "of a cell without neighbors it is nothing"


@pytest.mark.parametrize("name", ["losses", "grad_norm", "gclip_coef", "loss_eval"])
def test_losses_and_clipping(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-5)


@pytest.mark.parametrize("name", PARAMETERS)
def test_gradients_and_weights(reference: Reference, seen: dict[str, Any], name: str) -> None:
    if name in KEY_BIASES:
        assert np.abs(reference["g." + name]).max() < 1e-7
        assert np.abs(seen["gradients"][name].numpy()).max() < 1e-7
    else:
        reference.check("g." + name, seen["gradients"][name], 1e-4)
    reference.check("w_after." + name, seen["weights"][name], 1e-3)


@pytest.mark.parametrize("name", ["embedding", "gene_out_after"])
def test_final_values(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-4)
