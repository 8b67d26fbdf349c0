"""The predicted share of the pipeline's overhead: every configuration with a target has one."""

import sys

import pandas as pd
import pytest

from stbench.common.paths import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks"))

import pipeline_prediction as prediction
from pipeline_run import Rule
from pipeline_stages import SIZES, Stages

RULES = ("prepare", "interactions", "aggregate", "figures", "summarize", "report")


def stages(benchmarks, cells):
    clusterers = [tuple(benchmark.config["clusterers"]) for benchmark in benchmarks.values()]
    costs = dict.fromkeys([prediction.KMEANS, *clusterers], 2.0)
    each = {"simulate": 1.0, "preprocess": 2.0, "start": 1.0, "epoch": 0.1, "writing": 0.001}
    return Stages(cells, **each, clustering=0.01, cluster=costs, score=1.5, peak_mb=500)


@pytest.fixture(scope="module")
def predicted():
    benchmarks = prediction.benchmarks()
    measured = {cells: stages(benchmarks, cells) for cells in SIZES}
    run = {rule: Rule(jobs=1, seconds=3.0, inside=0.0) for rule in RULES}
    return {
        name: prediction.predict(benchmark, measured, run) for name, benchmark in benchmarks.items()
    }


def test_every_part_has_hours_and_fits_of_large_configurations_outweigh_them(predicted):
    assert set(predicted) == set(prediction.TARGETS)
    for result in predicted.values():
        assert min(result.outside.values()) > 0
        assert 0 < result.share < 1
    assert predicted["paper"].share < predicted["real"].share


def test_only_methods_without_measurements_are_left_out(predicted):
    measured = set(pd.read_csv(PROJECT / "resources/cost_model.csv", comment="#")["method"])
    assert predicted["paper"].left_out
    assert not measured & set(predicted["paper"].left_out)
