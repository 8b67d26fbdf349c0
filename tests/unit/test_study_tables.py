"""Robustness and sensitivity tables of scores worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_results import METHODS, fits_of, scores_of

from stbench.figures.robustness import robustness_curves
from stbench.figures.sensitivity import setting_lines, tornado
from stbench.results import assemble
from stbench.study_tables import robustness_tables, sensitivity_table

DERIVED = {
    "A.counts0.5": {"of": "A", "way": "counts", "level": 0.5},
    "A.counts0.1": {"of": "A", "way": "counts", "level": 0.1},
    "A.jitter2": {"of": "A", "way": "jitter", "level": 2},
}


def results_of(*parts: pd.DataFrame, methods: dict = METHODS) -> pd.DataFrame:
    scores = pd.concat(parts, ignore_index=True)
    return assemble(scores, fits_of(scores), methods, "full")


def test_curves_begin_with_the_untouched_data_and_areas_are_mean_heights() -> None:
    tables = robustness_tables(
        results_of(
            scores_of("A", "pca", [0.7, 0.9]),
            scores_of("A.counts0.5", "pca", [0.5, 0.7]),
            scores_of("A.counts0.1", "pca", [0.1, 0.3]),
            scores_of("A.jitter2", "pca", ["oom", "oom"]),
        ),
        DERIVED,
    )
    curves = tables["robustness_curves"].set_index(["way", "level"])
    assert curves["dataset"].unique() == ["A"]
    assert curves.loc[("counts", 1.0), "mean"] == pytest.approx(0.8)
    assert curves.loc[("counts", 0.1), ["mean", "n"]].tolist() == pytest.approx([0.2, 2])
    assert curves.loc[("counts", 0.5), "low"] <= 0.6 <= curves.loc[("counts", 0.5), "high"]
    assert curves.loc[("jitter", 0.0), "mean"] == pytest.approx(0.8)
    assert curves.loc[("jitter", 2.0), "status"] == "oom"
    area = tables["robustness_area"].set_index("way")
    expected = (0.8 / 2 + 0.6 + 0.2 / 2) / 2
    assert area.loc["counts", "area"] == pytest.approx(expected)
    assert area.loc["counts", "kept"] == pytest.approx(expected / 0.8)
    assert np.isnan(area.loc["jitter", "area"])
    assert area.loc["jitter", "reason"] == "jitter 2: it said oom"
    figure = robustness_curves(curves.reset_index(), {"pca": "PCA"}, "t")
    assert [axis.get_xlabel() for axis in figure.axes] == [
        "share of counts kept",
        "jitter (cell spacings)",
    ]
    assert figure.axes[0].xaxis_inverted()


def test_changes_are_to_the_method_itself_seed_by_seed() -> None:
    changed = {"stague__k_8": METHODS["stague"], "stague__without_it": METHODS["stague"]}
    table = sensitivity_table(
        results_of(
            scores_of("A", "stague", [0.5, 0.7], oracle=[0.6, 0.8]),
            scores_of("A", "stague__k_8", [0.6, 0.9], oracle=[0.6, 0.9]),
            scores_of("A", "stague__without_it", ["nan", "nan"]),
            methods=METHODS | changed,
        ),
        {
            "stague__k_8": {"method": "stague", "factor": "k", "value": 8, "published": {"A": 15}},
            "stague__without_it": {"method": "stague", "factor": "without it", "value": None},
        },
    )
    k, without = table.to_dict("records")
    assert k["change_final"] == pytest.approx(0.15)
    assert k["change_oracle"] == pytest.approx(0.05)
    assert (k["value"], k["published"], k["n"]) == (8, 15, 2)
    assert np.isnan(without["change_final"])
    assert without["status"] == "nan"
    bars = tornado(table, "t").axes[0]
    assert len(bars.patches) == 1
    assert [label.get_text() for label in bars.get_yticklabels()] == ["without it", "k"]
    lines = setting_lines(table, {"final": 0.6, "oracle": 0.7}, "t")
    assert lines is not None
    final = lines.axes[0].lines[-2]  # the dotted line of the published value comes after each
    assert list(final.get_xdata()) in ([8, 15], [15, 15])
