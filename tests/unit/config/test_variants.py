"""Variants of a method: their ids, titles and parameters."""

from __future__ import annotations

import pytest

from stbench.common.errors import InputError
from stbench.common.paths import CONFIG
from stbench.config.benchmark import load_benchmark
from stbench.config.schema import load_yaml

STUDY = {
    "vary": {"k": [8], "margin": [-0.2]},
    "without": {"triplet loss": {"margin_weight": 0}},
}


def benchmark(**changes):
    config = load_yaml(CONFIG / "config.yaml") | {"published_settings": False} | changes
    return load_benchmark(config, CONFIG)


def test_one_change_at_a_time_over_the_default() -> None:
    found = benchmark(methods=["stague"], variants={"stague": STUDY}, params={"stague": {"lr": 1}})
    assert found.chosen("domains") == [
        "stague",
        "stague__k_8",
        "stague__margin_m0p2",
        "stague__without_triplet_loss",
    ]
    base = found.params("stague", "BZ5")
    assert base["lr"] == 1
    assert found.params("stague__k_8", "BZ5") == {**base, "k": 8}
    assert found.params("stague__without_triplet_loss", "BZ5") == {**base, "margin_weight": 0}
    assert found.method("domains", "stague__margin_m0p2")["title"] == "STAGUE, margin -0.2"
    assert found.mem_mb("stague__k_8", "BZ5", 1) == found.mem_mb("stague", "BZ5", 1)


@pytest.mark.parametrize(
    ("study", "told"),
    [
        ({"stague": {"vary": {"kk": [1]}}}, "variants.stague: unknown key 'kk'"),
        ({"sedr": {"vary": {"k": [1]}}}, "variants: 'sedr' is not among the methods"),
        ({"stague": {"without": {"it": {"no_learner": 3}}}}, "3 is not of type bool"),
    ],
)
def test_wrong_variants_are_one_line(study: dict, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        benchmark(methods=["stague"], variants=study)
    assert "\n" not in str(caught.value)


def test_ids_of_large_values_are_ids() -> None:
    found = benchmark(methods=["stague"], variants={"stague": {"vary": {"epochs": [1000000]}}})
    assert found.chosen("domains")[-1] == "stague__epochs_1e06"
