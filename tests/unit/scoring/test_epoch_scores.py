"""ARI and loss of every epoch: kept through clustering, told where known."""

import h5py
import numpy as np
import pytest

from helpers.fits import SEPARATION, TRUTH, Bench
from stbench.clustering.label_file import open_labels
from stbench.common.errors import InputError
from stbench.fitting.interface import Fit, checked
from stbench.scoring.epoch_scores import COLUMNS, epoch_table, read_epochs_of


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def table_of(bench, truth=TRUTH):
    with open_labels(bench.labels) as reader:
        return epoch_table(reader, truth)


def add_losses(bench, seed, losses):
    with h5py.File(bench.folder(seed) / "fit.h5ad", "a") as file:
        file["uns/losses"] = np.array(losses, np.float32)
        file["uns/losses"].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})


def test_every_recorded_epoch_has_its_ari_and_every_epoch_its_loss(bench):
    bench.recorded_fit(0)
    bench.recorded_fit(1)
    add_losses(bench, 1, [4.0, 3.0, 2.0, 1.0, 0.5])
    bench.cluster()
    table = table_of(bench)
    assert list(table.columns) == list(COLUMNS)
    first, second = (table[table["seed"] == seed].set_index("epoch") for seed in (0, 1))
    assert list(first.index) == list(SEPARATION) and first["loss"].isna().all()
    assert list(second.index) == [0, 1, 2, 3, 4, 5]
    assert second["loss"].tolist()[1:] == [4, 3, 2, 1, 0.5] and np.isnan(second["loss"][0])
    assert np.isnan(second["ari"][5])  # has a loss, was not recorded
    scores = bench.score()["value"]
    for seed, mine in ((0, first), (1, second)):
        ends = {
            "oracle": mine["ari"][1:].max(),
            "final": mine["ari"][4],
            "untrained": mine["ari"][0],
        }
        for protocol, value in ends.items():
            assert scores[seed, 3, "kmeans", protocol, "ARI"] == value


def test_without_truth_there_is_the_loss_alone(bench):
    bench.recorded_fit(0)
    add_losses(bench, 0, [2.0, 1.0])
    bench.cluster()
    table = table_of(bench, truth=None)
    assert table["epoch"].tolist() == [1, 2] and table["ari"].isna().all()


def test_a_failed_fit_and_other_clusterers_leave_no_rows(bench):
    bench.failed_fit(0, "oom", "no memory")
    bench.recorded_fit(1)
    bench.cluster("gmm")
    assert table_of(bench).empty


def test_losses_are_checked():
    fit = checked(Fit(np.ones((4, 2)), losses=[2.0, 1.0]), 4)
    assert fit.losses.dtype == np.float32 and fit.losses.tolist() == [2, 1]
    for wrong in ([[1.0]], [1.0, np.nan]):
        with pytest.raises(ValueError, match="losses must be a one-dimensional array of finite"):
            checked(Fit(np.ones((4, 2)), losses=wrong), 4)


def test_a_table_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match="create it with score"):
        read_epochs_of(tmp_path / "none.parquet")
    (tmp_path / "broken.parquet").write_text("no")
    with pytest.raises(InputError, match="not a readable table of epochs"):
        read_epochs_of(tmp_path / "broken.parquet")
