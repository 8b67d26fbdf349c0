"""Tables and figures of joined sections, of scores written by hand."""

from __future__ import annotations

from pathlib import Path

import anndata
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.programs import run_here
from helpers.results import METHODS, made_results, scores_of, write_results
from stbench.common.errors import InputError
from stbench.common.paths import PROJECT
from stbench.config.layout import Layout
from stbench.figures.figure_set import Album
from stbench.figures.from_tables import add_integration
from stbench.figures.integration import embedding_grid, mixing_against_biology
from stbench.figures.method_style import method_styles
from stbench.figures.per_dataset import Tissue, add_embeddings
from stbench.figures.style import apply_style
from stbench.integration.scoring import COLUMNS
from stbench.integration.tables import METRICS, integration_tables, read_integration_scores

TITLES = {name: entry["title"] for name, entry in METHODS.items()}
PARTS = ("iLISI", "ASW_batch", "graph_connectivity", "cLISI", "ARI_within")


def rows(method: str, *seeds: dict[str, float] | str, dataset: str = "A") -> pd.DataFrame:
    """Rows of ``score_integration.py``; of a fit that failed its status."""
    found = []
    for seed, given in enumerate(seeds):
        for metric in PARTS:
            told = {"dataset": dataset, "method": method, "seed": seed, "metric": metric}
            if isinstance(given, str):
                told |= {"value": np.nan, "status": given, "reason": f"it said {given}"}
            elif metric in given:
                told |= {"value": given[metric], "status": "ok", "reason": ""}
            else:
                told |= {"value": np.nan, "status": "not_applicable", "reason": "no true labels"}
            found.append(told)
    return pd.DataFrame(found)[list(COLUMNS)]


def values(*numbers: float) -> dict[str, float]:
    return dict(zip(PARTS, numbers, strict=True))


GOOD = values(0.6, 0.9, 0.9, 1.0, 0.7)
SCORES = pd.concat(
    [
        rows("stague", GOOD, GOOD | {"iLISI": 0.3}),
        rows("sedr", GOOD, "oom"),
        rows("pca", values(0.3, 0.6, 0.6, 0.8, 0.2), values(0.3, 0.6, 0.6, 0.8, 0.2)),
        rows("smoothed_pca", {"iLISI": 0.5}, {"iLISI": 0.5}, dataset="B"),
    ]
)
JOINT = [
    scores_of("A", "stague", [0.6, 0.6]),
    scores_of("A", "sedr", [0.6, "oom"]),
    scores_of("A", "pca", [0.2, 0.2]),
    scores_of("B", "smoothed_pca", [0.1, 0.1]),
]


def made() -> dict[str, pd.DataFrame]:
    return integration_tables(SCORES, made_results(*JOINT), "kmeans")


def test_composites_are_means_of_their_parts() -> None:
    every = made()["integration_scores"].set_index(["dataset", "method", "metric"])
    mean = every["mean"]
    assert mean["A", "pca", "mixing"] == pytest.approx(0.5)
    assert mean["A", "pca", "biology"] == pytest.approx((0.8 + 0.2) / 2)
    assert mean["A", "pca", "overall"] == pytest.approx(0.5)
    assert mean["A", "stague", "mixing"] == pytest.approx((0.8 + 0.7) / 2)
    assert mean["A", "stague", "overall"] == pytest.approx(0.4 * 0.75 + 0.6 * 0.8)
    cell = every.loc["A", "stague", "mixing"]
    assert (cell["n"], cell["sd"]) == (2, pytest.approx(np.std([0.8, 0.7], ddof=1)))
    assert 0.75 - cell["low"] == pytest.approx(0.05 * stats.t.ppf(0.975, 1))
    assert cell["high"] == 1.0  # the interval without a limit ends at 1.39
    assert every.loc[("A", "pca")].index.tolist() == list(METRICS)


def test_what_failed_or_does_not_apply_says_why() -> None:
    every = made()["integration_scores"].set_index(["dataset", "method", "metric"])
    cell = every.loc["A", "sedr", "overall"]
    assert (cell["n"], cell["status"], cell["reason"]) == (1, "oom 1/2", "seed 1: it said oom")
    mixing = every.loc["B", "smoothed_pca", "mixing"]
    assert np.isnan(mixing["mean"]) and mixing["status"] == "not_applicable"
    assert mixing["reason"] == "no true labels"
    assert every.loc[("B", "smoothed_pca", "iLISI"), "mean"] == 0.5


def test_rows_are_in_the_order_of_names_which_no_column_ranks() -> None:
    table = made()["integration"]
    assert table["dataset"].tolist() == ["A", "A", "A", "B"]
    assert table["method"].tolist() == ["pca", "sedr", "stague", "smoothed_pca"]
    assert table.columns.tolist() == [
        *("dataset", "method", *METRICS, "n", "status", "reason"),
    ]
    assert table.set_index("method").loc["pca", "ARI"] == pytest.approx(0.2)


def test_notes_on_parts_do_not_make_a_composite_fail() -> None:
    noted = rows("pca", GOOD).assign(reason="60 neighbors, not 90")
    results = made_results(scores_of("A", "pca", [0.5]))
    every = integration_tables(noted, results, "kmeans")["integration_scores"].set_index("metric")
    assert every.loc["overall", ["status", "reason"]].tolist() == ["ok", ""]
    assert every.loc["iLISI", "reason"] == "60 neighbors, not 90"


def test_files_that_are_no_such_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file; make it with score_integration"):
        read_integration_scores([tmp_path / "none.parquet"])
    SCORES.drop(columns="metric").to_parquet(tmp_path / "other.parquet")
    with pytest.raises(InputError, match="'metric' is missing; make it again"):
        read_integration_scores([tmp_path / "other.parquet"])


def test_the_program_writes_the_tables_where_it_is_given_scores(tmp_path: Path) -> None:
    root = tmp_path / "results"
    write_results(root, pd.concat(JOINT))
    SCORES.to_parquet(tmp_path / "scores.parquet")
    command = [PROJECT / "scripts/aggregate.py", "--fits", *root.glob("fits/*/*/*")]
    command += ["--scores", *sorted(root.glob("scores/*/*/*.parquet"))]
    command += ["--methods", root / "methods.yaml", "--output-parquet", tmp_path / "r.parquet"]
    command += ["--tables", tmp_path / "tables", "--integration", tmp_path / "scores.parquet"]
    command += ["--rank-by", "kmeans"]
    done = run_here(*command)
    assert done.returncode == 0, done.stderr
    written = pd.read_csv(tmp_path / "tables/integration.csv")
    pd.testing.assert_frame_equal(
        written.fillna({"reason": ""}), made()["integration"], atol=1e-6, check_dtype=False
    )
    assert len(pd.read_csv(tmp_path / "tables/integration_scores.csv")) == 4 * len(METRICS)


@pytest.fixture
def figures():
    apply_style()
    yield
    plt.close("all")


def test_a_mark_in_its_own_style_for_each_method_and_failures_by_name(figures) -> None:
    figure = mixing_against_biology(made()["integration_scores"], TITLES, "t")
    first, second = (ax for ax in figure.axes if ax.get_title())
    assert [text.get_text() for text in second.texts] == ["no score: Smoothed PCA"]
    styles = method_styles(["stague", "sedr", "pca"])
    drawn = {(c.lines[0].get_color(), c.lines[0].get_marker()) for c in first.containers}
    assert drawn == {(style.color, style.marker) for style in styles.values()}
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert set(names) == {"STAGUE", "SEDR", "PCA", "Smoothed PCA"}


def test_embeddings_have_a_column_for_each_method_and_say_what_is_missing(figures) -> None:
    flat = {"stague": np.random.default_rng(0).normal(size=(30, 2)), "pca": "oom: too little"}
    sections = pd.Categorical(np.repeat(["x", "y"], 15))
    domains = pd.Categorical.from_codes(np.tile([0, 1, -1], 10), ["a", "b"])
    figure = embedding_grid(flat, {"section": sections, "domain": domains}, TITLES, "t")
    assert [ax.get_title() for ax in figure.axes] == ["STAGUE", "PCA", "", ""]
    assert [text.get_text() for text in figure.axes[1].texts] == ["oom: too little"]
    below = figure.axes[3].get_legend()
    assert [text.get_text() for text in below.get_texts()] == ["a", "b", "not known"]
    assert len(figure.axes[0].collections[0].get_offsets()) == 30


def test_the_album_gets_both_pictures(figures, tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    album = Album(tmp_path)
    add_integration(album, tables, TITLES)
    assert not album.captions
    made()["integration_scores"].to_csv(tables / "integration_scores.csv", index=False)
    add_integration(album, tables, TITLES)
    assert list(album.captions) == ["integration_scores"]
    assert (tmp_path / "integration_scores.png").is_file()


def test_the_first_fit_that_succeeded_is_shown_of_each_method(
    figures, tmp_path: Path, monkeypatch
) -> None:
    # UMAP takes seconds to load; runs of the workflow draw it.
    monkeypatch.setattr("stbench.figures.layout.umap", lambda embedding: embedding[:, :2])
    n = 40
    rng = np.random.default_rng(0)
    results = made_results(scores_of("A", "pca", ["oom", 0.5]), scores_of("A", "sedr", ["oom"]))
    fit = Layout(tmp_path).fit("A", "pca", 1)
    fit.mkdir(parents=True)
    anndata.AnnData(
        obs=pd.DataFrame(index=[str(i) for i in range(n)]),
        obsm={"embedding": rng.normal(size=(n, 4)).astype(np.float32)},
    ).write_h5ad(fit / "fit.h5ad")
    sections = pd.Categorical(np.repeat(["x", "y"], n // 2))
    tissue = Tissue("A", rng.uniform(size=(n, 2)), np.arange(n) % 2, ["a", "b"], sections)
    album = Album(tmp_path)
    add_embeddings(album, tissue, results, {"pca": "PCA", "sedr": "SEDR"}, Layout(tmp_path))
    told = album.captions["integration_embedding_A"]
    assert told["dataset"] == "A" and "2 methods" in str(told["alt"])
    assert (tmp_path / "integration_embedding_A.png").is_file()
