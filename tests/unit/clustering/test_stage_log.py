"""Clustering reports what the epochs took, where it clustered them."""

import math

import anndata
import pytest

from helpers.fits import Bench
from stbench.clustering.stage import cluster_fits


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def clustered(bench):
    folders = sorted((bench.root / "fits").iterdir())
    return cluster_fits(folders, bench.preprocessed, "D", "m", ["kmeans"], output=bench.labels)


def test_each_fit_is_reported_with_the_time_of_its_training(bench):
    for seed in (0, 1):
        bench.recorded_fit(seed)
    path = bench.folder(1) / "fit.h5ad"
    fit = anndata.read_h5ad(path)
    fit.uns["fit"]["seconds"] = 1000.0
    fit.write_h5ad(path)
    first, second = clustered(bench)
    assert (first.seed, first.n_epochs) == (0, 5) and math.isnan(first.training_seconds)
    assert (second.seed, second.n_epochs, second.training_seconds) == (1, 5, 1000)


def test_nothing_is_said_of_labels_that_were_kept_or_of_fits_without_epochs(bench):
    bench.recorded_fit(0)
    bench.plain_fit(1)
    assert len(clustered(bench)) == 1
    assert clustered(bench) == []
