"""SiGra, gene branch: a graph transformer autoencoder (Tang et al., Nature Communications 2023).

The published method also uses an image of each cell or spot. Datasets have no images here, so on
EVERY dataset, including those published with images, this is the ablation of the released code: the
gene branch alone, with its own loss and its own code. Its scores are not those of full SiGra.

Re-implemented from its description. Layers G -> hidden -> code -> hidden -> G of single-head graph
attention over the cells within a radius; the layer norms that the original declares but never uses
are left out. Only the initial weights are random.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.nn.functional import elu, mse_loss
from tqdm import tqdm

from methods.sigra.transformer_conv import TransformerConv
from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_links
from stbench.graphs.radius import radius_for, radius_pairs
from stbench.nn.gcn import EdgePattern


@dataclass(frozen=True)
class Settings:
    """Hyper-parameters; their published values are in ``config/methods.yaml``.

    Attributes:
        min_cells: genes detected in fewer cells are dropped, before totals are computed.
        excluded_prefixes: genes with these prefixes are dropped, before totals are computed.
        n_genes: variable genes to choose; of a smaller panel all genes are used.
        radius: of the cell graph, in the unit of the coordinates; 0: the one that gives a cell
            ``n_neighbors`` neighbors on average.
    """

    epochs: int
    lr: float
    weight_decay: float
    gradient_clipping: float
    hidden_dim: int
    code_dim: int
    min_cells: int
    excluded_prefixes: Sequence[str]
    n_genes: int
    target_sum: float
    radius: float
    n_neighbors: float
    record_every: int

    def __post_init__(self) -> None:
        positive = ("epochs", "lr", "gradient_clipping", "hidden_dim", "code_dim", "n_genes")
        for name in (*positive, "target_sum", "n_neighbors", "record_every"):
            if not getattr(self, name) > 0:
                raise InputError(f"sigra: {name} is {getattr(self, name)}: must be above 0")
        for name in ("weight_decay", "min_cells", "radius"):
            if not getattr(self, name) >= 0:
                raise InputError(f"sigra: {name} is {getattr(self, name)}: must not be below 0")


def log_expression(adata: Any, s: Settings) -> np.ndarray:
    """Kept genes, totals scaled, log(1 + x); of these the variable genes (seurat_v3 on counts).

    Intensities are treated the same way, but without filter and choice of genes; features are
    used unchanged.

    Returns:
        (n, genes) dense float32.

    Raises:
        NotApplicableError: genes must be chosen, which needs counts.
    """
    values, kind = adata.layers["counts"], adata.uns["dataset"]["kind"]
    if kind == "features":
        return _dense(values)

    import scanpy as sc
    from anndata import AnnData

    table = AnnData(sp.csr_matrix(values, dtype=np.float32), var=adata.var[[]])
    if kind == "counts":
        table = _filtered(table, s)
    chosen: slice | np.ndarray = slice(None)
    if table.n_vars > s.n_genes:
        if kind != "counts":
            raise NotApplicableError(
                f"chooses {s.n_genes} of {table.n_vars} genes by their counts, "
                f"this dataset holds {kind}"
            )
        marks = sc.pp.highly_variable_genes(
            table, flavor="seurat_v3", n_top_genes=s.n_genes, inplace=False
        )
        chosen = marks["highly_variable"].to_numpy()
    sc.pp.normalize_total(table, target_sum=s.target_sum)
    sc.pp.log1p(table)
    return _dense(table.X[:, chosen])


def _filtered(table: Any, s: Settings) -> Any:
    seen = np.asarray((table.X > 0).sum(axis=0)).ravel() >= s.min_cells
    excluded = table.var_names.str.startswith(tuple(s.excluded_prefixes))
    kept = seen & ~np.asarray(excluded, dtype=bool)
    if kept.sum() < 2:
        raise InputError(
            f"sigra: {kept.sum()} genes are detected in {s.min_cells} cells or more; "
            "lower min_cells"
        )
    return table[:, kept].copy()


def _dense(values: Any) -> np.ndarray:
    dense = values.toarray() if sp.issparse(values) else values
    return np.ascontiguousarray(dense, dtype=np.float32)


def build_pairs(coords: np.ndarray, s: Settings) -> tuple[np.ndarray, float]:
    """Linked pairs of cells (m, 2), and the radius.

    Raises:
        InputError: no two cells are linked.
    """
    radius = s.radius or radius_for(coords, s.n_neighbors)
    pairs = radius_pairs(coords, radius)
    if len(pairs) == 0:
        raise InputError(
            f"sigra: no two cells are within radius {radius:g} of each other; "
            "raise it, or set it to 0 to derive it from n_neighbors"
        )
    return pairs, radius


class GeneBranch(nn.Module):
    """The autoencoder of expression on a cell graph; ``code`` is the method's embedding."""

    def __init__(self, genes: int, hidden: int, code: int) -> None:
        super().__init__()
        self.conv1 = TransformerConv(genes, hidden)
        self.conv2 = TransformerConv(hidden, code)
        self.conv3 = TransformerConv(code, hidden)
        self.conv4 = TransformerConv(hidden, genes)

    def encode(self, x: Tensor, pattern: EdgePattern) -> Tensor:
        """(n, genes) -> (n, code)."""
        return self.conv2(elu(self.conv1(x, pattern)), pattern)

    def decode(self, code: Tensor, pattern: EdgePattern) -> Tensor:
        """(n, code) -> (n, genes)."""
        return self.conv4(elu(self.conv3(code, pattern)), pattern)


def step(
    model: GeneBranch, x: Tensor, code: Tensor, pattern: EdgePattern, optimizer: Any, largest: float
) -> Tensor:
    """One training step from the code of the current weights; returns the loss before it.

    ``largest`` bounds the norm of all gradients together, before weight decay is added.
    """
    loss = mse_loss(model.decode(code, pattern), x)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), largest)
    optimizer.step()
    return loss.detach()


def build_model(genes: int, s: Settings, seed: int) -> GeneBranch:
    """The branch with the initial weights that the original draws from this seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return GeneBranch(genes, s.hidden_dim, s.code_dim)


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train SiGra's gene branch on a preprocessed AnnData.

    The input is computed from the counts: genes filtered (whole transcriptomes only), totals scaled
    to 1e4, log1p, up to 3000 variable genes. Intensities are treated the same way, but without
    filter and choice of genes (more than ``n_genes``: not applicable); features are used unchanged.
    The embedding is the 30-dimensional code. The number of domains is not used.

    Raises:
        InputError: a parameter is invalid, or no two cells are linked.
        NotApplicableError: genes must be chosen but there are no counts.
        FloatingPointError: the loss is not finite.
    """
    s = Settings(**params)
    features = log_expression(adata, s)
    pairs, radius = build_pairs(adata.obsm["spatial"], s)
    unlinked = need_links(pairs, len(features))
    pattern = EdgePattern.from_pairs(pairs, len(features), device)
    x = torch.from_numpy(features).to(device)
    model = build_model(x.shape[1], s, seed).to(device)
    optimizer = torch.optim.Adam(
        model.parameters(), lr=s.lr, weight_decay=s.weight_decay, fused=True
    )
    losses = []
    for epoch in tqdm(range(s.epochs + 1), "SiGra (gene branch)", unit="epoch", disable=None):
        # Nothing is random and training and evaluation mode are the same: the code of the next
        # training pass is that of an evaluation pass after this epoch.
        code = model.encode(x, pattern)
        if epoch % s.record_every == 0 or epoch == s.epochs:
            embedding = code.detach().cpu().numpy().copy()
            record(epoch, embedding.copy())
        if epoch < s.epochs:
            loss = step(model, x, code, pattern, optimizer, s.gradient_clipping)
            if not torch.isfinite(loss):
                raise FloatingPointError(f"the loss became {loss.item()} in epoch {epoch + 1}")
            losses.append(loss.item())
    return Fit(
        embedding=embedding,
        losses=losses,
        info={
            "branch": "gene",
            "loss": losses[-1],
            "genes": x.shape[1],
            "radius": radius,
            "mean_neighbors": 2 * len(pairs) / len(x),
            **unlinked,
        },
    )
