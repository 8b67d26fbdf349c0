"""The epoch that the data select."""

import numpy as np
import pytest
from sklearn.metrics import calinski_harabasz_score

from stbench.clustering.selection import _separation, running_mean, select_epoch

TRUTH = np.arange(60) % 3
POINTS = np.eye(3)[TRUTH] * 4 + np.random.default_rng(0).normal(size=(60, 3))
EPOCHS = np.arange(31)


def labels_of(wrong):
    """[epoch, start, cell]: at each epoch about this share of the cells has another label.

    A larger share contains the cells of a smaller one.
    """
    rng = np.random.default_rng(1)
    ranks, others = rng.random((2, len(TRUTH))), (TRUTH + rng.integers(1, 3, (2, len(TRUTH)))) % 3
    return np.where(ranks < np.asarray(wrong)[:, None, None], others, TRUTH)


def test_the_planted_epoch_is_selected():
    assert select_epoch(EPOCHS, labels_of(abs(EPOCHS - 20) / 30), POINTS) == 20


def test_early_epochs_are_not_selected_however_good():
    wrong = np.where(EPOCHS < 8, 0.0, np.where(abs(EPOCHS - 25) < 3, 0.2, 0.8))
    assert select_epoch(EPOCHS, labels_of(wrong), POINTS) == 25


def test_a_single_lucky_epoch_is_not_selected():
    wrong = np.where(EPOCHS == 15, 0.15, np.where(abs(EPOCHS - 25) < 3, 0.2, 0.8))
    assert select_epoch(EPOCHS, labels_of(wrong), POINTS) == 25


def test_epochs_that_are_not_clustered_are_passed_over():
    labels = labels_of(abs(EPOCHS - 20) / 30)
    labels[20, 1] = -1
    assert select_epoch(EPOCHS, labels, POINTS) in (19, 21)


@pytest.mark.parametrize("n", [0, 1, 10])
def test_without_an_epoch_from_ten_on_there_is_none(n):
    assert select_epoch(EPOCHS[:n], labels_of(np.zeros(n)), POINTS) is None


def test_the_index_is_that_of_sklearn():
    centered = POINTS - POINTS.mean(axis=0)
    for labels in labels_of([0.1, 0.5, 1.0]).reshape(-1, 60):
        wanted = calinski_harabasz_score(POINTS, labels)
        assert _separation(centered, labels) == pytest.approx(wanted)
    gap = np.where(TRUTH == 2, 5, TRUTH)  # labels without a cell do not count
    assert _separation(centered, gap) == pytest.approx(calinski_harabasz_score(POINTS, gap))
    assert _separation(centered, np.zeros(60, int)) == 0


def test_the_running_mean_has_fewer_values_at_the_ends():
    assert running_mean(np.array([1.0, 2, 3, 4, 10]), 5).tolist() == [2, 2.5, 4, 4.75, 17 / 3]
    assert running_mean(np.array([1.0, 3]), 5).tolist() == [2, 2]
