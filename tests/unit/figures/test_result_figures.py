"""Pictures that compare methods: what is drawn, named and counted."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from helpers.results import made_results, scores_of
from stbench.figures.across_datasets import add_comparisons
from stbench.figures.boxplots import score_boxes
from stbench.figures.bump_chart import rank_bump
from stbench.figures.cost_bars import cost_bars
from stbench.figures.critical_difference import critical_difference
from stbench.figures.figure_set import Album
from stbench.figures.method_style import method_styles
from stbench.figures.oracle_gap import gap_dumbbells
from stbench.figures.protocols import protocol_plot
from stbench.figures.published import published_panels
from stbench.figures.scaling import exponent, scaling_panels, short_number
from stbench.figures.style import DOMAIN_COLORS, apply_style
from stbench.figures.training_curves import training_curves
from stbench.ranking.ranks import rank_methods

NAN = float("nan")
MANY = {f"m{i:02}": f"Method {i:02}" for i in range(24)}


@pytest.fixture(autouse=True)
def style():
    import matplotlib.pyplot as plt

    apply_style()
    yield
    plt.close("all")


def texts_of(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def names_of(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def overlapping(texts, figure):
    """Pairs of texts that lie on each other once drawn."""
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    return [
        (a, b)
        for i, a in enumerate(boxes)
        for b in boxes[:i]
        if a.overlaps(b) and a.get_points().tolist() != b.get_points().tolist()
    ]


def test_boxes_show_every_dataset_once_and_count_failures():
    rows = pd.DataFrame(
        [("A", "x", 0.4, "ok"), ("B", "x", 0.6, "ok"), ("A", "y", 0.9, "ok")]
        + [("B", "y", NAN, "oom"), ("A", "z", NAN, "timeout"), ("B", "z", NAN, "timeout")],
        columns=["dataset", "method", "mean", "status"],
    )
    titles = {"x": "X", "y": "Y", "z": "Z", "c": "Control"}
    rows = pd.concat([rows, rows[rows["method"] == "y"].assign(method="c")])
    figure = score_boxes(rows, titles, "ARI", [["x", "y", "z"], ["c"]])
    ax = figure.axes[0]
    assert names_of(ax.yaxis) == ["Y", "X", "Z", "Control"]  # by median, none last
    assert ax.get_yticks()[3] - ax.get_yticks()[2] > 1
    assert sorted(len(dots.get_offsets()) for dots in ax.collections) == [0, 1, 1, 2]
    assert {"1 oom", "2 timeout"} == set(texts_of(figure))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["A", "B"]


def test_five_datasets_have_a_box_and_four_have_none():
    rows = [(f"D{i}", method, i / 10, "ok") for method, n in (("x", 5), ("y", 4)) for i in range(n)]
    table = pd.DataFrame(rows, columns=["dataset", "method", "mean", "status"])
    ax = score_boxes(table, {"x": "X", "y": "Y"}, "ARI", [["x", "y"]]).axes[0]
    sides = [line for line in ax.lines if len(line.get_xdata()) == 5]  # the outline of a box
    assert [line.get_ydata().mean().round() for line in sides] == [0]
    assert {round(line.get_xdata()[0], 2) for line in ax.lines} >= {0.2, 0.15}  # both medians


def test_costs_of_similar_sizes_are_bars_with_the_cheapest_on_top():
    rows = [("x", 20.0, "CPU"), ("x", 40.0, "CPU"), ("x", 60.0, "CPU"), ("y", 3.0, "CPU")]
    costs = pd.DataFrame([*rows, ("c", 1.0, "CPU")], columns=["method", "value", "series"])
    titles = {"x": "X", "y": "Y", "z": "Z", "c": "Control"}
    ax = cost_bars(costs, titles, "seconds", "time", [["x", "y", "z"], ["c"]]).axes[0]
    assert names_of(ax.yaxis) == ["Y", "X", "Control"]
    assert [text.get_text() for text in ax.texts] == ["3", "40", "1"]
    ends = [patch.get_x() + patch.get_width() for patch in ax.patches]
    assert ends == pytest.approx([3, 40, 1]) and ax.get_xscale() == "log"
    assert list(ax.lines[1].get_xdata()) == [20, 60]
    near = cost_bars(costs[costs["method"] == "x"], titles, "seconds", "time", [["x"]]).axes[0]
    assert near.get_xscale() == "linear" and near.get_xlim()[0] == 0


def test_dumbbells_write_the_gap_of_methods_that_have_one():
    pairs = pd.DataFrame(
        [("A", "x", 0.5, NAN, 0.4), ("B", "x", 0.9, 0.8, 0.6), ("A", "y", 0.8, 0.8, 0.8)],
        columns=["dataset", "method", "oracle", "oracle_reclustered", "final"],
    )
    figure = gap_dumbbells(pairs, {"y": "Y", "x": "X", "z": "Z"}, "gap")
    assert names_of(figure.axes[0].yaxis) == ["X", "Y"]
    assert texts_of(figure) == ["+0.20", "+0.00"]


def test_ranks_are_lines_with_names_that_do_not_overlap():
    rng = np.random.default_rng(0)
    ranks = pd.DataFrame(rng.random((5, 24)), columns=list(MANY)).rank(axis=1)
    ranks.iloc[0, :6] = 3.5  # ties
    ranks.index = [f"D{i}" for i in range(5)]
    failed = pd.DataFrame(False, index=ranks.index, columns=ranks.columns)
    failed.iloc[2, 0] = True
    figure = rank_bump(ranks, failed, MANY, {"m23"}, "ranks")
    ax = figure.axes[0]
    assert len([line for line in ax.lines if len(line.get_xdata()) == 5]) == 2 * 24
    assert texts_of(figure).count("Method 07") == 1
    assert any("hollow" in text.get_text() for text in figure.texts)
    styles = method_styles(MANY)
    assert {line.get_color() for line in ax.lines} == {style.color for style in styles.values()}
    dashed = {line.get_color() for line in ax.lines if line.get_linestyle() == "--"}
    assert dashed == {styles["m23"].color}
    assert figure.get_figwidth() < 7
    assert names_of(ax.xaxis) == list(ranks.index)
    assert not overlapping(ax.texts, figure)


def test_twenty_four_methods_fit_into_the_diagram_of_ranks():
    rng = np.random.default_rng(1)
    ranking = rank_methods(pd.DataFrame(rng.random((8, 24)), columns=list(MANY)), "worst")
    figure = critical_difference(ranking, MANY, "ranks")
    ax = figure.axes[0]
    assert sorted(names_of(ax.yaxis)) == sorted(MANY.values())
    for axis in (ax.xaxis, ax.yaxis):
        assert not overlapping(axis.get_ticklabels(), figure)


def test_the_exponent_is_that_of_the_power_law_and_needs_three_sizes():
    cells = np.array([100, 100, 1000, 10_000])
    slope, factor = exponent(cells, 0.5 * cells**1.5)
    assert slope == pytest.approx(1.5) and factor == pytest.approx(0.5)
    assert exponent(cells[:3], cells[:3] * 1.0) is None
    assert exponent(np.array([1000, 1040, 1090]), np.ones(3)) is None  # sizes too alike


def test_costs_draw_a_line_only_where_there_are_sizes_enough():
    rows = [("x", n, n**2 / 1e4, "CPU") for n in (100, 1000, 10_000)]
    rows += [("y", n, float(n), "GPU") for n in (100, 10_000)]
    costs = pd.DataFrame(rows, columns=["method", "cells", "value", "series"])
    figure = scaling_panels(costs, {"x": "X", "y": "Y", "z": "Z"}, "seconds", "time")
    panels = {ax.get_title(): ax for ax in figure.axes if ax.get_title()}
    assert list(panels) == ["X", "Y"]
    long = {"x": "Smoothed expression, PCA", "y": "Smoothed PCA, 8 neighbors", "z": "Z"}
    titles = [ax.title for ax in scaling_panels(costs, long, "seconds", "time").axes[:2]]
    assert not overlapping(titles, titles[0].figure)
    assert "2.00" in panels["X"].texts[0].get_text()
    assert panels["Y"].texts[0].get_text() == "2 sizes: no exponent"
    assert all(ax.get_xscale() == ax.get_yscale() == "log" for ax in panels.values())
    legend = figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["CPU", "GPU"]
    assert legend.get_title().get_text() == "no completed fit: Z"


@pytest.mark.parametrize(("value", "text"), [(0.5, "0.5"), (20, "20"), (2000, "2k"), (1e6, "1M")])
def test_numbers_of_cells_are_short(value, text):
    assert short_number(value) == text


def curves_of(method, ari, loss, seed=0):
    columns = {"method": method, "seed": seed, "epoch": range(len(ari)), "ari": ari, "loss": loss}
    return pd.DataFrame(columns)


def test_curves_mark_the_best_epoch_after_training_began_and_say_where_no_loss_is():
    epochs = pd.concat(
        [
            curves_of("x", [0.9, 0.2, 0.6, 0.4], [NAN, 100.0, 10.0, 1.0]),
            curves_of("y", [0.1, 0.3, 0.3, 0.2], [NAN] * 4),
        ]
    )
    figure = training_curves(epochs, {"x": "X", "y": "Y", "z": "Z"}, "curves")
    ari_x, ari_y, loss_x, loss_y = figure.axes
    assert [ax.get_title() for ax in (ari_x, ari_y)] == ["X", "Y"]
    assert (ari_x.lines[-1].get_xdata()[0], ari_y.lines[-1].get_xdata()[0]) == (2, 1)
    assert loss_x.get_yscale() == "log" and list(loss_x.lines[0].get_ydata()) == [100, 10, 1]
    assert [text.get_text() for text in loss_y.texts] == ["not reported"] and not loss_y.lines
    figure.canvas.draw()
    ticks = [text for text in names_of(loss_x.yaxis) if text]
    assert ticks and all(float(text) > 0 for text in ticks)


@pytest.mark.parametrize("name", ["$", "$a_b$", "$ and $\\frac", "a$b_{$", "US$ 5 $"])
def test_a_dollar_in_a_name_is_a_dollar(name):
    rows = [(dataset, "x", 0.4, "ok") for dataset in (name, "plain")]
    boxes = pd.DataFrame(rows, columns=["dataset", "method", "mean", "status"])
    for figure in (
        score_boxes(boxes, {"x": name}, name, [["x"]]),
        training_curves(curves_of("x", [0.9, 0.2], [NAN, 1.0]), {"x": name}, name),
    ):
        figure.canvas.draw()
        assert any(text.get_text() == name for text in figure.findobj(Text))


def test_protocols_are_sorted_by_the_last_epoch_and_take_the_room_they_need():
    rows = made_results(
        scores_of("A", "sedr", [0.4, 0.6], untrained=[0.1, 0.1], oracle=[0.7, 0.8]),
        scores_of("A", "stague", [0.8, 0.9]),
        scores_of("A", "smoothed_pca", [0.95, 0.95]),
        scores_of("A", "pca", ["oom"]),
    )
    ax = protocol_plot(rows[rows["metric"] == "ARI"], TITLES, "t").axes[0]
    assert names_of(ax.yaxis) == ["STAGUE", "SEDR", "Smoothed PCA", "PCA"]
    middles = ax.get_yticks()
    assert middles[2] - middles[1] > middles[3] - middles[2]  # three protocols, one, none
    assert "oom" in texts_of(ax.figure)
    large = [line for line in ax.lines if line.get_markeredgecolor() == "white"]
    means = [line.get_xdata()[0] for line in large]
    assert means == pytest.approx([0.85, 0.75, 0.5, 0.1, 0.95])


def test_many_curves_break_into_bands():
    epochs = pd.concat([curves_of(method, [0.1, 0.2], [NAN, 1.0]) for method in MANY])
    figure = training_curves(epochs, MANY, "curves")
    assert [ax.get_title() for ax in figure.axes if ax.get_title()] == list(MANY.values())
    assert figure.get_figwidth() < 14


def test_published_scores_are_beside_what_was_measured():
    columns = ["dataset", "method", "measured", "measured_sd", "published", "published_sd"]
    unknown = "cannot be compared: "
    table = pd.DataFrame(
        [("A", "x", 0.5, 0.1, 0.4, 0.1), ("A", "x", 0.5, 0.1, 0.9, NAN)]
        + [("A", "y", 0.2, NAN, 0.4, NAN)]
        + [("B", "x", 0.9, NAN, NAN, NAN), ("B", "y", NAN, NAN, 0.3, 0.1)],
        columns=columns,
    ).assign(
        verdict=["agrees", "differs", "differs", f"{unknown}not published", f"{unknown}..."],
        status=["ok", "ok", "ok", "ok", "not_applicable"],
    )
    figure = published_panels(table, {"y": "Y", "x": "X"}, "published")
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["A", "B"]
    assert names_of(figure.axes[0].yaxis) == ["Y", "X"]
    assert texts_of(figure) == ["not applicable"]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    words = ["measured, agrees with a source", "measured, differs from every source"]
    words = ["published, one for each source", *words, "measured, cannot be compared"]
    assert legend == words
    squares = [line for line in figure.axes[0].lines if line.get_marker() == "s"]
    assert [list(line.get_xdata()) for line in squares] == [[0.4], [0.4, 0.9]]
    marks = {m: line for line in figure.axes[0].lines if (m := line.get_marker()) in "oD"}
    assert {m: (line.get_color(), list(line.get_xdata())) for m, line in marks.items()} == {
        "o": (DOMAIN_COLORS[0], [0.5]),
        "D": (DOMAIN_COLORS[5], [0.2]),
    }


TITLES = {"stague": "STAGUE", "sedr": "SEDR", "smoothed_pca": "Smoothed PCA", "pca": "PCA"}


def drawn(tmp_path, results, cells, rank_by="kmeans"):
    album = Album(tmp_path)
    add_comparisons(album, results, TITLES, rank_by, cells=cells, entries={})
    return album.captions


def stems(tmp_path, results, cells):
    return set(drawn(tmp_path, results, cells))


def test_the_oracle_is_drawn_under_its_own_clusterer(tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setattr("stbench.figures.figure_set.save", lambda figure, *_: plt.close(figure))
    parts = [scores_of("A", "stague", [0.5], oracle=[0.8])]
    parts += [scores_of("A", "stague", [0.6], clusterer="kmeans20")]
    captions = drawn(tmp_path, made_results(*parts), {"A": 100}, rank_by="kmeans20")
    heat_map = captions["heatmap_ARI_final"]
    assert heat_map["title"] == "ARI of the last epoch (k-means, best of 20 starts)"
    assert heat_map["caption"].endswith("(k-means, one start).")
    assert "the largest gap is 0.30" in captions["gap"]["alt"]


def test_what_there_is_nothing_to_show_of_is_not_drawn(tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    # Only which figures there are is looked at here: writing them takes most of the time.
    monkeypatch.setattr("stbench.figures.figure_set.save", lambda figure, *_: plt.close(figure))
    one = made_results(scores_of("A", "stague", [0.5]), scores_of("A", "smoothed_pca", ["oom"]))
    single = {"overview", "heatmap_ARI_final", "box_ARI", "runtime", "memory"}
    assert stems(tmp_path, one, {"A": 100}) == single
    several = made_results(
        *(scores_of(name, "stague", [0.5], oracle=[0.7]) for name in "AB"),
        *(scores_of(name, "smoothed_pca", [0.4]) for name in "AB"),
    )
    assert stems(tmp_path, several, {"A": 100, "B": 1000}) == single | {"gap", "bump"}
    two = made_results(*(scores_of("A", method, [0.5]) for method in ("stague", "sedr")))
    assert stems(tmp_path, two, {"A": 100}) == single | {"rank_conditions"}
    tested = made_results(
        *(scores_of(name, "stague", [0.5]) for name in "ABCDE"),
        *(scores_of(name, "sedr", [0.4]) for name in "ABCDE"),
    )
    more = {"bump", "rank_conditions", "critical_difference_worst", "critical_difference_common"}
    assert stems(tmp_path, tested, dict.fromkeys("ABCDE", 100)) == single | more
    failed = made_results(*(scores_of("A", method, ["oom"]) for method in ("stague", "pca")))
    assert stems(tmp_path, failed, {"A": 100}) == {"heatmap_ARI_final"}
