"""Figures: distinguishable colors, labels matched to truth, the same bytes every time."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex

import figures
from helpers.color_vision import SEEN_BY, as_lab
from helpers.results import METHODS, made_results, scores_of
from stbench.clustering.label_file import LabelAxes, labels_writer, open_labels
from stbench.common.io import write_csv, write_h5ad
from stbench.figures.domains import Map, domain_maps
from stbench.figures.gallery import gallery_maps
from stbench.figures.heatmap import score_heatmap
from stbench.figures.per_dataset import read_tissue
from stbench.figures.style import (
    DOMAIN_COLORS,
    FAILURE_FACES,
    UNLABELED,
    apply_style,
    domain_colors,
    save,
)
from stbench.results.aggregates import score_table
from stbench.scoring.matching import match_labels, median_seed


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_twenty_colors_are_distinguishable_with_color_blindness(eyes):
    lab = as_lab([*DOMAIN_COLORS, UNLABELED, "white"], SEEN_BY[eyes])
    distances = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    distances = distances[:, :20] + np.eye(22)[:, :20] * 1000
    assert distances.min() > 12  # 2.3 is just noticeable


def test_more_than_twenty_domains_still_get_a_color_each():
    assert len(set(domain_colors(52))) == 52


@given(st.lists(st.integers(0, 4), min_size=5, max_size=40), st.permutations(range(5)))
def test_renamed_truth_is_matched_back_to_itself(labels, names):
    truth = np.unique(labels, return_inverse=True)[1]
    assert (match_labels(truth, np.array(names)[truth]) == truth).all()


def test_matching_handles_more_labels_than_domains_and_unlabeled_cells():
    truth = np.array([0, 0, 0, 1, 1, 1, -1])
    labels = np.array([2, 2, 0, 1, 1, 1, 1])
    assert match_labels(truth, labels).tolist() == [0, 0, 2, 1, 1, 1, 1]
    assert match_labels(truth, np.full(7, -1)).tolist() == [-1] * 7


def tissue(n=60):
    rng = np.random.default_rng(0)
    return rng.random((n, 2)) * [200, 100], np.repeat([0, 1, 2], n // 3)


def test_maps_show_truth_first_and_failures_by_name():
    apply_style()
    coords, truth = tissue()
    maps = [Map("good", (truth + 1) % 3, "ARI 1.00"), Map("bad", None, "oom: no memory left")]
    figure = domain_maps(coords, maps, "tissue", truth, ["a", "b", "c"])
    panels = [ax for ax in figure.axes if ax.collections]
    assert [ax.get_title() for ax in panels] == ["Truth", "good", "bad"]
    for one, other in zip(panels[0].collections, panels[1].collections, strict=True):
        assert (one.get_facecolors() == other.get_facecolors()).all()
        assert (one.get_offsets() == other.get_offsets()).all()
    assert all(ax.get_aspect() == 1 for ax in panels)
    assert all(dots.get_rasterized() for ax in panels for dots in ax.collections)
    assert any("no memory" in text.get_text() for text in panels[2].texts)


def test_pictures_are_the_same_bytes_twice(tmp_path):
    apply_style()
    coords, truth = tissue()
    for folder in ("one", "other"):
        figure = domain_maps(coords, [Map("good", truth)], "tissue", truth, ["a", "b", "c"])
        save(figure, tmp_path / folder, "maps")
    for name in ("maps.png", "maps.pdf"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def heat_map(results, titles, bands, kinds=None, oracle=False):
    table = score_table(results, "ARI", "final")
    kinds = kinds or dict.fromkeys(results["dataset"], "real")
    best = score_table(results, "ARI", "oracle") if oracle else None
    fixed = frozenset(results.loc[results["deterministic"], "method"])
    return score_heatmap(table, titles, "ARI", bands=bands, kinds=kinds, oracle=best, fixed=fixed)


def fields_of(figure):
    """The number in each field, by its row and column."""
    ax = figure.axes[0]
    columns, rows = (
        {at: label.get_text() for at, label in zip(axis.get_ticklocs(), axis.get_ticklabels())}
        for axis in (ax.xaxis, ax.yaxis)
    )
    found = {}
    for text in ax.texts:
        x, y = text.get_position()
        row = next((name for at, name in rows.items() if abs(at - y) < 0.2), None)
        if x in columns and row:
            found[row, columns[x]] = text.get_text()
    return found


def test_the_heat_map_has_kinds_of_tissues_means_and_the_best_epoch():
    results = made_results(
        scores_of("A", "stague", [0.5], oracle=[0.9]),
        scores_of("B", "stague", [0.7], oracle=[0.8]),
        scores_of("S", "stague", [0.1], oracle=[0.2]),
        scores_of("A", "pca", [0.4, 0.4]),
        scores_of("B", "pca", ["oom"]),
        scores_of("S", "pca", [0.3]),
    )
    kinds = {"A": "real", "B": "real", "S": "simulated"}
    titles = {"stague": "STAGUE", "pca": "PCA"}
    figure = heat_map(results, titles, [["stague"], ["pca"]], kinds, oracle=True)
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["A", "B", "mean", "best epoch", "S", "best epoch"]
    fields = fields_of(figure)
    assert fields["STAGUE", "mean"] == "0.60" and fields["PCA", "mean"] == "(0.40)"
    rows, columns = figure.axes[0].get_yticks(), figure.axes[0].get_xticks()
    assert rows[1] - rows[0] > 1 and columns[4] - columns[3] > 1  # bands and kinds are apart
    written = [text.get_text() for text in figure.axes[0].texts]
    assert {"0.85", "0.20", "real", "simulated"} <= set(written)
    assert not any("±" in text for text in written)  # one seed, or a method that ignores it


def test_the_heat_map_writes_scores_and_statuses():
    apply_style()
    results = made_results(
        scores_of("BZ5", "stague", [0.8, 0.7]),
        scores_of("BZ5", "sedr", ["oom", "oom"]),
        scores_of("BZ9", "stague", [0.5, "nan"]),
        scores_of("BZ9", "sedr", [0.25, 0.25]),
    )
    figure = heat_map(results, {"stague": "STAGUE", "sedr": "SEDR"}, [["stague", "sedr"]])
    written = [text.get_text() for text in figure.axes[0].texts]
    assert {"0.75", "oom", "0.50", "0.25"} <= set(written)
    assert any("nan 1/2" in text for text in written)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "oom: out of memory" in legend and "nan: values that are not finite" in legend
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["STAGUE", "SEDR"]


def test_every_failure_in_the_heat_map_has_its_own_face_and_its_line_in_the_legend():
    apply_style()
    words = ("oom", "timeout", "error", "nan", "killed", "not_applicable")
    results = made_results(
        scores_of("BZ5", "stague", [0.8]),
        *(scores_of(f"D{i}", "stague", [word]) for i, word in enumerate(words)),
    )
    figure = heat_map(results, {"stague": "STAGUE"}, [["stague"]])
    faces = {to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches}
    assert set(FAILURE_FACES.values()) < faces and len(words) == len(FAILURE_FACES)
    legend = [text.get_text().partition(":")[0] for text in figure.legends[0].get_texts()]
    assert set(legend) == set(FAILURE_FACES)


@pytest.mark.parametrize(("maps", "together"), [(1, 1), (3, 3), (11, 1), (32, 1), (18, 3)])
def test_a_gallery_shows_the_truth_once_and_never_parts_the_maps_of_a_method(maps, together):
    apply_style()
    coords, truth = tissue()
    shown = [Map(f"m{i // together}", truth) for i in range(maps)]
    figure = domain_maps(coords, shown, "t", truth, list("abc"), together=together)
    rows = {}
    for ax in figure.axes:
        if ax.get_title():
            rows.setdefault(ax.get_subplotspec().rowspan.start, []).append(ax.get_title())
    names = [name for row in rows.values() for name in row]
    assert names == ["Truth", *(one.title for one in shown)]
    assert all(
        row.count(name) == together for row in rows.values() for name in row if name[0] == "m"
    )
    assert figure.get_figwidth() <= 16.1


def write_epochs(root, dataset, method, ari):
    from stbench.scoring.epoch_scores import COLUMNS

    rows = [(dataset, method, 0, 3, epoch, value, np.nan) for epoch, value in enumerate(ari)]
    path = root / "epochs" / dataset / method / "key.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS).to_parquet(path)


def write_labels(root, dataset, method, rows, status="ok"):
    n_cells = rows.shape[1]
    axes = LabelAxes(
        dataset=dataset,
        method=method,
        cells_digest="",
        n_cells=n_cells,
        n_domains=[3],
        training_seeds=[0],
        clusterers=["kmeans"],
        epochs=[1],
        observed=False,
        last_epochs=[1 if status == "ok" else -1],
        status=[status],
        reason=[""],
        epochs_reason=[""],
        clusterer_status=[[status]],
        clusterer_reason=[[""]],
    )
    with labels_writer(root / "labels" / dataset / method / "key.h5", axes) as writer:
        if status == "ok":
            writer.put(3, 0, "kmeans", 1, rows=rows.astype(np.int16))


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """A run on three datasets: with truth, without, and one that could not be had."""
    coords, truth = tissue()
    rows = np.stack([truth, truth, np.roll(truth, 5), np.roll(truth, 9), np.roll(truth, 11)])
    scores = []
    for name in ("layers", "mine"):
        adata = AnnData(np.ones((60, 2), np.float32))
        adata.obsm["spatial"] = coords
        adata.uns["dataset"] = {"id": name, "status": "ok", "reason": ""}
        if name == "layers":
            adata.obs["cluster"] = pd.Categorical.from_codes(truth, list("abc"))
        write_h5ad(tmp_path / f"{name}.h5ad", adata)
        unknown = name == "mine"
        for method, final in (("stague", 0.9), ("pca", "oom")):
            status = "ok" if method == "stague" else "oom"
            write_labels(tmp_path, name, method, rows, status)
            known = status == "ok" and not unknown
            write_epochs(tmp_path, name, method, [0.1, 0.9, 0.8] if known else [])
            made = scores_of(name, method, [final], n_domains=3, exploratory=unknown)
            if unknown and status == "ok":
                told = {"value": np.nan, "status": "not_applicable", "reason": "no true labels"}
                made.loc[made["metric"] == "ARI", list(told)] = list(told.values())
            scores.append(made)
    gone = AnnData(np.zeros((0, 0), np.float32))
    gone.uns["dataset"] = {"id": "gone", "status": "error", "reason": "data not available"}
    write_h5ad(tmp_path / "gone.h5ad", gone)
    published = {"stague__published": {**METHODS["stague"], "title": "STAGUE, published settings"}}
    scores.append(scores_of("layers", "stague__published", [0.9], n_domains=3))
    results = made_results(*scores, methods=published)
    results.loc[results["method"] == "stague__published", "study"] = "published settings"
    results.to_parquet(tmp_path / "results.parquet")
    (tmp_path / "tables").mkdir()
    bars = [(name, name, "all", 0.2, 0.1, 0.3, 2) for name in ("stague", "stague__published")]
    write_csv(
        pd.DataFrame(
            bars, columns=["scorer", "method", "effect", "mean", "low", "high", "tissues"]
        ),
        tmp_path / "tables/interactions_auprc.csv",
    )
    no_lift = {"metric": ["AUPRC"], "method": [""], "null": [""], "effect": ["all"], "mean": [""]}
    pd.DataFrame(no_lift).to_csv(tmp_path / "tables/interactions_lift.csv", index=False)
    files = [tmp_path / f"{name}.h5ad" for name in ("layers", "mine", "gone")]
    arguments = ["--results", tmp_path / "results.parquet", "--data", *files]
    shared = [*tmp_path.glob("labels/*/*/*.h5"), *tmp_path.glob("epochs/*/*/*.parquet")]
    arguments += ["--root", tmp_path, "--files", *shared, "--tables", tmp_path / "tables"]
    arguments += ["--output", tmp_path / "figures", "--rank-by", "kmeans"]
    monkeypatch.setattr("sys.argv", ["figures.py", *map(str, arguments)])
    figures.main()
    return tmp_path / "figures"


def test_the_program_draws_what_can_be_drawn(drawn):
    stems = {path.stem for path in drawn.glob("*.png")}
    assert stems == {
        "overview",
        "heatmap_ARI_final",
        "box_ARI",
        "runtime",
        "memory",
        "gallery_layers",
        "gallery_mine",
        "protocols_layers",
        "curves_layers",
        "interactions_auprc",
    }
    assert {path.stem for path in drawn.glob("*.pdf")} == stems
    for path in drawn.iterdir():
        assert path.stat().st_size > 2000, path.name
    captions = json.loads((drawn / "captions.json").read_text())
    assert captions.keys() == stems
    for stem, facts in captions.items():
        assert list(facts) == ["title", "caption", "alt", "dataset", "kind", "smallest_text"]
        of_dataset = facts["kind"] in ("gallery", "protocols", "curves")
        assert facts["dataset"] == (stem.partition("_")[2] if of_dataset else None)
        assert stem.startswith(facts["kind"]) and facts["caption"] and facts["alt"]
    assert "STAGUE ARI 0.90" in captions["gallery_layers"]["alt"]
    assert "PCA oom: it said oom" in captions["gallery_layers"]["alt"]


def test_the_gallery_shows_the_median_run_of_the_median_seed(tmp_path):
    _, truth = tissue()
    rows = np.stack([np.roll(truth, shift) for shift in (0, 2, 4, 6, 8)])
    write_labels(tmp_path, "layers", "stague", rows)
    results = made_results(
        scores_of("layers", "stague", [0.5], oracle=[0.75], n_domains=3, epoch=1),
    )
    titles = {"stague": "STAGUE"}

    def opened(method):
        return open_labels(tmp_path / "labels/layers" / method / "key.h5")

    (one,) = gallery_maps(results, titles, truth, opened)
    assert (one.title, one.note) == ("STAGUE", "ARI 0.50") and (one.labels == rows[2]).all()
    unknown = made_results(scores_of("layers", "stague", [0.5], n_domains=3, epoch=1))
    (one,) = gallery_maps(unknown, titles, None, opened)
    assert one.note == "" and (one.labels == rows[0]).all()


def test_the_gallery_has_the_best_method_first_and_controls_last(tmp_path):
    _, truth = tissue()
    scores = {"pca": 0.9, "sedr": "oom", "smoothed_pca": 0.95, "stague": 0.5}
    parts = []
    for method, value in scores.items():
        status = "oom" if value == "oom" else "ok"
        write_labels(tmp_path, "layers", method, np.stack([truth] * 5), status)
        parts.append(scores_of("layers", method, [value], n_domains=3, epoch=1))
    maps = gallery_maps(
        *(made_results(*parts), {name: name for name in scores}, truth),
        lambda method: open_labels(tmp_path / "labels/layers" / method / "key.h5"),
    )
    assert [one.title for one in maps] == ["stague", "sedr", "smoothed_pca", "pca"]


def test_domains_have_the_names_of_the_registry_and_the_y_axis_of_the_platform(tmp_path):
    coords, truth = tissue()
    adata = AnnData(np.ones((60, 2), np.float32))
    adata.obsm["spatial"] = coords
    adata.uns["dataset"] = {"id": "BZ5", "status": "ok", "reason": ""}
    adata.obs["cluster"] = pd.Categorical.from_codes(truth, list("123"))
    write_h5ad(tmp_path / "BZ5.h5ad", adata)
    plain = read_tissue(tmp_path / "BZ5.h5ad")
    drawings = {"BZ5": {"domain_names": {"1": "L1", "2": "L2/3"}, "y_down": True}}
    drawn = read_tissue(tmp_path / "BZ5.h5ad", drawings)
    measured = read_tissue(tmp_path / "BZ5.h5ad", {"BZ5": {"unit": "um"}})
    assert (plain.unit, measured.unit) == ("", "um")
    assert plain.domains == ["1", "2", "3"] and drawn.domains == ["L1", "L2/3", "3"]
    assert (plain.coords == coords).all() and (drawn.coords == coords * [1, -1]).all()


def test_of_two_seeds_the_lower_one_is_shown():
    table = pd.DataFrame({"seed": [0, 1, 2, 3], "value": [0.9, 0.2, np.nan, 0.5]})
    assert median_seed(table) == 3
    assert median_seed(table[table["seed"].isin([0, 1])]) == 1


def test_titles_of_galleries_do_not_overlap():
    rng = np.random.default_rng(0)
    coords, labels = rng.uniform(size=(100, 2)) * [1, 1.7], rng.integers(0, 3, 100)
    names = ("squidpy niches (CellCharter)", "Smoothed expression, PCA", "MENDER") * 9
    maps = [Map(name, labels, "ARI .50") for name in names]
    figure = domain_maps(coords, maps, "t", labels, ["a", "b", "c"])
    figure.set_dpi(60)  # letters are widest where pixels are few
    figure.canvas.draw()
    boxes = [ax.title.get_window_extent() for ax in figure.axes if ax.get_title()]
    assert len(boxes) == 28
    rows = {}
    for box in boxes:
        rows.setdefault(round(box.y0), []).append(box)
    for row in rows.values():
        row.sort(key=lambda box: box.x0)
        assert all(left.x1 < right.x0 for left, right in pairwise(row))
