"""The judge of choices (benchmarks/choosing.py): nothing is learned from the tissue's own study."""

import pandas as pd
import pytest
from benchmarks.choosing_strategies import mean_regrets, regrets, with_previous

METHODS = ("smoothed_pca", "x", "consensus")


def table(**aris):
    """Units by name; each a list of datasets with the ARI of ``METHODS``."""
    rows = [
        {
            **{"unit": unit, "dataset": f"{unit}{i}", "technology": "T", "method": method},
            **{"ARI": value, "agreement": value, "stability": -value},
            **dict.fromkeys(("continuity", "separation"), float("nan")),
        }
        for unit, datasets in aris.items()
        for i, values in enumerate(datasets)
        for method, value in zip(METHODS, values, strict=True)
    ]
    return with_previous(pd.DataFrame(rows))


def test_regret_is_against_the_best_method():
    lost = regrets(table(A=[(0.2, 0.8, 0.9)], B=[(0.5, 0.4, 0.1)])).loc[("A", "A0")]
    assert lost["agreement"] == 0
    assert lost["stability"] == pytest.approx(0.6)
    assert lost["always smoothed PCA"] == pytest.approx(0.6)
    assert lost["random"] == pytest.approx(0.3)
    assert lost["consensus"] == pytest.approx(-0.1)
    assert pd.isna(lost["separation"])


def test_what_is_learned_comes_from_other_units():
    """In unit A method x is best, in B and C smoothed PCA: A must choose by B and C."""
    made = regrets(table(A=[(0.2, 0.8, 0), (0.2, 0.8, 0)], B=[(0.9, 0.1, 0)], C=[(0.9, 0.1, 0)]))
    for name in ("always the best on average", "previous"):
        assert made.loc["A", name].tolist() == pytest.approx([0.6, 0.6])
    assert made.loc["B", "always the best on average"].item() == 0  # A and C together


def test_datasets_of_a_unit_are_averaged_first():
    made = regrets(table(A=[(0, 1, 1)] * 3, B=[(1, 0, 1)]))
    mean = mean_regrets(made)["always smoothed PCA"]
    assert (mean.mean, mean.n) == (0.5, 2)
    assert "separation" not in mean_regrets(made)
