"""The domains of methods that are searched for markers: which run, which names, why none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stbench.clustering.label_file import LabelAxes, labels_writer
from stbench.common.errors import InputError
from stbench.figures.markers import _drawn_codes
from stbench.markers.domains import mapped_domains, method_domains, true_domains

CODES = np.repeat([0, 1, 2], 10)
TRUTH = true_domains(pd.Categorical.from_codes(CODES, ["a", "b", "c"]), 3)
UNKNOWN = true_domains(None, 3)
RUNS = {  # by training seed, two clusterings; the second cell differs, so that all are distinct
    0: [np.roll(CODES, 5), np.roll(CODES, 4)],
    1: [(CODES + 1) % 3, np.roll((CODES + 1) % 3, 1)],
    2: [np.roll(CODES, 2), np.roll(CODES, 3)],
}
ARI = {0: 0.1, 1: 0.9, 2: 0.5}


@pytest.fixture
def labels(tmp_path):
    axes = LabelAxes(
        dataset="D",
        method="m",
        cells_digest="",
        n_cells=30,
        n_domains=[3],
        training_seeds=[0, 1, 2],
        clusterers=["kmeans"],
        epochs=[1],
        observed=False,
        last_epochs=[1] * 3,
        status=["ok"] * 3,
        reason=[""] * 3,
        epochs_reason=[""] * 3,
        clusterer_status=[["ok"]] * 3,
        clusterer_reason=[[""]] * 3,
    )
    with labels_writer(tmp_path / "m.h5", axes) as writer:
        for place, seed in enumerate(RUNS):
            writer.put(3, place, "kmeans", 1, rows=np.array(RUNS[seed], dtype=np.int16))
    return {"m": tmp_path / "m.h5"}


def scores(metric, **changes):
    """Final scores of three seeds, between rows that must not be used."""
    rows = [
        {"metric": used, "protocol": protocol, "seed": seed, "value": value}
        for used, protocol in ((metric, "oracle"), (metric, "final"), ("PAS", "final"))
        for seed, value in ARI.items()
    ]
    known = {"method": "m", "clusterer": "kmeans", "n_domains": 3, "epoch": 1}
    return pd.DataFrame(rows).assign(**{**known, "status": "ok", "reason": "", **changes})


def domains(table, labels, truth):
    (found,) = method_domains(table, {"m": "M"}, "kmeans", labels, truth)
    assert (found.id, found.title, found.n_domains) == ("m", "M", 3)
    return found


def test_with_truth_it_is_the_median_run_of_the_median_seed_matched_to_the_truth(labels):
    found = domains(scores("ARI"), labels, TRUTH)
    assert found.codes.tolist() == RUNS[2][1].tolist()  # the lower of two
    assert found.names == ["1", "2", "3"]
    assert found.mostly == ["a (70%)", "b (70%)", "c (70%)"]
    assert found.note == "ARI 0.50, training seed 2"


def test_without_truth_it_is_the_first_run_of_the_first_seed(labels):
    found = domains(scores("CHAOS"), labels, UNKNOWN)
    assert found.codes.tolist() == RUNS[0][0].tolist()
    assert found.names == ["1", "2", "3"] and found.mostly == [""] * 3
    assert found.note == "training seed 0"


def test_without_a_score_the_note_is_the_reason(labels):
    failed = domains(scores("ARI", status="oom", reason="needed 9 GB"), labels, TRUTH)
    assert not failed.available and failed.note == "oom: needed 9 GB"
    assert domains(scores("ARI", status="killed"), labels, TRUTH).note == "killed"


def test_missing_scores_or_labels_are_named(labels):
    for table, given in ((scores("ARI"), {}), (scores("ARI", clusterer="gmm"), labels)):
        with pytest.raises(InputError, match="no labels and scores of m by kmeans"):
            list(method_domains(table, {"m": "M"}, "kmeans", given, TRUTH))


def test_domains_of_the_file_of_cells_keep_their_numbers():
    columns = {"m": (CODES + 1) % 3, "consensus": CODES}
    found, lost = mapped_domains(columns, 3, {"m": "M", "lost": "Lost"}, TRUTH)
    assert np.array_equal(found.codes, columns["m"]) and found.names == ["1", "2", "3"]
    assert found.mostly == ["c (100%)", "a (100%)", "b (100%)"]
    assert not lost.available and lost.note == "no map; the reason is in methods.csv"


def test_true_domains_have_the_colors_of_the_domains_of_the_main_map_that_they_match():
    main = replace(TRUTH, id="consensus", codes=(CODES + 1) % 3)
    drawn = _drawn_codes([TRUTH, main, replace(TRUTH, id="m")])
    assert np.array_equal(drawn["truth", 3], main.codes)
    assert np.array_equal(drawn["m", 3], TRUTH.codes)
    assert np.array_equal(_drawn_codes([TRUTH])["truth", 3], TRUTH.codes)


def test_maps_of_one_method_with_several_numbers_of_domains_stay_apart():
    two = replace(TRUTH, id="m", n_domains=2, codes=np.minimum(CODES, 1))
    drawn = _drawn_codes([two, replace(TRUTH, id="m"), replace(UNKNOWN, id="m", n_domains=4)])
    assert {key: int(codes.max()) for key, codes in drawn.items()} == {("m", 2): 1, ("m", 3): 2}
