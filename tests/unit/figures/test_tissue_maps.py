"""Figures of a tissue without a truth."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from stbench.figures.domains import domain_maps
from stbench.figures.figure_set import Album
from stbench.figures.label_free import (
    agreement_matrix,
    consensus_maps,
    maps_of_methods,
    stability_plot,
)
from stbench.figures.marker_dots import marker_dots
from stbench.figures.positions import as_drawn, round_length, scale_bar
from stbench.figures.style import DOMAIN_COLORS
from stbench.figures.tissue_maps import add_comparisons_of_maps
from stbench.maps.cells_file import CellsFile

RNG = np.random.default_rng(0)
COORDS = RNG.random((60, 2)) * [1000, 500]
LABELS = np.repeat([0, 1, 2], [30, 20, 10])
TITLES = {"leiden": "SpatialLeiden", "stague": "STAGUE", "sedr": "SEDR"}
MAPS = CellsFile(
    n_domains=3,
    columns={
        "leiden": np.roll(LABELS, 1),
        **{f"stague{ending}": LABELS for ending in ("", "_selected", "_consensus")},
        "consensus": LABELS,
    },
    disagreement=np.linspace(0, 1, 60),
    note="consensus of 3 maps of 2 methods",
)


@pytest.fixture(autouse=True)
def no_figure_is_left_open():
    yield
    plt.close("all")


def test_methods_that_train_have_three_maps_and_come_first():
    maps = maps_of_methods(MAPS, TITLES, {"sedr": "oom: too large"})
    assert [one.title for one in maps] == ["STAGUE"] * 3 + ["SpatialLeiden", "SEDR"]
    notes = [one.note for one in maps]
    assert notes[:3] == [f"{k}, ARI 1.00" for k in ("last epoch", "selected epoch", "all seeds")]
    assert notes[3].startswith("ARI 0.") and maps[4].labels is None


def test_the_epochs_are_named_also_without_a_consensus_of_seeds():
    columns = {"stague": LABELS, "stague_selected": np.roll(LABELS, 1)}
    maps = maps_of_methods(CellsFile(3, columns, None, "too large"), TITLES, {})
    assert [one.note for one in maps] == ["last epoch", "selected epoch"]


def test_methods_without_an_agreement_are_not_compared(tmp_path):
    table = {"dataset": "D", "method": ["stague", "leiden"], "status": "ok", "agreement": np.nan}
    pd.DataFrame(table).to_csv(tmp_path / "label_free.csv", index=False)
    pairs = pd.DataFrame(columns=["dataset", "method", "other", "ARI"])
    pairs.to_csv(tmp_path / "label_free_agreement.csv", index=False)
    album = Album(tmp_path)
    add_comparisons_of_maps(album, tmp_path, TITLES)
    assert not list(tmp_path.glob("*.png"))


def test_the_maps_have_the_colors_of_the_consensus_and_a_scale():
    maps = maps_of_methods(MAPS, TITLES, {})
    figure = domain_maps(
        *(COORDS, maps, "tissue", LABELS, ["1", "2", "3"]),
        first_title="Consensus",
        unit="um",
    )
    panels = {ax.get_title(): ax for ax in figure.axes}
    for name in ("Consensus", "STAGUE", "SpatialLeiden"):
        drawn = {to_hex(dots.get_facecolor()[0]) for dots in panels[name].collections}
        assert drawn == set(DOMAIN_COLORS[:3])
    assert "200 µm" in [text.get_text() for text in figure.axes[0].texts]
    assert "200 µm" not in [text.get_text() for text in panels["STAGUE"].texts]


def test_the_consensus_has_the_size_of_every_domain_and_disputed_cells_on_top():
    figure = consensus_maps(COORDS, MAPS, "tissue", "px")
    left, right, _ = figure.axes
    names = [text.get_text() for text in left.get_legend().get_texts()]
    assert names == ["1  (30)", "2  (20)", "3  (10)"]
    assert not left.texts[1:]  # no scale: pixels are no length
    assert (np.diff(right.collections[0].get_array()) >= 0).all()


def test_methods_that_agree_are_neighbors_in_the_matrix():
    near = {("a", "c"): 0.9, ("b", "d"): 0.9}
    rows = [
        (one, other, 1 if one == other else near.get((min(one, other), max(one, other)), 0.1))
        for one in "abcd"
        for other in "abcd"
    ]
    table = pd.DataFrame(rows, columns=["method", "other", "ARI"])
    figure = agreement_matrix(table, {name: name.upper() for name in "abcd"}, "tissue")
    shown = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert "".join(shown) in {"ACBD", "ACDB", "CABD", "CADB", "BDAC", "BDCA", "DBAC", "DBCA"}
    numbers = [text.get_text() for text in figure.axes[1].texts]
    assert numbers.count("1.00") == 4 and numbers.count(".90") == 4 and numbers.count(".10") == 8


def test_the_method_that_agrees_best_is_the_first_row_and_missing_numbers_are_no_marks():
    table = pd.DataFrame({"method": ["sedr", "stague"], "agreement": [0.2, 0.6]})
    table = table.assign(stability_seeds=[0.5, 0.7], stability_starts=np.nan, stability_cells=0.4)
    ax = stability_plot(table, TITLES, "tissue").axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["STAGUE", "SEDR"]
    assert list(ax.lines[0].get_xdata()) == [0.6, 0.2]
    assert np.isnan(ax.lines[2].get_xdata()).all()


def test_every_marker_has_a_column_in_the_color_of_its_domain():
    markers = {0: ["Snap25", "Nrgn"], 2: ["Mbp"]}
    figure = marker_dots(markers, RNG.random((3, 3)), RNG.random((3, 3)), ["1", "2", "3"], "t")
    labels = figure.axes[0].get_xticklabels()
    assert [label.get_text() for label in labels] == ["Snap25", "Nrgn", "Mbp"]
    colors = [to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches]
    assert colors == [DOMAIN_COLORS[i] for i in (0, 0, 2, 0, 1, 2)]  # of genes, of domains


def test_image_coordinates_are_turned_and_others_are_not():
    assert np.array_equal(as_drawn(COORDS, {"y_down": "true"}), COORDS * [1, -1])
    assert np.array_equal(as_drawn(COORDS, {"y_down": "false"}), COORDS)
    assert np.array_equal(as_drawn(COORDS, {}), COORDS)


@pytest.mark.parametrize(("unit", "texts"), [("um", 1), ("micrometre", 1), ("pixel", 0), ("", 0)])
def test_a_scale_is_drawn_where_the_unit_is_a_length(unit, texts):
    ax = plt.figure().add_subplot()
    scale_bar(ax, COORDS, unit)
    assert len(ax.texts) == texts


@pytest.mark.parametrize(("most", "length"), [(300, 200), (0.7, 0.5), (10, 10), (4999, 2000)])
def test_a_scale_has_a_round_length(most, length):
    assert round_length(most) == pytest.approx(length)
