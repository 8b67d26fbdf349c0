"""SpaceFlow (Ren et al., Nature Communications 2022), by its own package, unmodified.

Known properties of the package, which has no option for them: the spatial distances in its penalty
are those between a cell and itself, so that the penalty spreads embeddings regardless of space;
and the weights of the last epoch are used, not those of the best one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np

from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_above_zero, need_cells, need_links, raw_table
from stbench.fitting.training_hooks import WatchedTraining


def load_package() -> Any:
    """The package's class, with the function of networkx below 3 that it calls."""
    import networkx
    from scipy.sparse import csr_matrix

    def to_scipy_sparse_matrix(graph: Any, format: str = "csr") -> csr_matrix:
        return csr_matrix(networkx.to_scipy_sparse_array(graph, format=format))

    if not hasattr(networkx, "to_scipy_sparse_matrix"):
        networkx.to_scipy_sparse_matrix = to_scipy_sparse_matrix
    from SpaceFlow.SpaceFlow import SpaceFlow

    return SpaceFlow


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train SpaceFlow on a preprocessed AnnData; the embedding is (n, z_dim).

    Counts and intensities are preprocessed by the package (it chooses genes on log values);
    features are used unchanged. The package stops early; the last recorded epoch is the last that
    ran. The number of domains is not used.

    Raises:
        InputError: a parameter is invalid.
        NotApplicableError: too few cells, or no link.
    """
    from torch_geometric.nn import DeepGraphInfomax

    names = ("epochs", "lr", "z_dim", "n_genes", "n_neighbors", "edge_subset_size")
    need_above_zero("spaceflow", params, (*names, "record_every"))
    need_cells(adata.n_obs, params["n_neighbors"] + 1, f"takes {params['n_neighbors']} neighbors")
    table, features = raw_table(adata), adata.uns["dataset"]["kind"] == "features"
    if not features:
        # The package bins genes by their mean and fails if many have none. Its README filters.
        table = table[:, np.asarray(table.X.sum(axis=0)).ravel() > 0].copy()
    package = load_package()(adata=table)
    if features:
        package.adata_preprocessed = table
        package.spatial_graph = package.graph_alpha(
            table.obsm["spatial"], n_neighbors=params["n_neighbors"]
        )
    else:
        package.preprocessing_data(n_top_genes=params["n_genes"], n_neighbors=params["n_neighbors"])
    unlinked = need_links(package.spatial_graph.nonzero(), adata.n_obs)

    def embed(network: Any, inputs: tuple[Any, ...]) -> np.ndarray:
        return network.encoder(*inputs).cpu().numpy()  # the whole network draws a permutation

    # The package uses a GPU if torch reports one; if the CPU is requested, torch must report none.
    gpu_seen = patch("torch.cuda.is_available", return_value=device != "cpu")
    watched = WatchedTraining(DeepGraphInfomax, embed, params["record_every"], record)
    with TemporaryDirectory() as folder, gpu_seen, watched as training:
        embedding = package.train(
            embedding_save_filepath=str(Path(folder) / "embedding.tsv"),
            spatial_regularization_strength=params["spatial_regularization_strength"],
            z_dim=params["z_dim"],
            lr=params["lr"],
            epochs=params["epochs"],
            max_patience=params["max_patience"],
            min_stop=params["min_stop"],
            random_seed=seed,
            regularization_acceleration=True,
            edge_subset_sz=params["edge_subset_size"],
        )
    training.finish(embedding)
    return Fit(
        embedding=embedding,
        info={"epochs": training.epochs, "links": package.spatial_graph.nnz // 2, **unlinked},
    )
