"""STAGUE's fit and its command line: outcomes on small tissues."""

from __future__ import annotations

import random

import anndata as ad
import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from helpers.two_halves import SMALL, tissue
from methods.stague.clustering import scanpy_communities
from methods.stague.model import fit, keep_mask, seeded_model
from methods.stague.settings import Settings
from stbench.common.errors import InputError
from stbench.fitting.interface import Fit
from stbench.graphs.neighbors import candidate_pairs
from stbench.nn.gcn import normalize


def train(adata: ad.AnnData, seed: int = 0, record=lambda *_: None, **params: object) -> Fit:
    return fit(adata, 2, seed, "cpu", SMALL | params, record)


def test_same_seed_same_bytes_other_seed_differs() -> None:
    first, again, other = train(tissue()), train(tissue()), train(tissue(), seed=1)
    assert first.embedding.tobytes() == again.embedding.tobytes()
    assert first.adj_raw.data.tobytes() == again.adj_raw.data.tobytes()
    assert not np.allclose(first.embedding, other.embedding)


def test_recording_changes_nothing_and_reports_every_epoch() -> None:
    seen: dict[int, np.ndarray] = {}

    def record(epoch: int, embedding: np.ndarray) -> None:
        seen[epoch] = embedding.copy()
        torch.rand(7)
        np.random.rand(7)  # noqa: NPY002 - a recorder that draws from the global streams
        embedding[:] = 0

    last_only = train(tissue(), record_every=99).embedding
    train(tissue(), record=record)
    assert sorted(seen) == [0, 1, 2, 3]
    assert seen[3].tobytes() == last_only.tobytes()
    assert not np.allclose(seen[0], seen[1])


def test_record_every_keeps_the_start_and_the_last_epoch() -> None:
    epochs: list[int] = []
    train(tissue(), record=lambda epoch, _: epochs.append(epoch), record_every=2, epochs=5)
    assert epochs == [0, 2, 4, 5]


def test_epoch_zero_is_the_untrained_network() -> None:
    seen: list[np.ndarray] = []
    adata = tissue()
    train(adata, record=lambda _, embedding: seen.append(embedding))
    x = torch.from_numpy(adata.X[:, 1:].copy())
    model = seeded_model(Settings(**SMALL), x.shape[1], adata.obsm["spatial"], 0)
    features = model.cell_encoder(x)
    adjacency = normalize(model.pattern, model.learn_graph(features))
    np.testing.assert_array_equal(seen[0], model.embed(features, adjacency))


def test_the_global_random_streams_are_left_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(tissue())
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("before", [(True, False), (False, True)])
def test_torch_chooses_its_kernels_afterwards_as_before(before: tuple[bool, bool]) -> None:
    fill = torch.utils.deterministic.fill_uninitialized_memory
    torch.use_deterministic_algorithms(before[0], warn_only=before[1])
    try:
        train(tissue(), epochs=1)
        chosen = torch.are_deterministic_algorithms_enabled()
        assert (chosen, torch.is_deterministic_algorithms_warn_only_enabled()) == before
        assert torch.utils.deterministic.fill_uninitialized_memory == fill
    finally:
        torch.use_deterministic_algorithms(False)


def test_only_highly_variable_genes_are_read() -> None:
    changed = tissue()
    changed.X[:, 0] = 9.0
    assert train(changed).embedding.tobytes() == train(tissue()).embedding.tobytes()


@pytest.mark.parametrize("sparse", [False, True])
def test_learned_graph_equals_the_dense_formula(sparse: bool) -> None:
    adata = tissue()
    settings = Settings(**SMALL, sparse_learner=sparse, adj_weight=0.4, gamma=1.5)
    model = seeded_model(settings, 19, adata.obsm["spatial"], 0)
    features = model.cell_encoder(torch.from_numpy(adata.X[:, 1:].copy()))
    raw = model.pattern.torch(model.learn_graph(features).detach()).to_dense().numpy()

    pattern, values = model.learner_graph
    anchor = pattern.torch(values).to_dense()
    first, second = model.graph_learner
    hidden = torch.relu(anchor @ first.lin(features) + first.bias)
    hidden = (anchor @ second.lin(hidden) + second.bias).detach().numpy()
    norm = np.linalg.norm(hidden, axis=1)
    cosine = np.maximum(0, hidden @ hidden.T / (norm[:, None] * norm + 1e-8))
    coords = adata.obsm["spatial"].astype(np.float32).astype(float)
    distance = np.linalg.norm(coords[:, None] - coords, axis=2)
    kth = np.sort(distance, axis=1)[:, 8]
    cut = np.median(kth) if sparse else np.sort(kth)[(len(kth) - 1) // 2]
    scores = 0.4 * cosine + 0.6 * np.exp(-1.5 * (distance / cut) ** 2)
    candidate = (distance <= cut * (1 + 1e-6)) & ~np.eye(len(coords), dtype=bool)
    if not sparse:
        candidate &= distance > 0
    np.testing.assert_allclose(raw, np.where(candidate, scores, 0), atol=2e-6)
    assert (raw[0, 1] > 0) == sparse
    assert (raw == raw.T).all()


def test_dropping_one_direction_counts_in_one_degree() -> None:
    model = seeded_model(Settings(**SMALL), 19, tissue().obsm["spatial"], 0)
    pattern = model.pattern
    entry = int(torch.nonzero(model.candidate)[0])
    kept = torch.ones(len(pattern.source), dtype=torch.bool)
    kept[entry] = False
    weights = model.kernel
    dense = pattern.torch(weights * kept).to_dense() + torch.eye(pattern.n)
    scale = dense.sum(1).rsqrt()  # rows are targets: the weighted in-degree
    expected = scale[:, None] * dense * scale
    torch.testing.assert_close(pattern.torch(model.graph(weights, kept)[1]).to_dense(), expected)
    assert pattern.torch(model.graph(weights)[1]).to_dense()[
        pattern.target[entry], pattern.source[entry]
    ]


def test_result_holds_both_graphs() -> None:
    result = train(tissue())
    raw, normalized = result.adj_raw.toarray(), result.adj_normalized.toarray()
    assert raw.diagonal().sum() == 0
    degree = raw.sum(1)
    scale = np.where(degree > 0, np.where(degree > 0, degree, 1) ** -0.5, 0)
    np.testing.assert_allclose(normalized, scale[:, None] * raw * scale, rtol=1e-4)
    assert result.embedding.shape == (80, 8)
    assert result.embedding.dtype == np.float32
    candidates = candidate_pairs(tissue().obsm["spatial"], SMALL["k"])
    assert result.info["candidate_edges"] == len(candidates.pairs)
    assert result.info["distance_cut"] == candidates.cut


def test_training_finds_two_halves() -> None:
    adata = tissue(200)
    found = train(adata, epochs=40, lr=1e-3, exp_out=64)
    labels = KMeans(2, n_init=5, random_state=0).fit_predict(found.embedding)
    assert adjusted_rand_score(adata.uns["half"], labels) > 0.8


@pytest.mark.parametrize(
    "params",
    [
        {"sim_batch_size": 30},
        {"sparse_learner": True},
        {"no_bn": True},
        {"nlayers": 3},
        {"dropout": 0.0, "dropedge_rate": 0.0},
        {"maskfeat_rate_anchor": 0.0, "maskfeat_rate_learner": 0.0},
        {"margin": -0.2},
        {"nt_xent": "sampled", "negatives": 40},
        {"no_learner": True},
    ],
)
def test_every_option_changes_the_result(params: dict) -> None:
    embedding = train(tissue(), **params).embedding
    assert np.isfinite(embedding).all()
    assert not np.allclose(embedding, train(tissue()).embedding)


@pytest.mark.parametrize("n", [3, 5, 8])
def test_fewer_cells_than_neighbors(n: int) -> None:
    result = train(tissue(n), k=15, a_k=10)
    assert np.isfinite(result.embedding).all()


def test_a_loss_that_is_no_number_stops_the_training() -> None:
    adata = tissue()
    adata.X[3, 4] = np.nan
    with pytest.raises(FloatingPointError, match="epoch 1"):
        train(adata)


def test_wrong_parameters_are_named() -> None:
    with pytest.raises(InputError, match="learning_rate"):
        train(tissue(), learning_rate=1)
    with pytest.raises(InputError, match="tau is 2"):
        train(tissue(), tau=2)


@pytest.mark.parametrize(
    ("names", "lowest", "below"),
    [
        (("epochs", "a_k", "k", "exp_out", "hidden_dim", "rep_dim", "proj_dim"), 1, 0),
        (("adj_weight", "maskfeat_rate_learner", "maskfeat_rate_anchor", "tau"), 0, -1e-6),
        (("dropout", "dropedge_rate"), 0, -1e-6),
        (("lr", "temperature"), 1e-6, 0),
        (("w_decay", "sim_batch_size"), 0, -1),
        (("nlayers",), 2, 1),
        (("record_every",), 1, 0),
    ],
)
def test_the_lowest_value_of_each_parameter(names: tuple, lowest: float, below: float) -> None:
    for name in names:
        assert getattr(Settings(**{name: lowest}), name) == lowest
        with pytest.raises(InputError, match=f"stague: {name} is "):
            Settings(**{name: below})


def test_shares_reach_one_and_a_dropout_does_not() -> None:
    for name in ("adj_weight", "maskfeat_rate_learner", "maskfeat_rate_anchor", "tau"):
        assert getattr(Settings(**{name: 1}), name) == 1
    for name in ("dropout", "dropedge_rate"):
        assert getattr(Settings(**{name: 0.999}), name) == 0.999
        with pytest.raises(InputError, match=f"stague: {name} is 1"):
            Settings(**{name: 1})


def test_a_sample_has_at_least_two_negatives_and_no_blocks() -> None:
    assert Settings(nt_xent="sampled", negatives=2).negatives == 2
    with pytest.raises(InputError, match="negatives is 1"):
        Settings(nt_xent="sampled", negatives=1)
    with pytest.raises(InputError, match="sim_batch_size is 1"):
        Settings(nt_xent="sampled", sim_batch_size=1)


def test_the_ways_to_compute_the_loss_on_cuda_change_nothing_on_a_cpu() -> None:
    with pytest.raises(InputError, match="nt_xent_cuda is fast; it must be one of ieee, tf32x3"):
        Settings(nt_xent_cuda="fast")
    ways = [train(tissue(), nt_xent_cuda=way).embedding for way in ("ieee", "tf32", "tiles")]
    assert len({embedding.tobytes() for embedding in ways}) == 1


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.85])
def test_masks_keep_the_wanted_share(rate: float) -> None:
    kept = keep_mask((400, 501), rate, torch.Generator().manual_seed(0))
    assert kept.shape == (400, 501)
    assert kept.float().mean().item() == pytest.approx(1 - rate, abs=0.005)
    assert kept.float().mean(1).std().item() == pytest.approx(
        (rate * (1 - rate) / 501) ** 0.5, rel=0.2
    )


def test_scanpy_communities_meet_the_wanted_number_or_say_so() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(3), 40)
    points = np.eye(3)[truth] * 8 + rng.normal(size=(120, 3))
    for how in ("leiden", "louvain"):
        labels = scanpy_communities(points, 3, how)
        assert adjusted_rand_score(truth, labels) == 1
    assert scanpy_communities(points, 119, "louvain") is None


def test_louvain_does_not_depend_on_the_global_random_stream() -> None:
    points = np.random.default_rng(0).normal(size=(60, 3))
    state = random.getstate()
    try:
        made = []
        for seed in range(3):
            random.seed(seed)
            made.append(scanpy_communities(points, 4, "louvain"))
    finally:
        random.setstate(state)
    assert made[0] is not None and len(np.unique(made[0])) == 4
    assert all(np.array_equal(labels, made[0]) for labels in made)


def test_without_a_learner_there_is_no_learned_graph() -> None:
    result = train(tissue(), no_learner=True)
    assert result.adj_raw is None
    assert result.weights is None
