"""Novae: self-supervised graph attention on neighborhoods of cells (Blampey et al., Nature Methods
2025), by the package novae, trained from scratch on the dataset alone.

Its authors advise the model that they pretrained on many tissues, whose weights are not used here:
the score says nothing of that model.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from stbench.common.errors import NotApplicableError
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_above_zero, raw_table
from stbench.fitting.requirements import require
from stbench.fitting.training_hooks import random_states_restored
from stbench.graphs.lattice import lattice_of
from stbench.graphs.neighbors import knn

_SPACING = 20.0  # micrometers between cells, the package's unit of distance
_AROUND = {"hexagonal": 6, "square": 4}
_LEAST_GENES = 20  # of the package
_POSITIVE = ("epochs", "lr", "patience", "output_size", "batch_size", "n_hops", "radius")


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train Novae; the embedding is (n, ``output_size``), the labels are its domains.

    The package normalizes counts and chooses genes. Its unit is the micrometer, which not every
    dataset states: coordinates are scaled until near cells are 20 apart. Cells are linked by a
    Delaunay triangulation without links longer than ``radius``; spots of a lattice, if adjacent. A
    cell without neighbors has an embedding of zeros and the label of the nearest cell that has
    neighbors. There are no labels if no level of the package's tree has the requested number of
    domains. Batches are at most half of the cells.

    Raises:
        InputError: a parameter is not above 0.
        NotApplicableError: the package is missing, there are too few genes, or the dataset has no
            expression.
    """
    require("novae", "novae")
    need_above_zero("novae", params, (*_POSITIVE, "record_every"))
    if adata.uns["dataset"]["kind"] == "features":
        raise NotApplicableError("needs expression, this dataset holds features")
    if adata.n_vars < _LEAST_GENES:
        raise NotApplicableError(f"needs {_LEAST_GENES} genes, this dataset has {adata.n_vars}")
    import novae

    for name in ("novae", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    table = linked_table(adata, float(params["radius"]))
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    model = novae.Novae(
        table,
        embedding_size=params["embedding_size"],
        output_size=params["output_size"],
        hidden_size=params["hidden_size"],
        heads=params["n_heads"],
        num_layers=params["n_layers"],
        num_prototypes=params["n_prototypes"],
        temperature=params["temperature"],
        batch_size=min(params["batch_size"], table.n_obs // 2),
        n_hops_local=params["n_hops"],
        n_hops_view=params["n_hops"],
        var_names=sorted(table.var_names.str.lower()),  # else in the order of Python's hashes
    )
    epochs = Epochs(table, params["record_every"], record)
    model.fit(
        max_epochs=params["epochs"],
        lr=params["lr"],
        patience=params["patience"],
        min_delta=params["min_delta"],
        num_workers=0,
        callbacks=[epochs.callback()],
        **_trainer(device),
    )
    model.compute_representations(accelerator=_trainer(device)["accelerator"], num_workers=0)
    embedding = np.asarray(table.obsm["novae_latent"], dtype=np.float32)
    epochs.last(embedding)
    return Fit(
        embedding=embedding,
        labels=domains(model, table, n_domains),
        losses=epochs.losses,
        info={"epochs": len(epochs.losses), "genes": int(table.var["novae_use_gene"].sum())},
    )


def linked_table(adata: Any, radius: float) -> Any:
    """Raw values with the package's graph of each section, in its unit of length."""
    import novae

    table = raw_table(adata)
    coords = table.obsm["spatial"]
    table.obsm["spatial"] = coords * (_SPACING / np.median(knn(np.unique(coords, axis=0), 3)[0]))
    sections = None
    if "section" in adata.obs:
        sections = "section"
        table.obs[sections] = adata.obs[sections].to_numpy()
    lattice = lattice_of(adata)
    if lattice is None:
        graph: dict[str, Any] = {"radius": radius}
    else:
        graph = {"coord_type": "grid", "n_neighs": _AROUND[lattice.kind], "delaunay": False}
    novae.spatial_neighbors(table, slide_key=sections, verbose=False, **graph)
    return table


def domains(model: Any, table: Any, n_domains: int) -> np.ndarray | None:
    """The labels of the package's tree of prototypes; None if it has no such level."""
    from scipy.spatial import cKDTree

    try:
        key = model.assign_domains(n_domains=n_domains)
    except ValueError:
        return None
    found = table.obs[key].cat.codes.to_numpy()
    seen = found >= 0
    _, nearest = cKDTree(table.obsm["spatial"][seen]).query(table.obsm["spatial"])
    return found[seen][nearest].astype(np.int32)


class Epochs:
    """Records the epochs of a training without any influence on it.

    Attributes:
        losses: the mean training loss of every epoch.
    """

    def __init__(self, table: Any, every: int, record: Recorder) -> None:
        """``table`` is the trained one, ``every`` how many epochs are between two records."""
        self.losses: list[float] = []
        self._table, self._every, self._record = table, every, record

    def last(self, embedding: np.ndarray) -> None:
        """Record the last epoch, if it has not been."""
        if len(self.losses) % self._every:
            self._record(len(self.losses), embedding.copy())

    def callback(self) -> Any:
        """The observer for lightning."""
        from lightning.pytorch.callbacks import Callback

        epochs = self

        class Observer(Callback):
            def on_train_start(self, trainer: Any, model: Any) -> None:
                epochs._record(0, epochs._embedded(model))

            def on_train_epoch_end(self, trainer: Any, model: Any) -> None:
                epochs.losses.append(float(trainer.callback_metrics["train/loss_epoch"]))
                if len(epochs.losses) % epochs._every == 0:
                    epochs._record(len(epochs.losses), epochs._embedded(model))

        return Observer()

    def _embedded(self, model: Any) -> np.ndarray:
        """The embedding of all cells at this moment."""
        dataset = model.datamodule.dataset
        of_model, of_dataset = model.training, dataset.training
        with random_states_restored():
            model.training = False  # no augmentation, as the package does it
            values = model._compute_representations_datamodule(
                None, model.datamodule, return_representations=True
            )
        model.training, dataset.training = of_model, of_dataset
        embedding = np.zeros((self._table.n_obs, values.shape[1]), np.float32)
        embedding[dataset.valid_indices[0]] = values
        return embedding


def _trainer(device: str) -> dict[str, Any]:
    from lightning.fabric.plugins.environments import LightningEnvironment

    return {
        "accelerator": "gpu" if device == "cuda" else "cpu",
        "devices": 1,
        "plugins": [LightningEnvironment()],  # one process, also under Slurm
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
