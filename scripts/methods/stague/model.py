"""STAGUE: spatial domains and a cell graph learned together (Nie et al., Advanced Science 2024).

A re-implementation on edge lists, with exact losses and gradients and without n x n arrays: memory
is linear in the number of cells. The learned graph and the anchor graph are two vectors of values
on one fixed edge pattern, the union of the kNN graph and the learner's candidate pairs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from methods.stague.contrastive import edge_cosine, nt_xent
from methods.stague.sampled_contrastive import sampled_nt_xent
from methods.stague.settings import Settings
from stbench.common.errors import InputError, one_line
from stbench.fitting.edge_scorer import EdgeScorer
from stbench.fitting.interface import Fit, Recorder
from stbench.graphs.neighbors import candidate_pairs, knn_pairs
from stbench.nn.gcn import EdgePattern, GraphConv, gcn_normalize, normalize

Graph = tuple[EdgePattern, Tensor]


class Draws(NamedTuple):
    """The random choices of one epoch; a None keeps everything."""

    anchor_columns: Tensor
    anchor_edges: Tensor | None
    learner_columns: Tensor
    learner_edges: Tensor | None
    permutation: Tensor
    negative_columns: Tensor
    dropout: torch.Generator | None
    negatives: Tensor | None = None


def keep_mask(shape: tuple[int, ...], rate: float, generator: torch.Generator) -> Tensor:
    """Booleans that are False with probability ``rate``, to 1/65536; one random word serves
    four of them, which is five times as fast as torch's Bernoulli draws on a CPU."""
    size = int(np.prod(shape))
    words = torch.empty((size + 3) // 4, dtype=torch.int64, device=generator.device)
    words.random_(-(2**63), None, generator=generator)
    return (words.view(torch.int16)[:size] >= round(rate * 65536) - 32768).view(shape)


class GraphEncoder(nn.Module):
    """Graph convolutions shared by all views, and the projection head of the losses."""

    def __init__(self, s: Settings) -> None:
        super().__init__()
        widths = [s.exp_out, *[s.hidden_dim] * (s.nlayers - 1), s.rep_dim]
        self.convs = nn.ModuleList(map(GraphConv, widths, widths[1:]))
        self.proj_head = nn.Sequential(
            nn.Linear(s.rep_dim, s.proj_dim),
            nn.ReLU(inplace=True),
            nn.Linear(s.proj_dim, s.proj_dim),
        )
        self.dropout = s.dropout

    def forward(
        self,
        features: Tensor,
        graph: Graph | None,
        columns: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The embedding; ``columns`` as in GraphConv, dropout only with a generator."""
        hidden = features
        for conv in self.convs[:-1]:
            hidden = torch.relu_(conv(hidden, graph, columns))
            columns = None
            if generator is not None and self.dropout > 0:
                kept = keep_mask(tuple(hidden.shape), self.dropout, generator)
                hidden = hidden * kept.to(hidden.dtype).div_(1 - self.dropout)
        return self.convs[-1](hidden, graph, columns)


class Stague(nn.Module):
    """The three networks and the cell graphs of one tissue."""

    def __init__(
        self, s: Settings, genes: int, coords: np.ndarray, raw: np.ndarray, device: str = "cpu"
    ) -> None:
        """``raw``: undirected pairs (m, 2) of the raw cell graph, see ``knn_pairs``."""
        super().__init__()
        self.settings = s
        layers = [
            nn.Linear(genes, s.exp_out),
            nn.ReLU(inplace=True),
            nn.Linear(s.exp_out, s.exp_out),
            nn.ReLU(),
        ]
        self.cell_encoder = nn.Sequential(
            *layers, *([] if s.no_bn else [nn.BatchNorm1d(s.exp_out)])
        )
        self.graph_learner = nn.ModuleList(
            GraphConv(s.exp_out, s.exp_out) for _ in range(s.nlayers)
        )
        self.encoder = GraphEncoder(s)

        n = len(coords)
        candidates = candidate_pairs(coords, s.k, s.sparse_learner)
        union = np.unique(np.concatenate([raw, candidates.pairs]), axis=0)
        self.pattern = EdgePattern.from_pairs(union, n, device)
        self.anchor = normalize(self.pattern, self.pattern.spread(raw, np.ones(len(raw))))
        # The learner convolves over the initial anchor, which is sparser than the union.
        raw_pattern = EdgePattern.from_pairs(raw, n, device)
        raw_anchor = normalize(raw_pattern, (~raw_pattern.loop).float())
        self.learner_graph: Graph = (raw_pattern, gcn_normalize(raw_pattern, raw_anchor))
        self.candidate = self.pattern.spread(candidates.pairs, np.ones(len(candidates.pairs))) > 0
        kernel = np.exp(-s.gamma * np.square(candidates.distances / np.float32(candidates.cut)))
        self.kernel = self.pattern.spread(candidates.pairs, kernel)
        self.cut = candidates.cut
        self.to(device)

    def learn_graph(self, features: Tensor) -> Tensor:
        """Scores of the candidate edges on the pattern: half features, half distance."""
        hidden = torch.relu_(self.graph_learner[0](features, self.learner_graph))
        for conv in self.graph_learner[1:-1]:
            hidden = torch.relu_(conv(hidden, self.learner_graph))
        hidden = self.graph_learner[-1](hidden, self.learner_graph)
        similarity = edge_cosine(self.pattern, hidden).clamp(min=0)
        weight = self.settings.adj_weight
        return self.candidate * (weight * similarity + (1 - weight) * self.kernel)

    def graphs(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of the learned graph, raw and normalized; without a learner, the anchor graph."""
        if self.settings.no_learner:
            return self.anchor.clone(), self.anchor.clone()
        scores = self.learn_graph(features)
        return scores, normalize(self.pattern, scores)

    def draw(self, generator: torch.Generator) -> Draws:
        """The random choices of an epoch, in the order of the views."""
        s, edges = self.settings, len(self.candidate)

        def columns(rate: float) -> Tensor:
            shuffled = torch.randperm(s.exp_out, generator=generator, device=generator.device)
            return shuffled[int(s.exp_out * rate) :].sort().values

        def kept_edges() -> Tensor | None:
            return keep_mask((edges,), s.dropedge_rate, generator) if s.dropedge_rate > 0 else None

        n = self.pattern.n
        return Draws(
            anchor_columns=columns(s.maskfeat_rate_anchor),
            anchor_edges=kept_edges(),
            learner_columns=columns(s.maskfeat_rate_learner),
            learner_edges=kept_edges(),
            permutation=torch.randperm(n, generator=generator, device=generator.device),
            negative_columns=columns(s.maskfeat_rate_anchor),
            dropout=generator,
            negatives=self._negatives(generator),
        )

    def _negatives(self, generator: torch.Generator) -> Tensor | None:
        s, n = self.settings, self.pattern.n
        if s.nt_xent == "exact" or s.negatives >= n:
            return None
        drawn = torch.randperm(n, generator=generator, device=generator.device)
        return drawn[: s.negatives]

    def graph(self, adjacency: Tensor, kept: Tensor | None = None) -> Graph:
        """The graph that the encoder convolves over; dropped edges do not count in degrees."""
        weights = adjacency if kept is None else adjacency * kept
        return self.pattern, gcn_normalize(self.pattern, weights)

    def views(
        self, features: Tensor, adjacency: Tensor, draws: Draws
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Projections of the anchor, the learner and the negative view (STAGUE, step 7)."""

        def project(columns: Tensor, graph: Graph | None, rows: Tensor | None = None) -> Tensor:
            seen = features.index_select(1, columns)
            seen = seen if rows is None else seen.index_select(0, rows)
            return self.encoder.proj_head(self.encoder(seen, graph, columns, draws.dropout))

        return (
            project(draws.anchor_columns, self.graph(self.anchor, draws.anchor_edges)),
            project(draws.learner_columns, self.graph(adjacency, draws.learner_edges)),
            project(draws.negative_columns, None, draws.permutation),
        )

    def losses(
        self, z1: Tensor, z2: Tensor, z3: Tensor, negatives: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """NT-Xent and weighted triplet loss (STAGUE, step 8); ``negatives``: sampled cells."""
        s = self.settings
        distance = nn.functional.pairwise_distance
        triplet = (distance(z2, z1) - distance(z2, z3) + s.margin).clamp(min=0).mean()
        contrast = (
            nt_xent(z1, z2, s.temperature, s.sim_batch_size, on_cuda=s.nt_xent_cuda)
            if negatives is None
            else sampled_nt_xent(z1, z2, s.temperature, negatives)
        )
        return contrast, triplet * s.margin_weight

    @torch.no_grad()
    def bootstrap(self, adjacency: Tensor) -> None:
        """Move the anchor graph towards the learned graph (STAGUE, step 9)."""
        self.anchor.mul_(self.settings.tau).add_(adjacency, alpha=1 - self.settings.tau)

    @torch.no_grad()
    def embed(self, features: Tensor, adjacency: Tensor) -> np.ndarray:
        """The embedding without dropout or masks over the learned graph (STAGUE, step 10)."""
        return self.encoder(features, self.graph(adjacency)).cpu().numpy()

    @torch.no_grad()
    def null_scores(self, x: Tensor, generator: torch.Generator) -> np.ndarray:
        """Scores of the candidate edges, once each, when expression is shuffled among cells."""
        shuffled = torch.randperm(len(x), generator=generator, device=x.device)
        scores = self.learn_graph(self.cell_encoder(x[shuffled]))
        once = self.candidate & (self.pattern.target < self.pattern.source)
        return scores[once].cpu().numpy()

    def learner_weights(self) -> dict[str, np.ndarray]:
        """The weights that edge scores depend on."""
        return {
            name: value.detach().cpu().numpy().copy()
            for name, value in self.state_dict().items()
            if name.startswith(("cell_encoder.", "graph_learner."))
        }


@contextmanager
def _repeatable() -> Iterator[None]:
    """Deterministic kernels; where a GPU has none, torch warns and uses another."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    fill: Any = torch.utils.deterministic
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        fill.fill_uninitialized_memory,
    )
    torch.use_deterministic_algorithms(True, warn_only=True)
    fill.fill_uninitialized_memory = False  # no code here reads uninitialized memory
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        fill.fill_uninitialized_memory = before[2]


def seeded_model(
    s: Settings, genes: int, coords: np.ndarray, seed: int, device: str = "cpu"
) -> Stague:
    """A model whose initial weights depend only on the seed; torch's generator is unchanged."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Stague(s, genes, coords, knn_pairs(coords, s.a_k), device)


def expression(adata: Any) -> Tensor:
    """STAGUE's input: the highly variable genes, (n, genes) float32."""
    x = adata.X[:, adata.var["highly_variable"].to_numpy(dtype=bool)]
    x = np.asarray(x.toarray() if hasattr(x, "toarray") else x, np.float32)
    return torch.from_numpy(x).contiguous()


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train STAGUE on a preprocessed AnnData.

    The input is the log-normalized expression of the highly variable genes and ``spatial``. The
    embedding of an epoch encodes, with the updated encoder, the cell features and the learned
    graph of that epoch's training step, as in the original. The number of domains is not used.

    Raises:
        InputError: a parameter or the coordinates are invalid.
        FloatingPointError: the loss is not finite.
    """
    s = Settings.of(params)
    x = expression(adata).to(device)
    generator = torch.Generator(device=device).manual_seed(seed)
    with _repeatable():
        model = seeded_model(s, x.shape[1], adata.obsm["spatial"], seed, device)
        optimizer = torch.optim.Adam(
            model.parameters(), lr=s.lr, weight_decay=s.w_decay, fused=True
        )
        losses = []
        for epoch in tqdm(range(1, s.epochs + 1), "STAGUE", unit="epoch", disable=None):
            features = model.cell_encoder(x)
            scores, adjacency = model.graphs(features)
            if epoch == 1:
                record(0, model.embed(features, adjacency))
                untrained = scores.detach()
            draws = model.draw(generator)
            views = model.views(features, adjacency, draws)
            loss = torch.stack(model.losses(*views, draws.negatives)).sum()
            if not torch.isfinite(loss):
                raise FloatingPointError(f"the loss became {loss.item()} in epoch {epoch}")
            losses.append(loss.item())
            if epoch == s.epochs:
                weights = model.learner_weights()  # those of the graph that is returned
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            model.bootstrap(adjacency)
            if epoch % s.record_every == 0 or epoch == s.epochs:
                embedding = model.embed(features, adjacency)
                record(epoch, embedding)
        if s.no_learner:
            return Fit(embedding=embedding, losses=losses, info={"loss": losses[-1]})
        return Fit(
            embedding=embedding,
            adj_raw=model.pattern.scipy(scores, model.candidate),
            adj_normalized=model.pattern.scipy(adjacency, model.candidate),
            adj_untrained=model.pattern.scipy(untrained, model.candidate),
            null_scores=model.null_scores(x, generator),
            weights=weights,
            losses=losses,
            info={
                "loss": losses[-1],
                "candidate_edges": int(model.candidate.sum()) // 2,
                "distance_cut": model.cut,
            },
        )


def edge_scorer(
    adata: Any, params: Mapping[str, Any], weights: Mapping[str, np.ndarray], pairs: np.ndarray
) -> EdgeScorer:
    """The scores of candidate pairs as a function of expression (stbench.interactions).

    Batch normalization is frozen at the mean and variance of the real data, which training uses.
    With the statistics of its own input it would scale any small difference between cells to unit
    variance, and be undefined where all cells are equal.

    Raises:
        InputError: the weights do not match the data, or a pair is not a candidate.
    """
    x = expression(adata)
    model = seeded_model(Settings.of(params), x.shape[1], adata.obsm["spatial"], 0)
    model.requires_grad_(False).eval()
    if weights.keys() != model.learner_weights().keys():
        raise InputError("stague: weights.npz is not from a fit of STAGUE; rerun the fit")
    try:
        learned = {name: torch.tensor(values) for name, values in weights.items()}
        model.load_state_dict(learned, strict=False)
        entries = torch.from_numpy(model.pattern.entries(pairs))
    except (RuntimeError, ValueError) as error:
        raise InputError(f"stague: the fit does not match the data: {one_line(error)}") from error
    if not model.settings.no_bn:
        norm: Any = model.cell_encoder[-1]
        encoded = model.cell_encoder[:-1](x)
        norm.running_mean.copy_(encoded.mean(0))
        norm.running_var.copy_(encoded.var(0, correction=0))

    def score(x: Tensor) -> Tensor:
        return model.learn_graph(model.cell_encoder(x)).index_select(0, entries)

    names = adata.var_names[adata.var["highly_variable"].to_numpy(dtype=bool)]
    return EdgeScorer(genes=names.to_numpy(), expression=x, score=score)
