"""GraphST (Long et al., Nature Communications 2023), by its maintained package, unmodified.

The package computes its input and the graph of 3 neighbors itself. Its result is a reconstruction,
cells x genes; the published labels are those of its first 20 principal components, which are the
embedding here. All its graphs are dense n x n.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize

from stbench.common.errors import InputError
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import (
    need_above_zero,
    need_cells,
    need_counts_to_choose,
    need_genes_that_vary,
    need_room,
    raw_table,
)
from stbench.fitting.training_hooks import WatchedTraining

N_GENES = 3000  # chosen by the package
N_NEIGHBORS = 3  # linked by the package
DATATYPES = ("10X", "Stereo", "Slide")  # the latter two: sparse, loops added before normalization


def components(reconstruction: np.ndarray, n_components: int) -> np.ndarray:
    """(n, genes) -> (n, at most n_components) float32, as in the package's own clustering.

    Raises:
        FloatingPointError: values that are not finite.
    """
    from sklearn.decomposition import PCA

    if not np.isfinite(reconstruction).all():
        raise FloatingPointError("the reconstruction has values that are not finite")
    width = min(n_components, min(reconstruction.shape) - 1)
    return PCA(width, random_state=42).fit_transform(reconstruction).astype(np.float32)


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train GraphST on a preprocessed AnnData.

    Counts and intensities are preprocessed by the package, features are used unchanged. The
    embedding is (n, 20). The number of domains is not used.

    Raises:
        InputError: a parameter is invalid.
        NotApplicableError: too many or too few cells, genes to choose without counts, or too few
            variable genes.
        FloatingPointError: the reconstruction is not finite.
    """
    from GraphST.GraphST import GraphST
    from GraphST.model import Encoder, Encoder_sparse

    need_above_zero("graphst", params, ("epochs", "lr", "n_hidden", "n_components", "record_every"))
    datatype, kind = params["datatype"], adata.uns["dataset"]["kind"]
    if datatype not in DATATYPES:
        raise InputError(f"graphst: datatype is {datatype!r}: must be {', '.join(DATATYPES)}")
    need_room(adata.n_obs, params["max_cells"])
    need_cells(adata.n_obs, N_NEIGHBORS + 1, f"links {N_NEIGHBORS} neighbors")
    table = raw_table(adata)
    need_counts_to_choose(table, N_GENES, kind)
    if kind == "features":
        table.var["highly_variable"] = True  # the package then skips its preprocessing
    else:
        need_genes_that_vary(table)
    trainer = GraphST(
        table,
        device=torch.device(device),
        epochs=params["epochs"],
        learning_rate=params["lr"],
        weight_decay=params["weight_decay"],
        dim_output=params["n_hidden"],
        alpha=params["reconstruction_weight"],
        beta=params["contrastive_weight"],
        random_seed=seed,
        datatype=datatype,
    )

    def embed(network: nn.Module, inputs: tuple[Any, ...]) -> np.ndarray:
        rebuilt = network(*inputs)[1]
        rebuilt = rebuilt if datatype == "10X" else normalize(rebuilt)
        return components(rebuilt.cpu().numpy(), params["n_components"])

    network = Encoder if datatype == "10X" else Encoder_sparse
    with WatchedTraining(network, embed, params["record_every"], record) as training:
        rebuilt = trainer.train().obsm["emb"]
    embedding = components(rebuilt, params["n_components"])
    training.finish(embedding)
    return Fit(embedding=embedding, info={"genes": trainer.dim_input, "datatype": datatype})
