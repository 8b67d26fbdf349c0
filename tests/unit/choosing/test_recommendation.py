"""One map is recommended, with the reasons, and only then compared with the truth."""

import numpy as np
import pandas as pd
import pytest

from stbench.choosing.recommendation import compared_methods, recommend, with_regret
from stbench.choosing.tables import method_table
from stbench.maps.method_maps import MethodMaps
from stbench.scoring.agreement import mean_agreement

N = 60
GOOD = ("good0", "good1", "good2")
TRUTH = np.repeat([0, 1, 2], N // 3)
COORDS = np.column_stack([np.arange(N), np.zeros(N)])


def noisy(seed, share=0.1):
    rng = np.random.default_rng(seed)
    return np.where(rng.random(N) < share, rng.integers(0, 3, N), TRUTH)


def labels(method, *rows):
    return MethodMaps(method, 0, rows[0], np.stack(rows), np.stack(rows))


def compared(n_good=3):
    methods = {name: labels(name, noisy(i), noisy(i + 20)) for i, name in enumerate(GOOD[:n_good])}
    methods["bad"] = labels("bad", noisy(9, share=1), noisy(10, share=1))
    previous = pd.Series({"good0": 0.2, "bad": 0.9})
    return compared_methods(methods, 3, COORDS, None, previous)


def test_the_consensus_is_recommended_and_methods_are_ranked_by_agreement():
    table, maps = compared()
    assert table.index[0] == "consensus" == table.index[table["recommended"]].item()
    assert table.index[-1] == "bad"
    assert table["rank"].tolist() == [0, 1, 2, 3, 4]
    assert set(maps) == set(table.index)


def test_without_a_consensus_the_first_method_is_recommended():
    table, maps = compared(n_good=1)  # two maps have no majority
    assert "consensus" not in maps
    assert table["recommended"].tolist() == [True, False]


def test_the_reason_gives_the_place_under_every_known_criterion():
    table, _ = compared()
    assert "stability over seeds and starts: 4 of 4" in table["reason"]["bad"]
    assert "rank on earlier tissues: 2 of 2" in table["reason"]["bad"]
    assert "silhouette" not in table["reason"]["bad"]  # there are no counts
    assert "earlier tissues" not in table["reason"]["good1"]


def test_a_method_without_a_value_is_ranked_last():
    criteria = compared()[0].drop("consensus")
    criteria.loc["good0", "agreement"] = np.nan
    assert recommend(criteria, with_consensus=False)["rank"]["good0"] == 4


def test_regret_is_what_the_best_method_has_more():
    table, maps = compared()
    truth = np.where(np.arange(N) % 5 == 0, -1, TRUTH)
    found = with_regret(table, {**maps, "good1": TRUTH}, truth)
    assert found["ARI"]["good1"] == 1
    assert found["regret"]["good1"] == 0
    assert found["regret"]["bad"] == pytest.approx(1 - found["ARI"]["bad"])
    unknown = with_regret(table, maps, None)
    assert unknown[["ARI", "regret"]].isna().all(axis=None)


def test_methods_without_labels_have_a_row_with_their_status_and_reason():
    table, maps = compared()
    lost = MethodMaps("lost", status="oom", reason="more memory than there is")
    other = MethodMaps("other", status="not_applicable")
    made = method_table("D", 3, with_regret(table, maps, None), [lost, other])
    last = made.iloc[-2:][["method", "status", "reason"]].to_numpy().tolist()
    assert last == [
        ["lost", "oom", "more memory than there is"],
        ["other", "not_applicable", "no labels of 3 domains"],
    ]
    assert made["recommended"].sum() == 1
    alone = method_table("D", 3, None, [lost])
    assert list(alone) == list(made)
    assert alone[["method", "status", "recommended"]].to_numpy().tolist() == [
        ["lost", "oom", False]
    ]


def test_stability_compares_no_map_with_itself():
    one, other, third = noisy(1, share=1), noisy(2, share=1), noisy(3, share=1)
    labels_alone = MethodMaps("m", 0, one, np.stack([one, other, third]), one[None])
    assert mean_agreement(labels_alone.repeats) < 0.1
    single = MethodMaps("m", 0, one, one[None], one[None])
    assert np.isnan(mean_agreement(single.repeats))
    starts = np.stack([one, other])  # with k-means the map is one of its starts
    assert len(MethodMaps("m", 0, one, np.stack([one, third]), starts).repeats) == 3
    assert len(MethodMaps("m", 0, one, np.stack([one, third])).repeats) == 2
