"""The consensus of the maps of several methods."""

import numpy as np
import pytest

from stbench.common.errors import NotApplicableError
from stbench.maps.consensus import by_size, consensus_of_methods, method_weights
from stbench.maps.method_maps import MethodMaps, typical
from stbench.scoring.metrics import ari

TRUTH = np.repeat([0, 1, 2], [30, 20, 10])
STRIPES = np.tile([0, 1, 2], 20)


def maps(**labels):
    """One training seed for each method; None: a method that failed."""
    return [
        MethodMaps(name, status="oom", reason="too large")
        if rows is None
        else MethodMaps(name, 0, rows, rows[None])
        for name, rows in labels.items()
    ]


def noisy(labels, seed):
    rng = np.random.default_rng(seed)
    changed = rng.random(len(labels)) < 0.2
    return np.where(changed, rng.integers(0, 3, len(labels)), labels)


def test_the_consensus_of_noisy_methods_is_better_than_each_of_them():
    given = maps(**{f"m{seed}": noisy(TRUTH, seed) for seed in range(7)})
    found = consensus_of_methods(given, 3)
    assert ari(TRUTH, found.labels) > max(ari(TRUTH, one.shown) for one in given)
    assert found.note == "consensus of 7 maps of 7 methods"


def test_copies_of_a_method_have_one_vote_together():
    copies = {f"copy{i}": STRIPES for i in range(3)}
    given = maps(**copies, a=noisy(TRUTH, 1), b=noisy(TRUTH, 2))
    found = consensus_of_methods(given, 3)
    assert found.weights["a"] == pytest.approx(1 / 3)
    assert sum(found.weights[name] for name in copies) == pytest.approx(1 / 3)
    assert ari(TRUTH, found.labels) > 0.5 > ari(STRIPES, found.labels)


def test_many_training_seeds_give_a_method_no_more_votes():
    seeds = MethodMaps("many", 0, STRIPES, np.stack([STRIPES] * 9))
    found = consensus_of_methods([seeds, *maps(a=noisy(TRUTH, 1), b=noisy(TRUTH, 2))], 3)
    assert ari(TRUTH, found.labels) > 0.5


def test_weights_are_the_inverse_number_of_near_copies():
    similarity = np.array([[1, 0.95, 0.5], [0.95, 1, 0.5], [0.5, 0.5, 1]])
    assert method_weights(similarity) == pytest.approx([0.25, 0.25, 0.5])


def test_disagreement_is_the_weighted_share_of_votes_for_another_domain():
    other = TRUTH.copy()
    other[0] = 1
    found = consensus_of_methods(maps(a=TRUTH, b=TRUTH, c=other), 3)
    assert found.disagreement[1:] == pytest.approx(0)
    assert found.disagreement[0] == pytest.approx(found.weights["c"]) == pytest.approx(0.5)


def test_names_of_labels_do_not_count_as_disagreement_and_the_largest_domain_is_the_first():
    renamed = np.array([2, 0, 1])[TRUTH]
    found = consensus_of_methods(maps(a=TRUTH, b=renamed, c=TRUTH), 3)
    assert found.disagreement.max() == 0
    assert list(np.bincount(found.labels)) == [30, 20, 10]
    assert list(by_size(np.array([1, 1, 0]))) == [0, 0, 1]


def test_methods_without_labels_do_not_vote():
    found = consensus_of_methods(maps(a=TRUTH, b=TRUTH, c=STRIPES, failed=None), 3)
    assert found.weights == {"a": 0.25, "b": 0.25, "c": 0.5}
    with pytest.raises(NotApplicableError, match="2 methods have a map, at least 3 are needed"):
        consensus_of_methods(maps(a=TRUTH, b=STRIPES, failed=None), 3)


def test_the_typical_start_is_the_one_that_agrees_best_with_the_others():
    rows = np.stack([STRIPES, noisy(TRUTH, 1), TRUTH, noisy(TRUTH, 2)])
    assert np.array_equal(typical(rows), TRUTH)
