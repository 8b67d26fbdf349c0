"""DeepLinc against values of the original program, array by array.

Sizes and hyper-parameters come from the file; DEEPLINC_REFERENCE names another one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from anndata import AnnData
from torch import Tensor

from helpers.reference_file import Reference, assert_close, load_reference
from methods.deeplinc.graph import adjacency, short_links, tied_neighbors
from methods.deeplinc.links import (
    accept_unlinked,
    accuracies,
    best_threshold,
    link_scores,
    pair_logits,
    predicted_graph,
    split_links,
)
from methods.deeplinc.loss import link_weights
from methods.deeplinc.model import DeepLinc, Optimizers, Settings, network_input, train_iteration

ENCODER = {
    "to_hidden": "deeplinc.Encoder.e_dense_1_vars.weights",
    "to_mean": "deeplinc.Encoder.e_dense_2_vars.weights",
    "to_spread": "deeplinc.Encoder.e_dense_3_vars.weights",
}
ADVERSARY = {
    f"adversary.{2 * index}.{ours}": f"Discriminator.{layer}.{theirs}"
    for index, layer in enumerate(("dc_den1", "dc_den2", "dc_output"))
    for ours, theirs in (("weight", "weights"), ("bias", "bias"))
}
NAMES = ENCODER | ADVERSARY
SCORED = {"first": "emb_first", "after": "embedding", "sat": "sat_embedding"}


def settings(reference: Reference) -> Settings:
    hp = reference.hp()
    hidden, code = hp["encode_dim"]
    adversary_hidden1, adversary_hidden2 = hp["regularization_dim"]
    return Settings(
        epochs=hp["full_iterations"],
        autoencoder_steps=hp["vgae_steps_stage1"],
        discriminator_steps=1,
        generator_steps=1,
        lr=hp["lr1"],
        adversarial_lr=hp["lr2"],
        min_cells=hp["fil_gene"] or 0,
        log_offset=hp["log_add_number"] or 0,
        n_neighbors=hp["link_num"],
        distance_cutoff=hp["dist_cutoff"],
        test_share=hp["test_ratio"],
        hidden_dim=hidden,
        code_dim=code,
        adversary_hidden1=adversary_hidden1,
        adversary_hidden2=adversary_hidden2,
        adversary_weight_sd=hp["disc_weight_sd"],
        max_neighbors=0,
        record_every=1,
    )


def tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


def by_their_name(name: str, values: Tensor) -> Tensor:
    """Ours in the original's shape: the adversary's matrices are kept in x out there."""
    return values.t() if name.startswith("adversary") and values.ndim == 2 else values


def start(reference: Reference, s: Settings) -> DeepLinc:
    model = DeepLinc(s, reference["X"], reference["train_edges"], torch.Generator())
    state = {
        ours: by_their_name(ours, tensor(reference[f"w.{theirs}"])).contiguous()
        for ours, theirs in NAMES.items()
    }
    model.load_state_dict(state)
    return model


def weights_of(model: DeepLinc) -> dict[str, Tensor]:
    return {name: by_their_name(name, value).clone() for name, value in model.state_dict().items()}


def gradients(model: DeepLinc, *losses: Tensor) -> dict[str, Tensor]:
    """Of the sum of losses, by the weights that it depends on."""
    named = dict(model.named_parameters())
    found = torch.autograd.grad(sum(losses), list(named.values()), allow_unused=True)
    return {
        name: by_their_name(name, value)
        for name, value in zip(named, found, strict=True)
        if value is not None
    }


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference("deeplinc_reference_a.npz", "DEEPLINC_REFERENCE")


@pytest.fixture(scope="module")
def seen(reference: Reference) -> dict[str, Any]:
    """One iteration of a few steps from the reference's weights with its random choices."""
    s = settings(reference)
    model, noise, real = start(reference, s), tensor(reference["eps"]), tensor(reference["z_real"])
    values: dict[str, Any] = {}
    with torch.no_grad():
        values["emb_first_h1"] = values["h1"] = torch.relu(model.smoothed @ model.to_hidden)
        values["emb_first"] = model.sample(noise[0])
        values["mu"], values["logstd"] = model.posterior()
        values["z"] = model.sample(noise[1])
        values["logits"] = values["z"] @ values["z"].t()
        values["d_real"], values["d_fake"] = model.adversary(real), model.adversary(values["z"])
    rec, kl = model.autoencoder_losses(noise[1])
    values |= {"rec": rec, "kl": kl, "total": rec + kl}
    values["g"] = gradients(model, rec, kl)
    real_loss, fake_loss = model.discriminator_losses(noise[1], real)
    values |= {"dc_loss_real": real_loss, "dc_loss_fake": fake_loss}
    values |= {"dc_loss": real_loss + fake_loss, "generator_loss": model.generator_loss(noise[1])}

    drawn = iter(noise[1:])
    before: dict[int, Any] = {}

    def draw() -> Tensor:
        """The next noise; what is seen just before the steps of the adversary is kept."""
        step, now = len(before), next(drawn)
        before[step] = weights_of(model)
        if step == s.autoencoder_steps:
            with torch.no_grad():
                values["d_step_z"] = model.sample(now)
                values["d_step_d_fake"] = model.adversary(values["d_step_z"])
                values["d_step_d_real"] = model.adversary(real)
            values["gd"] = gradients(model, *model.discriminator_losses(now, real))
        if step == s.autoencoder_steps + 1:
            with torch.no_grad():
                values["g_step_z"] = model.sample(now)
                values["g_step_d_fake"] = model.adversary(values["g_step_z"])
            values["gg"] = gradients(model, model.generator_loss(now))
        return now

    values["steps"] = train_iteration(model, Optimizers(model), draw, real, every_loss=True)
    values["w_after_vgae"] = before[s.autoencoder_steps]
    values["w_after_disc"] = before[s.autoencoder_steps + 1]
    values["w_after"] = weights_of(model)
    with torch.no_grad():
        values["mu_after"], values["logstd_after"] = model.posterior()
        values["embedding"] = model.sample(next(drawn))
    assert next(drawn, None) is None
    return values


def test_input(reference: Reference) -> None:
    adata = AnnData(
        reference["counts"],
        layers={"counts": reference["counts"]},
        uns={"dataset": {"kind": "counts"}},
    )
    kept = (reference["counts"] != 0).sum(axis=0) >= settings(reference).min_cells
    assert np.array_equal(kept.nonzero()[0], reference["kept_genes"])
    reference.check("X", network_input(adata, settings(reference)), 1e-6)


def test_the_graph_is_that_of_the_original(reference: Reference) -> None:
    s, coords, n = settings(reference), reference["coords"], len(reference["coords"])
    cells, others, distances = tied_neighbors(coords, s.n_neighbors)
    links, cutoff = short_links(coords, s.n_neighbors, s.distance_cutoff)
    directed = np.zeros((n, n))
    directed[cells, others] = 1
    assert np.array_equal(directed, reference["adj_knn_directed"])
    reference.check("dist_neighbors_f32", distances, 1e-6)
    assert cutoff == pytest.approx(float(reference["cutoff_distance"]), rel=1e-12)
    apart = np.sqrt(((coords[:, None].astype(np.float64) - coords[None]) ** 2).sum(axis=2))
    below = (apart < cutoff) & ~np.eye(n, dtype=bool)
    assert np.array_equal(below, reference["adj_below_cutoff"] > 0)
    assert np.array_equal(adjacency(links, n).toarray(), reference["adj"])
    assert np.array_equal(links, reference["edges_single"])


def test_split_and_pairs_without_a_link(reference: Reference) -> None:
    links = reference["edges_single"]
    train, held = split_links(links, settings(reference).test_share, reference["edge_perm"])
    assert np.array_equal(train, reference["train_edges"])
    assert np.array_equal(held, reference["test_edges"])
    unlinked = accept_unlinked(reference["neg_draws"], links, len(reference["X"]))
    assert np.array_equal(unlinked[: len(held)], reference["test_edges_false"])


def test_training_graph(reference: Reference) -> None:
    model, n = start(reference, settings(reference)), len(reference["X"])
    links = reference["train_edges"]
    assert np.array_equal(adjacency(links, n).toarray(), reference["A_train"])
    assert np.array_equal(adjacency(links, n, loops=True).toarray(), reference["A_label"])
    reference.check("A_hat", model.adjacency.toarray(), 1e-6)
    weights = float(reference["pos_weight"]), float(reference["norm"])
    assert link_weights(n, len(links)) == pytest.approx(weights, rel=1e-12)


@pytest.mark.parametrize("name", ["emb_first_h1", "emb_first", "h1", "mu", "logstd", "z", "logits"])
def test_forward_values(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-5)


@pytest.mark.parametrize("name", ["d_real", "d_fake"])
def test_discriminator_values(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-5)


@pytest.mark.parametrize(
    "name",
    [*("rec", "kl", "total"), *("dc_loss_real", "dc_loss_fake", "dc_loss", "generator_loss")],
)
def test_losses_before_training(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-5)


@pytest.mark.parametrize("name", ["d_step_z", "d_step_d_real", "d_step_d_fake"])
def test_discriminator_step(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-5)


@pytest.mark.parametrize("name", ["g_step_z", "g_step_d_fake"])
def test_generator_step(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-5)


def with_sum(losses: Tensor) -> np.ndarray:
    return torch.cat([losses, losses.sum(dim=1, keepdim=True)], dim=1).numpy()


def test_losses_of_all_steps(reference: Reference, seen: dict[str, Any]) -> None:
    autoencoder, discriminator, generator = seen["steps"]
    for column, title in enumerate(("rec", "kl", "total")):
        theirs = reference["losses"][:, column]
        assert_close(with_sum(autoencoder)[:, column], theirs, 1e-5, f"losses: {title}")
    reference.check("d_step_losses", with_sum(discriminator)[0], 1e-5)
    reference.check("g_step_loss", generator[0, 0], 1e-5)


@pytest.mark.parametrize(
    ("step", "names"), [("g", ENCODER), ("gd", ADVERSARY), ("gg", ENCODER)], ids=["g", "gd", "gg"]
)
def test_gradients(
    reference: Reference, seen: dict[str, Any], step: str, names: dict[str, str]
) -> None:
    for ours, theirs in names.items():
        reference.check(f"{step}.{theirs}", seen[step][ours], 1e-4)


@pytest.mark.parametrize(
    ("stage", "names"),
    [("w_after_vgae", ENCODER), ("w_after_disc", ADVERSARY), ("w_after", NAMES)],
    ids=["w_after_vgae", "w_after_disc", "w_after"],
)
def test_weights_after_the_steps(
    reference: Reference, seen: dict[str, Any], stage: str, names: dict[str, str]
) -> None:
    for ours, theirs in names.items():
        reference.check(f"{stage}.{theirs}", seen[stage][ours], 1e-3)
        # Weights move little in a few steps: the way they go is compared, too.
        moved = seen[stage][ours].numpy() - reference[f"w.{theirs}"]
        if np.abs(moved).max() > 0:
            way = reference[f"{stage}.{theirs}"] - reference[f"w.{theirs}"]
            assert_close(moved, way, 1e-3, f"{stage}.{theirs}: movement")


@pytest.mark.parametrize("name", ["embedding", "mu_after", "logstd_after"])
def test_embedding(reference: Reference, seen: dict[str, Any], name: str) -> None:
    reference.check(name, seen[name], 1e-4)


@pytest.mark.parametrize("prefix", SCORED)
def test_scores_of_held_out_links(reference: Reference, prefix: str) -> None:
    embedding = reference[SCORED[prefix]]
    pairs = reference["test_edges"], reference["test_edges_false"]
    ours = link_scores(embedding, *pairs)
    assert ours.auroc == pytest.approx(float(reference[f"{prefix}_logit_auroc"]), abs=1e-12)
    assert ours.ap == pytest.approx(float(reference[f"{prefix}_logit_ap"]), abs=1e-12)


def test_thresholds_and_predicted_graph(reference: Reference) -> None:
    embedding = reference["embedding"]
    pairs = reference["test_edges"], reference["test_edges_false"]
    thresholds, shares = accuracies(embedding, *pairs)
    assert np.array_equal(thresholds, reference["thresholds"])
    assert shares == pytest.approx(reference["acc_by_threshold"], abs=1e-12)
    assert shares.max() == pytest.approx(float(reference["best_acc"]), abs=1e-12)
    best = best_threshold(embedding, *pairs)
    assert best == float(reference["best_threshold"])
    graph = predicted_graph(embedding, best).toarray()
    assert np.array_equal(graph > 0, reference["pred_adj"] > 0)
    assert_close(graph, reference["prob"] * reference["pred_adj"], 1e-5, "prob")


@pytest.fixture(scope="module")
def complete(reference: Reference) -> dict[str, Any]:
    """Complete iterations as the original runs them."""
    s = replace(settings(reference), autoencoder_steps=reference.hp()["vgae_steps_full"])
    model = start(reference, s)
    optimizers = Optimizers(model)
    values: dict[str, Any] = {"emb": [], "autoencoder": [], "discriminator": [], "generator": []}
    for index in range(s.epochs):
        noise = iter(tensor(reference["full.eps"][index]))
        with torch.no_grad():
            values["emb"].append(model.sample(next(noise)).numpy())
        real = tensor(reference["full.z_real"][index])
        losses = train_iteration(
            model, optimizers, lambda noise=noise: next(noise), real, every_loss=True
        )
        for name, rows in zip(("autoencoder", "discriminator", "generator"), losses, strict=True):
            values[name].append(rows)
    return values | {"w_after": weights_of(model)}


def test_complete_iterations(reference: Reference, complete: dict[str, Any]) -> None:
    reference.check("full.emb", np.stack(complete["emb"]), 1e-4)
    autoencoder = np.stack([with_sum(losses) for losses in complete["autoencoder"]])
    for column, title in enumerate(("rec", "kl", "total")):
        theirs = reference["full.losses"][..., column]
        assert_close(autoencoder[..., column], theirs, 1e-5, f"full.losses: {title}")
    discriminator = np.stack([with_sum(losses)[0] for losses in complete["discriminator"]])
    reference.check("full.d_losses", discriminator, 1e-5)
    reference.check("full.g_loss", torch.cat(complete["generator"])[:, 0], 1e-5)
    for ours, theirs in NAMES.items():
        reference.check(f"full.w_after.{theirs}", complete["w_after"][ours], 1e-3)


def test_logits_are_taken_pair_by_pair(reference: Reference) -> None:
    pairs = reference["test_edges"]
    theirs = reference["logits"][pairs[:, 0], pairs[:, 1]]
    assert_close(pair_logits(reference["z"], pairs), theirs, 1e-5, "logits")
