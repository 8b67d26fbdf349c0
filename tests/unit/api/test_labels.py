"""All metrics of one labeling, as a person calls them."""

import numpy as np
import pandas as pd
import pytest

from stbench.api import METRICS, InputError, score
from stbench.scoring.metrics import TRUTH_METRICS, ari
from stbench.scoring.spatial_metrics import SPATIAL_METRICS, chaos

RNG = np.random.default_rng(0)
COORDS = RNG.random((60, 2))
TRUTH = np.array(["L1", "L2", "L3"])[RNG.integers(0, 3, 60)]
LABELS = RNG.integers(0, 4, 60)


def test_all_metrics_have_the_values_of_the_benchmark():
    scores = score(LABELS, TRUTH, COORDS)
    assert list(scores) == list(METRICS)
    assert scores["ARI"] == ari(TRUTH, LABELS)
    assert scores["CHAOS"] == chaos(COORDS, LABELS)
    assert score(LABELS, TRUTH).keys() == TRUTH_METRICS.keys()
    assert score(LABELS, coords=COORDS).keys() == SPATIAL_METRICS.keys()


def test_identical_domains_score_one_whatever_they_are_named():
    named = pd.Series(pd.Categorical(TRUTH)).cat.rename_categories({"L1": 7, "L2": 8, "L3": 9})
    scores = score(named, TRUTH)
    assert scores == pytest.approx(dict.fromkeys(TRUTH_METRICS, 1.0))


def test_cells_without_a_true_domain_do_not_count():
    some = TRUTH.astype(object)
    some[:20] = [None, np.nan, "unknown", ""] * 5
    assert score(LABELS, some) == score(LABELS[20:], TRUTH[20:])


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ((LABELS,), "give true domains, positions, or both"),
        (([],  TRUTH), "0 of 0 labels are missing"),
        ((np.where(LABELS > 2, np.nan, LABELS), TRUTH), "labels are missing"),
        ((LABELS, TRUTH[1:]), "59 true domains for 60 labels"),
        ((LABELS, [None] * 60), "no cell has a true domain"),
        ((LABELS, TRUTH, COORDS[:9]), "9 positions for 60 labels"),
        ((LABELS, TRUTH, COORDS * np.nan), "finite numbers in two columns"),
        ((LABELS, TRUTH, COORDS[:, :1]), "finite numbers in two columns"),
        ((LABELS, TRUTH, [["x", "y"]] * 60), "finite numbers in two columns"),
        ((LABELS, TRUTH, 3), "finite numbers in two columns"),
        ((LABELS, 3), "true domains must be a sequence"),
        ((3, TRUTH), "labels must be a sequence"),
    ],
)  # fmt: skip
def test_what_cannot_be_scored_is_refused(given, fault):
    with pytest.raises(InputError, match=fault):
        score(*given)
