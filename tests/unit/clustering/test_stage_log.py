"""The cluster program says what clustering the epochs took, where it did so."""

import anndata
import pytest

from helpers.fits import Bench
from stbench.clustering.stage import cluster_fits


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def clustered(bench):
    folders = sorted((bench.root / "fits").iterdir())
    return cluster_fits(folders, bench.preprocessed, "D", "m", ["kmeans"], bench.labels)


def test_each_fit_is_told_with_its_share_of_the_training(bench):
    for seed in (0, 1):
        bench.recorded_fit(seed)
    path = bench.folder(1) / "fit.h5ad"
    fit = anndata.read_h5ad(path)
    fit.uns["fit"]["seconds"] = 1000.0
    fit.write_h5ad(path)
    first, second = clustered(bench)
    assert first.startswith("seed 0: clustered 5 epochs in ") and first.endswith(" seconds")
    assert second.startswith("seed 1: clustered 5 epochs in ")
    assert second.endswith("% of the training")


def test_nothing_is_said_of_labels_that_were_kept_or_of_fits_without_epochs(bench):
    bench.recorded_fit(0)
    bench.plain_fit(1)
    assert len(clustered(bench)) == 1
    assert clustered(bench) == []
