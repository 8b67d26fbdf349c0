"""Agreement, stability and continuity of maps."""

import numpy as np
import pytest

from helpers.fits import COMPONENTS, COORDS, TRUTH
from stbench.maps.comparison import (
    agreement_table,
    cells_stability,
    method_table,
    named_maps,
)
from stbench.maps.consensus import consensus_of_methods
from stbench.maps.method_maps import MethodMaps
from stbench.scoring.agreement import mean_agreement
from stbench.scoring.metrics import ari

OTHER = np.where(np.arange(len(TRUTH)) < 20, 0, TRUTH)
POOR = np.where(np.arange(len(TRUTH)) < 50, 0, TRUTH)
MAPS = [
    MethodMaps("good", 4, TRUTH, np.stack([TRUTH, OTHER]), np.stack([TRUTH, TRUTH])),
    MethodMaps("fair", 0, OTHER, OTHER[None]),
    MethodMaps("poor", 0, POOR, POOR[None]),
    MethodMaps("lost", status="oom", reason="too large"),
]


@pytest.fixture(scope="module")
def consensus():
    return consensus_of_methods(MAPS, 3)


def test_agreement_is_symmetric_and_has_the_consensus_as_its_last_map(consensus):
    table = agreement_table(named_maps(MAPS, consensus), "D", 3)
    matrix = table.pivot(index="method", columns="other", values="ARI")
    assert set(matrix) == {"good", "fair", "poor", "consensus"}
    assert table["method"].iloc[-1] == "consensus"
    assert matrix.loc["good", "fair"] == matrix.loc["fair", "good"] == ari(TRUTH, OTHER)
    assert (np.diag(matrix) == 1).all()


def test_every_method_has_a_row_with_numbers_or_a_reason(consensus):
    table = method_table(MAPS, consensus, {"good": COMPONENTS}, COORDS, dataset="D", n_domains=3)
    rows = table.set_index("method")
    assert list(rows.index) == ["good", "fair", "poor", "lost", "consensus"]
    others = (ari(TRUTH, OTHER) + ari(TRUTH, POOR)) / 2
    assert rows.loc["good", "agreement"] == pytest.approx(others)
    assert rows.loc["good", "stability_seeds"] == pytest.approx(ari(TRUTH, OTHER))
    assert rows.loc["good", "stability_starts"] == 1
    assert rows.loc["good", "stability_cells"] > 0.8
    assert rows.loc["fair", ["stability_seeds", "stability_starts", "stability_cells"]].isna().all()
    assert rows.loc["good", "CHAOS"] < 0.5
    assert tuple(rows.loc["lost", ["status", "reason"]]) == ("oom", "too large")
    assert rows["seed"].iloc[0] == 4 and rows["weight"].sum() == pytest.approx(1)


def test_random_labels_do_not_agree_and_one_labeling_has_no_agreement():
    rng = np.random.default_rng(0)
    assert abs(mean_agreement(list(rng.integers(0, 3, (6, 300))))) < 0.05
    assert np.isnan(mean_agreement([TRUTH]))


def test_clear_domains_are_stable_over_the_cells_and_noise_is_not():
    rng = np.random.default_rng(1)
    assert cells_stability(COMPONENTS * 10, 3) == 1
    assert cells_stability(rng.normal(size=(200, 5)), 3) < 0.7
