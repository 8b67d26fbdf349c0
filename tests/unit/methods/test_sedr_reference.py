"""SEDR against values of the original program, array by array: both stages, masks and dropout.

Sizes and hyper-parameters come from the file; SEDR_REFERENCE names another one.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from helpers.reference_file import FOLDER, Reference, assert_close, load_reference
from methods.sedr.graph import Pairs, SpatialGraph, labeled_pairs, spatial_graph
from methods.sedr.model import Draws, Sedr, Settings, cluster_centers, sharpened, step, train

NAMES = {
    "linear1.weight": "encoder.encoder_L1.0.weight",
    "linear1.bias": "encoder.encoder_L1.0.bias",
    "norm1.weight": "encoder.encoder_L1.1.weight",
    "norm1.bias": "encoder.encoder_L1.1.bias",
    "linear2.weight": "encoder.encoder_L2.0.weight",
    "linear2.bias": "encoder.encoder_L2.0.bias",
    "norm2.weight": "encoder.encoder_L2.1.weight",
    "norm2.bias": "encoder.encoder_L2.1.bias",
    "decoder": "decoder.weight",
    "gc1": "gc1.weight",
    "gc2": "gc2.weight",
    "gc3": "gc3.weight",
    "centers": "cluster_layer",
    "token": "enc_mask_token",
}
BUFFERS = {
    f"norm{layer}.{part}": f"encoder.encoder_L{layer}.1.{part}"
    for layer in (1, 2)
    for part in ("running_mean", "running_var", "num_batches_tracked")
}
FORWARD = ("feat", "mu", "logvar", "z", "decoded")


def settings(reference: Reference) -> Settings:
    hp = reference.hp()
    assert hp["alpha"] == 1, "the assignment is Student's t with one degree of freedom"
    named = (
        *("feat_hidden1", "feat_hidden2", "gcn_hidden1", "gcn_hidden2", "mask_rate", "lr"),
        *("weight_decay", "dec_clusters", "dec_interval", "dropout", "bn_momentum", "bn_eps"),
    )
    return Settings(
        **{name: hp[name] for name in named},
        epochs=hp["steps"],
        dec_epochs=hp["dec_steps"],
        rec_weight=hp["rec_w"],
        gcn_weight=hp["gcn_w"],
        self_weight=hp["self_w"],
        dec_kl_weight=hp["dec_kl_w"],
        n_neighbors=hp["knn"],
        min_cells=0,
        min_counts=0.0,
        target_sum=1e6,
        n_genes=0,
        n_components=hp["g"],
        masked_evaluation=True,
        record_every=1,
    )


def original(reference: Reference, prefix: str) -> dict[str, Tensor]:
    """The state below a prefix, under our names."""
    return {
        ours: torch.from_numpy(reference[prefix + theirs])
        for ours, theirs in (NAMES | BUFFERS).items()
    }


def draws_of(reference: Reference, prefix: str, index: int) -> Draws:
    masked = torch.from_numpy(reference[prefix + "masks"][index] > 0)
    return Draws(masked, None, torch.from_numpy(reference[prefix + "eps"][index]))


def forward(model: Sedr, x: Tensor, draws: Draws) -> dict[str, Tensor]:
    """Values of a training pass; the running statistics are left as they were."""
    kept = {name: values.clone() for name, values in model.named_buffers()}
    with torch.no_grad():
        code = model.encode(x, draws.masked, draws)
        values = code._asdict() | {"decoded": model.decode(code.z, draws)}
    model.load_state_dict(kept, strict=False)
    return values


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference("sedr_reference_a.npz", "SEDR_REFERENCE")


@pytest.fixture(scope="module")
def graph(reference: Reference) -> SpatialGraph:
    return spatial_graph(reference["coords"], settings(reference).n_neighbors)


@pytest.fixture(scope="module")
def pairs(reference: Reference, graph: SpatialGraph) -> Pairs:
    return labeled_pairs(graph.links, reference["negative_draws"])


@pytest.fixture(scope="module")
def seen(reference: Reference, graph: SpatialGraph, pairs: Pairs) -> dict[str, Any]:
    """What both stages give from the reference's weights with its random choices."""
    s, x = settings(reference), torch.from_numpy(reference["X"])
    model = Sedr(s, x.shape[1], graph)
    model.load_state_dict(original(reference, "w."))
    optimizer = torch.optim.Adam(
        model.parameters(), lr=s.lr, weight_decay=s.weight_decay, fused=True
    )
    values: dict[str, Any] = {}

    def observe(prefix: str, losses: list[tuple[Tensor, ...]]) -> None:
        values[prefix + "losses"] = np.array([[part.item() for part in row] for row in losses])
        values[prefix + "w_after"] = {k: v.clone() for k, v in model.state_dict().items()}

    def gradients() -> dict[str, Tensor | None]:
        return {
            name: None if p.grad is None else p.grad.clone() for name, p in model.named_parameters()
        }

    first = forward(model, x, draws_of(reference, "", 0))
    values |= first | {"x_masked": first["x"], "gnn_z": first["z"][:, s.feat_hidden2 :]}
    values["edge_logits"] = (first["z"][pairs.rows] * first["z"][pairs.columns]).sum(dim=1)
    losses = []
    for index in range(s.epochs):
        losses.append(step(model, optimizer, x, draws_of(reference, "", index), pairs))
        if index == 0:
            values["g"] = gradients()
    observe("", losses)
    state = {
        name: optimizer.state[p] for name, p in model.named_parameters() if p in optimizer.state
    }
    for ours, theirs in (("adam_m", "exp_avg"), ("adam_v", "exp_avg_sq")):
        values[ours] = {name: moments[theirs].clone() for name, moments in state.items()}

    def mask(name: str, index: int | None = None) -> Tensor:
        array = reference[name] if index is None else reference[name][index]
        return torch.from_numpy(array > 0)

    values["embedding"] = model.embed(x, mask("embedding_mask"))
    model.eval()
    values["embedding_decoded"] = model.decode(values["embedding"])
    model.train()

    values["dec.centres"] = cluster_centers(values["embedding"].numpy(), s.dec_clusters)
    model.centers.data.copy_(torch.from_numpy(values["dec.centres"]))
    values["dec.kmeans_labels"] = model.assignment(values["embedding"]).argmax(dim=1)
    losses, targets_q, targets_p = [], [], []
    for index in range(s.dec_epochs):
        if index % s.dec_interval == 0:
            masked = mask("dec.target_masks", len(targets_q))
            targets_q.append(model.assignment(model.embed(x, masked)).detach())
            targets_p.append(sharpened(targets_q[-1]))
        draws = draws_of(reference, "dec.", index)
        if index == 0:
            first = forward(model, x, draws)
            values |= {f"dec.{name}": first[name] for name in FORWARD}
            values["dec.q"] = model.assignment(first["z"])
        losses.append(step(model, optimizer, x, draws, pairs, targets_p[-1]))
        if index == 0:
            values["dec.g"] = gradients()
    observe("dec.", losses)
    values["dec.target_q"], values["dec.target_p"] = torch.stack(targets_q), torch.stack(targets_p)
    values["dec.embedding"] = model.embed(x, mask("dec.embedding_mask"))
    values["dec.q_final"] = model.assignment(values["dec.embedding"])
    return values


def test_the_graph_is_that_of_the_original(reference: Reference, graph: SpatialGraph) -> None:
    assert np.array_equal(graph.links.toarray(), reference["adj_label"])
    assert np.array_equal(graph.links.toarray() - np.eye(len(reference["X"])), reference["adj"])
    reference.check("adj_norm", graph.adjacency.toarray(), 1e-6)
    assert graph.norm == pytest.approx(float(reference["norm_value"]), rel=1e-12)


def test_pairs_with_and_without_a_link(reference: Reference, pairs: Pairs) -> None:
    assert np.array_equal(np.stack([pairs.rows, pairs.columns]), reference["pairs"])
    assert np.array_equal(pairs.linked, reference["pair_labels"])


@pytest.mark.parametrize("name", ["x_masked", *FORWARD, "gnn_z", "edge_logits"])
def test_forward_values(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-5)


@pytest.mark.parametrize("name", ["losses", "dec.losses"])
def test_losses_of_all_steps(reference: Reference, seen: dict[str, Any], name: str) -> None:
    for column, title in enumerate(reference[name + "_columns"]):
        assert_close(seen[name][:, column], reference[name][:, column], 1e-5, f"{name}: {title}")


@pytest.mark.parametrize("stage", ["", "dec."])
@pytest.mark.parametrize("name", NAMES)
def test_gradients(reference: Reference, seen: dict[str, Any], stage: str, name: str) -> None:
    ours, theirs = seen[stage + "g"][name], NAMES[name]
    if not stage and theirs in reference["no_gradient"]:
        assert ours is None
    elif theirs in reference["noise_gradients"]:
        assert np.abs(reference[f"{stage}g.{theirs}"]).max() < 1e-6
        assert np.abs(ours.numpy()).max() < 1e-6
    else:
        reference.check(f"{stage}g.{theirs}", ours, 1e-4)


@pytest.mark.parametrize("stage", ["", "dec."])
@pytest.mark.parametrize("name", NAMES | BUFFERS)
def test_state_after_a_stage(
    reference: Reference, seen: dict[str, Any], stage: str, name: str
) -> None:
    theirs = (NAMES | BUFFERS)[name]
    limit = 1e-4 if name in BUFFERS else 1e-3
    reference.check(f"{stage}w_after.{theirs}", seen[stage + "w_after"][name], limit)


@pytest.mark.parametrize("moment", ["adam_m", "adam_v"])
def test_moments_go_over_into_the_second_stage(
    reference: Reference, seen: dict[str, Any], moment: str
) -> None:
    assert set(seen[moment]) == set(NAMES) - {"centers"}
    for name, ours in seen[moment].items():
        reference.check(f"{moment}.{NAMES[name]}", ours, 1e-3)


@pytest.mark.parametrize("name", ["embedding", "embedding_decoded", "dec.embedding", "dec.q_final"])
def test_embeddings(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-4)


@pytest.mark.parametrize("name", ["centres", "target_q", "target_p", "q", *FORWARD])
def test_clustering_stage(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(f"dec.{name}", seen[f"dec.{name}"], 1e-5)


def test_clusters_of_the_centers(reference: Reference, seen: dict[str, Any]) -> None:
    assert np.array_equal(seen["dec.kmeans_labels"], reference["dec.kmeans_labels"])


def test_dropout(reference: Reference, graph: SpatialGraph, pairs: Pairs) -> None:
    s = replace(settings(reference), dropout=float(reference["drop.p"]))
    x = torch.from_numpy(reference["X"])
    model = Sedr(s, x.shape[1], graph)
    model.load_state_dict(original(reference, "w."))
    layers = ("enc1", "feat", "gc1", "gc2", "gc3", "decoder")
    draws = Draws(
        torch.from_numpy(reference["drop.mask"] > 0),
        tuple(torch.from_numpy(reference["drop.keep_" + layer]) for layer in layers),
        torch.from_numpy(reference["drop.eps"]),
    )
    values = forward(model, x, draws)
    for name in FORWARD:
        reference.check("drop." + name, values[name], 1e-5)
    agreement = model.losses(x, draws, pairs)[3].item()
    assert agreement == pytest.approx(float(reference["drop.self"]), rel=1e-5)


def test_both_stages_from_a_seed_alone() -> None:
    """Model, random streams and loop as a whole. (Other reference files have no such run.)"""
    reference = Reference(FOLDER / "sedr_reference_a.npz")
    given = ast.literal_eval(str(reference["seeded.settings"]))
    s = replace(
        settings(reference),
        epochs=given["stage1_epochs"],
        dec_epochs=given["dec_epochs"],
        dec_interval=given["dec_interval"],
        dropout=given["dropout"],
    )
    graph = spatial_graph(reference["coords"], s.n_neighbors)
    ours, _ = train(reference["X"], graph, s, given["seed"], "cpu", lambda epoch, embedding: None)
    reference.check("seeded.embedding", ours, 1e-5)
