"""The consensus of many labelings."""

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering

from stbench.clustering import consensus
from stbench.clustering.consensus import consensus_labels, last_third
from stbench.common.errors import InputError, NotApplicableError
from stbench.scoring.metrics import ari

TRUTH = np.repeat([0, 1, 2], [10, 20, 30])


def noisy_copies(share, n=15):
    """Copies of the truth in which a share of the cells has a random label."""
    rng = np.random.default_rng(0)
    changed = rng.random((n, len(TRUTH))) < share
    return np.where(changed, rng.integers(0, 3, changed.shape), TRUTH).astype(np.int16)


def test_noisy_copies_of_a_partition_give_it_back():
    copies = noisy_copies(0.2)
    assert max(ari(TRUTH, labels) for labels in copies) < 0.9
    found = consensus_labels(copies, 3)
    assert ari(TRUTH, found) == 1
    assert found.dtype == np.int16 and set(found) == {0, 1, 2}


def test_the_names_of_labels_do_not_matter():
    copies = noisy_copies(0.5)
    rng = np.random.default_rng(1)
    renamed = np.stack([rng.permutation(3)[labels] for labels in copies])
    assert np.array_equal(consensus_labels(copies, 3), consensus_labels(renamed, 3))


def test_it_is_the_average_linkage_of_the_shares_of_labelings_that_part_two_cells():
    copies = noisy_copies(0.6)
    apart = np.mean([labels[:, None] != labels for labels in copies], axis=0)
    model = AgglomerativeClustering(4, metric="precomputed", linkage="average")
    assert ari(model.fit_predict(apart), consensus_labels(copies, 4)) == 1


def test_a_weight_counts_as_often_as_copies():
    copies = noisy_copies(0.6, 4)
    weighted = consensus_labels(copies, 4, np.array([3.0, 1, 1, 1]))
    assert np.array_equal(weighted, consensus_labels(copies[[0, 0, 0, 1, 2, 3]], 4))


def test_the_number_of_domains_is_exact_where_all_merges_are_equally_far():
    assert sorted(np.bincount(consensus_labels(TRUTH[None], 2))) in ([10, 50], [20, 40], [30, 30])
    assert len(set(consensus_labels(np.zeros((1, 5), int), 3))) == 3


def test_too_many_cells_are_refused_with_the_limit(monkeypatch):
    monkeypatch.setattr(consensus, "MAX_CELLS", len(TRUTH) - 1)
    with pytest.raises(NotApplicableError, match=r"60 cells: .* at most 59 cells"):
        consensus_labels(TRUTH[None], 3)


def test_lists_are_taken_and_impossible_numbers_of_domains_are_refused():
    assert consensus_labels([[0, 0, 1], [2, 2, 5]], 2).tolist() == [0, 0, 1]
    for number in (0, 4):
        with pytest.raises(InputError, match=f"n_domains: {number} of 3 cells; use 1 to 3"):
            consensus_labels([[0, 0, 1]], number)


@pytest.mark.parametrize(
    ("epochs", "kept"),
    [(range(10), [7, 8, 9]), (range(0, 100, 10), [70, 80, 90]), ([0, 1], [1]), ([50], [50])],
)
def test_the_last_third_is_that_of_the_training_not_of_the_records(epochs, kept):
    epochs = np.array(epochs)
    assert epochs[last_third(epochs)].tolist() == kept
