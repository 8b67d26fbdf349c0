"""A small dataset with artificial fits, and the cluster and score stages on them."""

import json

import anndata
import numpy as np
import pandas as pd

from stbench.clustering.algorithms import cluster_labels
from stbench.clustering.label_file import open_labels
from stbench.clustering.stage import cluster_fits
from stbench.fitting.trajectory import TrajectoryRecorder
from stbench.scoring.epoch_scores import epoch_table
from stbench.scoring.metrics import ari
from stbench.scoring.scores import score_labels

N = 90
CELLS = [f"cell{i}" for i in range(N)]
TRUTH = np.arange(N) % 3
COMPONENTS = np.eye(3)[TRUTH] * 4 + np.random.default_rng(8).normal(size=(N, 3))
COORDS = np.random.default_rng(7).uniform(size=(N, 2)) + np.column_stack([2 * TRUTH, 0 * TRUTH])
# Separation of the domains at each epoch: the best is not the last.
SEPARATION = {0: 0.0, 1: 0.3, 2: 8.0, 3: 1.0, 4: 0.7}


def embedding(epoch, seed=0, columns=4):
    rng = np.random.default_rng([epoch, seed])
    centers = np.eye(3, columns)
    return (SEPARATION[epoch] * centers[TRUTH] + rng.normal(size=(N, columns))).astype(np.float32)


def fit_h5ad(folder, obsm, own=None, trainable=True, cells=CELLS):
    obs = pd.DataFrame(index=cells)
    if own is not None:
        obs["cluster_pred"] = pd.Categorical(own)
    uns = {"fit": {"trainable": trainable}}
    anndata.AnnData(obs=obs, obsm=obsm, uns=uns).write_h5ad(folder / "fit.h5ad")


def status_json(folder, seed, status="ok", reason=""):
    folder.mkdir(parents=True)
    record = {"status": status, "reason": reason, "seed": seed, "dataset": "D", "method": "m"}
    (folder / "status.json").write_text(json.dumps(record))


class Bench:
    """A folder with a dataset and fits, and the two stages on them."""

    def __init__(self, root):
        self.root = root
        self.preprocessed = root / "preprocessed.h5ad"
        self.data = root / "data.h5ad"
        self.labels = root / "labels.h5"
        self.dataset()

    def dataset(self, truth=TRUTH, **about):
        facts = {"id": "D", "n_domains": 3, "refine": 0, **about}
        obs = pd.DataFrame(index=CELLS)
        obsm = {"spatial": COORDS, "X_pca": COMPONENTS.astype(np.float32)}
        clean = anndata.AnnData(obs=obs, obsm=obsm, uns={"dataset": facts})
        clean.write_h5ad(self.preprocessed)
        if truth is not None:
            names = np.array(["a", "b", "c", None], dtype=object)
            clean.obs["cluster"] = pd.Categorical(names[truth])
        clean.write_h5ad(self.data)

    def failed_dataset(self, reason):
        facts = {"id": "D", "status": "error", "reason": reason}
        empty = anndata.AnnData(np.zeros((0, 0), np.float32), uns={"dataset": facts})
        for path in (self.preprocessed, self.data):
            empty.write_h5ad(path)

    def folder(self, seed):
        return self.root / "fits" / f"seed{seed}"

    def recorded_fit(self, seed):
        """A training whose epochs were observed."""
        folder = self.folder(seed)
        status_json(folder, seed)
        with TrajectoryRecorder(folder / "trajectory.h5", N) as record:
            for epoch in SEPARATION:
                record(epoch, embedding(epoch, seed))
        ends = {"embedding": embedding(4, seed), "embedding_untrained": embedding(0, seed)}
        fit_h5ad(folder, ends)

    def plain_fit(self, seed, **more):
        status_json(self.folder(seed), seed)
        fit_h5ad(self.folder(seed), {"embedding": embedding(3, seed)}, **more)

    def failed_fit(self, seed, status, reason):
        status_json(self.folder(seed), seed, status, reason)

    def cluster(self, *clusterers, output=None, **more):
        folders = sorted((self.root / "fits").iterdir())
        names = clusterers or ("kmeans",)
        output = output or self.labels
        cluster_fits(folders, self.preprocessed, "D", "m", names, output=output, **more)

    def score(self, trainable=True):
        adata = anndata.read_h5ad(self.data)
        truth = adata.obs["cluster"].cat.codes.to_numpy() if "cluster" in adata.obs else None
        with open_labels(self.labels) as reader:
            epochs = epoch_table(reader, truth)
            table = score_labels(reader, truth, adata.obsm.get("spatial"), trainable, epochs)
        return table.set_index(
            ["seed", "n_domains", "clusterer", "protocol", "metric"]
        ).sort_index()


def kmeans_ari(points, known=slice(None)):
    """ARI of k-means with each of five starts."""
    labelings = [cluster_labels(points, 3, "kmeans", seed).labels for seed in range(5)]
    return np.array([ari(TRUTH[known], labels[known]) for labels in labelings])
