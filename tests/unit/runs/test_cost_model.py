"""Costs of fits: a known law is recovered, outliers do not rule, and ignorance is said."""

import json

import numpy as np
import pandas as pd
import pytest

from helpers.finished_fits import configuration, write_fit, write_preprocessed
from stbench.common.paths import PROJECT
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.runs.cost_model import (
    fit_cost_model,
    fit_for_here,
    left_out_errors,
    pace,
    typical_factor,
)
from stbench.runs.fit_costs import EXTRAPOLATED, LIMIT, MEASURED, NOTHING, TOO_LARGE, fit_costs
from stbench.runs.measurements import epochs_of, read_own, read_shipped

SIZES = [(500, 200), (1000, 200), (2000, 1000), (4000, 200), (8000, 3000)]


def law(cells, genes, epochs):
    return 30 * (cells / 1e3) ** 1.4 * (genes / 1e3) ** 0.3 * epochs / 100


def measured(method="m", factor=1.0, seeds=3, sizes=SIZES, **more):
    """Fits that follow the law, each seed a little off."""
    rows = [
        {
            "dataset": f"d{cells}",
            "method": method,
            "device": "cpu",
            "cells": cells,
            "genes": genes,
            "epochs": 200.0,
            "seconds": factor * law(cells, genes, 200) * (0.95 + 0.05 * seed),
            "peak_mb": 500 + 300 * cells / 1e3,
            "disk_mb": cells / 1e3,
            "machine": "somewhere",
            **more,
        }
        for cells, genes in sizes
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows)


def test_a_power_law_is_recovered_and_epochs_count():
    model = fit_cost_model(measured())
    for cells, genes, epochs in ((3000, 500, 200), (16000, 200, 200), (1000, 200, 1000)):
        cost = model.predict("m", cells, genes, epochs)
        assert cost.seconds == pytest.approx(law(cells, genes, epochs), rel=0.25)
    assert model.predict("m", 3000, 500, 200).peak_mb == pytest.approx(1400, rel=0.15)


def test_one_wild_measurement_does_not_rule():
    rows = measured()
    rows.loc[rows["dataset"] == "d2000", "seconds"] *= 20
    cost = fit_cost_model(rows).predict("m", 4000, 200, 200)
    assert cost.seconds == pytest.approx(law(4000, 200, 200), rel=0.5)


def test_with_a_single_size_time_is_taken_to_grow_with_the_cells():
    rows = measured(sizes=[(1000, 1000)])
    one, ten = (fit_cost_model(rows).predict("m", n, 1000, 200).seconds for n in (1000, 10_000))
    assert 6 < ten / one < 12


def test_a_method_without_epochs_and_missing_quantities():
    rows = measured(epochs=np.nan, disk_mb=np.nan)
    cost = fit_cost_model(rows).predict("m", 1000, 200, None)
    assert cost.seconds == pytest.approx(law(1000, 200, 200), rel=0.3)
    assert np.isfinite(cost.disk_mb)


def test_what_was_never_measured_is_not_predicted_and_far_is_said():
    model = fit_cost_model(measured())
    assert model.predict("other", 1000, 200, 100) is None
    assert model.predict("m", 1000, 200, 100, device="cuda") is None
    assert not model.predict("m", 9000, 200, 100).far
    assert model.predict("m", 30_000, 200, 100).far


def test_the_error_is_that_of_datasets_left_out():
    exact = left_out_errors(measured(), "seconds")
    assert set(exact["dataset"]) == {f"d{cells}" for cells, _ in SIZES}
    assert 1 <= typical_factor(exact["ratio"]) < 1.4
    off = measured()
    off.loc[off["dataset"] == "d4000", "seconds"] *= 8
    worst = left_out_errors(off, "seconds").set_index("dataset")["ratio"]
    assert worst["d4000"] < 0.25
    assert left_out_errors(measured(sizes=[(1000, 200)]), "seconds").empty
    assert exact.set_index("dataset")["far"].to_dict()["d8000"]


def test_own_fits_tell_the_pace_of_this_machine():
    theirs, own = measured(seeds=1), measured(factor=0.5, seeds=1)
    base = fit_cost_model(theirs)
    assert 0.5 < pace(own, base) < 0.75
    model, factor = fit_for_here(pd.concat([theirs, measured("n", seeds=1)]), own)
    assert factor < 0.75
    slow = base.predict("m", 2000, 1000, 200).seconds
    # also for a method that was never run here
    assert model.predict("n", 2000, 1000, 200).seconds < 0.85 * slow


def test_the_shipped_measurements_can_be_predicted():
    rows = read_shipped(PROJECT / "resources/cost_model.csv")
    fits = rows[rows["method"] != "(data)"]
    errors = left_out_errors(fits, "seconds")
    assert fits["method"].nunique() >= 18
    assert typical_factor(errors["ratio"]) < 2


def test_epochs_of_all_stages():
    assert epochs_of({"epochs": 200, "dec_epochs": 100, "lr": 1}) == 300
    assert epochs_of({"lr": 1}) is None


def test_own_fits_are_read_and_what_tells_nothing_is_left_out(tmp_path):
    write_preprocessed(tmp_path, "tissue", 150, 40)
    write_fit(tmp_path, "tissue", "stague", 0, seconds=12.0, parameters={"epochs": 3})
    write_fit(tmp_path, "tissue", "stague", 1, status="oom")
    write_fit(tmp_path, "gone", "stague", 0)
    old = write_fit(tmp_path, "tissue", "pca", 0)
    told = json.loads(old.read_text())
    del told["parameters"]
    old.write_text(json.dumps(told))
    own = read_own(Layout(tmp_path))
    assert own[["dataset", "method", "cells", "genes", "epochs", "seconds"]].values.tolist() == [
        ["tissue", "stague", 150, 40, 3, 12]
    ]


def test_costs_say_what_their_prediction_rests_on(tmp_path):
    benchmark: Benchmark = configuration(
        datasets=["BZ5", "osmFISH", "BZ9"], methods=["stague", "pca", "bass"]
    )
    rows = pd.concat([measured("stague", sizes=[(1000, 200)]), measured("pca", epochs=np.nan)])
    costs = fit_costs(benchmark, fit_cost_model(rows), Layout(tmp_path), {"BZ9": "no data"})
    bases = {(dataset, method): cost.basis for (dataset, method), cost in costs.items()}
    assert bases["BZ5", "stague"] == MEASURED
    assert bases["osmFISH", "stague"] == EXTRAPOLATED
    assert bases["BZ5", "bass"] == LIMIT
    assert costs["BZ5", "bass"].seconds == 60 * benchmark.minutes("bass", "BZ5")
    assert costs["BZ5", "bass"].peak_mb == benchmark.mem_mb("bass", "BZ5", 1)
    assert bases["BZ9", "pca"] == NOTHING and costs["BZ9", "pca"].seconds == 0


def test_a_tissue_that_a_method_declines_costs_nothing(tmp_path):
    tissue = {"id": "large", "simulate": {"layout": "layers", "n_cells": 20_001}}
    benchmark = configuration(datasets=["BZ5", tissue], methods=["graphst"])
    costs = fit_costs(benchmark, fit_cost_model(measured("graphst")), Layout(tmp_path))
    large = costs["large", "graphst"]
    assert (large.basis, large.seconds, large.peak_mb) == (TOO_LARGE, 0, 0)
    assert costs["BZ5", "graphst"].basis == MEASURED
    more = configuration(
        datasets=[tissue], methods=["graphst"], params={"graphst": {"max_cells": 30_000}}
    )
    costs = fit_costs(more, fit_cost_model(measured("graphst")), Layout(tmp_path))
    assert costs["large", "graphst"].seconds > 0
