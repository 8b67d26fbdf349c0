"""Robustness and sensitivity tables of scores worked by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from helpers.programs import run_here
from helpers.results import METHODS, fits_of, scores_of, write_results
from stbench.common.paths import PROJECT
from stbench.figures.figure_set import Album
from stbench.figures.from_tables import add_studies
from stbench.figures.method_style import method_styles
from stbench.figures.robustness import robustness_curves
from stbench.figures.sensitivity import setting_lines, tornado
from stbench.results.assembly import assemble, read_results
from stbench.results.studies import robustness_tables, sensitivity_table
from stbench.summary.run import read_run
from stbench.summary.text import summary

DERIVED = {
    f"A.{way}{level}.draw{draw}": {"of": "A", "way": way, "level": level, "draw": draw}
    for way, level in (("counts", 0.5), ("counts", 0.1), ("jitter", 2))
    for draw in (0, 1)
}


def draws_of(level: str, method: str, final: list, **more: list) -> pd.DataFrame:
    """Scores at one level of degradation: the draw of each seed is a dataset."""
    scores = scores_of(level, method, final, **more)
    return scores.assign(dataset=level + ".draw" + scores["seed"].astype(str))


def results_of(*parts: pd.DataFrame, methods: dict = METHODS) -> pd.DataFrame:
    scores = pd.concat(parts, ignore_index=True)
    return assemble(scores, fits_of(scores), methods)


def test_curves_begin_with_the_untouched_data_and_areas_are_mean_heights() -> None:
    tables = robustness_tables(
        results_of(
            scores_of("A", "pca", [0.7, 0.9]),
            draws_of("A.counts0.5", "pca", [0.59, 0.61]),
            draws_of("A.counts0.1", "pca", [0.1, "oom"]),
            draws_of("A.jitter2", "pca", ["oom", "oom"]),
        ),
        DERIVED,
    )
    curves = tables["robustness_curves"].set_index(["way", "level"])
    assert curves["dataset"].unique() == ["A"]
    assert curves.loc[("counts", 1.0), "mean"] == pytest.approx(0.8)
    assert curves.loc[("counts", 0.1), ["mean", "n"]].tolist() == pytest.approx([0.1, 1])
    assert curves.loc[("counts", 0.1), "status"] == "oom 1/2"
    assert np.isnan(curves.loc[("counts", 0.1), "low"])
    ends = t.interval(0.95, 1, 0.6, 0.01)  # two draws: sd over the square root of 2 is .01
    assert curves.loc[("counts", 0.5), ["low", "high"]].tolist() == pytest.approx(list(ends))
    assert curves.loc[("counts", 1.0), "high"] == 1  # never above the range of the ARI
    assert curves.loc[("jitter", 0.0), "mean"] == pytest.approx(0.8)
    assert curves.loc[("jitter", 2.0), "status"] == "oom"
    area = tables["robustness_area"].set_index("way")
    expected = (0.8 / 2 + 0.6 + 0.1 / 2) / 2
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
    assert [axis.get_title() for axis in figure.axes] == ["fewer counts", "shifted positions"]
    assert figure.axes[0].get_ylabel() == "A\nfinal ARI"
    assert figure.axes[0].lines[0].get_color() == method_styles(["pca"])["pca"].color


def test_changes_are_to_the_method_itself_seed_by_seed() -> None:
    changed = {"stague__k_8": METHODS["stague"], "stague__without_it": METHODS["stague"]}
    table = sensitivity_table(
        results_of(
            scores_of("A", "stague", [0.5, 0.7, 0.6], oracle=[0.6, 0.8, 0.7]),
            scores_of("A", "stague__k_8", [0.6, 0.9, 0.75], oracle=[0.6, 0.9, 0.75]),
            scores_of("A", "stague__without_it", ["nan", "nan"]),
            methods=METHODS | changed,
        ),
        {
            "stague__k_8": {
                **{"method": "stague", "factor": "k", "value": 8},
                **{"unchanged": {"A": 15}, "published": {"A": 8}},
            },
            "stague__without_it": {"method": "stague", "factor": "without it", "value": None},
        },
    )
    k, without = table.to_dict("records")
    assert k["change_final"] == pytest.approx(0.15)
    assert k["change_oracle"] == pytest.approx(0.05)
    assert (k["value"], k["unchanged"], k["published"], k["n"]) == (8, 15, 8, 3)
    ends = t.interval(0.95, 2, 0.15, 0.05 / np.sqrt(3))
    assert (k["low"], k["high"]) == pytest.approx(ends)
    assert np.isnan(without["change_final"])
    assert without["status"] == "nan"
    bars = tornado(table, "t").axes[0]
    assert len(bars.patches) == 1
    labels = [label.get_text() for label in bars.get_yticklabels()]
    assert labels == ["reach of candidate edges (k)\nown 15, published 8", "without it"]
    assert {text.get_text() for text in bars.texts} == {"nan", "8 *"}
    lines = setting_lines(table, {"final": 0.6, "oracle": 0.7}, "t")
    assert lines is not None
    (final,) = [line for line in lines.axes[0].lines if line.get_label() == "final"]
    assert list(final.get_ydata()) == [pytest.approx(0.75), 0.6]
    ticks = [label.get_text() for label in lines.axes[0].get_xticklabels()]
    assert ticks == ["8", "15"]
    bold = [label.get_fontweight() == "bold" for label in lines.axes[0].get_xticklabels()]
    assert bold == [True, False]  # the published value


def test_changes_without_a_truth_have_no_figure_for_any_number_of_domains(tmp_path: Path) -> None:
    entry = {"dataset": "mine", "method": "stague", "clusterer": "kmeans"}
    scores = pd.DataFrame([{**entry, "n_domains": n, "mean": np.nan} for n in (3, 4)])
    for name in ("final", "oracle"):
        scores.to_csv(tmp_path / f"ARI_{name}.csv", index=False)
    numbers = dict.fromkeys(("published", "ARI_final", "ARI_oracle", "change_final"), np.nan)
    change = {**entry, **numbers, "change_oracle": np.nan, "factor": "k", "unchanged": 15}
    rows = [{**change, "value": value, "status": "not_applicable"} for value in (8, 20)]
    pd.DataFrame(rows).to_csv(tmp_path / "sensitivity.csv", index=False)
    album = Album(tmp_path)
    add_studies(album, tmp_path, {"stague": "STAGUE"}, "kmeans")
    assert not album.captions


CHANGES = {
    name: {"method": "stague", "factor": factor, "value": value, "title": f"STAGUE, {name}"}
    for name, factor, value in (
        ("stague__k_8", "k", 8),
        ("stague__gamma_1", "gamma", 1),
        ("stague__without_it", "without it", None),
    )
}


def study_run(root: Path) -> Path:
    """BZ5 with two methods, one of them changed in three ways, and BZ5 with fewer counts."""
    trained = {"untrained": [0.4, 0.4], "oracle": [0.9, 0.9]}
    scores = [
        scores_of("BZ5", "stague", [0.8, 0.8], **trained),
        scores_of("BZ5", "pca", [0.3, 0.3]),
        draws_of("BZ5.counts0.5", "stague", [0.6, 0.7], **trained),
        draws_of("BZ5.counts0.5", "pca", ["oom", "oom"]),
        scores_of("BZ5", "stague__k_8", [0.5, 0.5], **trained),
        scores_of("BZ5", "stague__gamma_1", [0.82, 0.79], **trained),
        scores_of("BZ5", "stague__without_it", ["timeout", "timeout"]),
    ]
    write_results(root, pd.concat(scores, ignore_index=True))
    studies = {
        "derived": {
            f"BZ5.counts0.5.draw{draw}": {"of": "BZ5", "way": "counts", "level": 0.5, "draw": draw}
            for draw in (0, 1)
        },
        "variants": CHANGES,
    }
    command = [PROJECT / "scripts/aggregate.py", "--fits", *root.glob("fits/*/*/*")]
    command += ["--scores", *sorted(root.glob("scores/*/*/*.parquet"))]
    command += ["--methods", root / "methods.yaml", "--studies", json.dumps(studies)]
    command += ["--published", PROJECT / "resources/published/scores.csv", "--rank-by", "kmeans"]
    command += ["--output-parquet", root / "results.parquet", "--tables", root / "tables"]
    done = run_here(*command)
    assert done.returncode == 0, done.stderr
    return root


def test_a_run_with_studies_ranks_without_them_and_tells_of_them(tmp_path: Path) -> None:
    root = study_run(tmp_path)
    results = read_results(root / "results.parquet")
    studies = results.groupby("study")["method"].unique().map(set).to_dict()
    assert studies["sensitivity"] == set(CHANGES)
    assert studies[""] == studies["robustness"] == {"stague", "pca"}
    for name in ("leaderboard", "published_vs_measured", "pairs"):
        table = (root / f"tables/{name}.csv").read_text()
        assert "stague__" not in table and "counts0.5" not in table
    run = read_run(results, root / "tables", "kmeans")
    text = " ".join(summary(run, root / "tables", root / "figures").split())
    assert (
        "On BZ5, the ARI of STAGUE (.80, 2 seeds) becomes .65 [.01, 1.00] with 50% of "
        "the counts (2 draws)." in text
    )
    assert "On BZ5, the ARI of PCA (.30, 2 seeds) becomes no score (oom) with 50%" in text
    assert (
        "1 of 3 variants change the final ARI of STAGUE on BZ5 by less than .05 (2 seeds); "
        "larger changes: " in text
    )
    assert "k 8 -.30; no score: without it (timeout)." in text
    assert "4 of 14 fits failed" in text
    assert "STAGUE, stague__k_8" not in text and "100%" not in text
    assert "BZ5.counts0.5 (4)" not in text
