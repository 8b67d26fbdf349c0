"""The overview as a picture: rows, columns, bands."""

import numpy as np
import pandas as pd
import pytest

from stbench.figures.method_style import method_styles
from stbench.figures.overview import overview_figure
from stbench.figures.style import apply_style, save

NAN = float("nan")


@pytest.fixture(autouse=True)
def style():
    import matplotlib.pyplot as plt

    apply_style()
    yield
    plt.close("all")


def board(n, **columns):
    table = pd.DataFrame(
        {
            "control": False,
            "ranked": True,
            "rank": range(1, n + 1),
            "best": 1,
            "worst": range(1, n + 1),
            "real": np.linspace(0.9, 0.0, n),
            "scored": 3,
            "datasets": 3,
            "continuity": 0.5,
            "seeds": 0.1,
            "clusterers": NAN,
            "starts": NAN,
            "seconds": 10.0,
            "memory": 300.0,
        },
        index=[f"m{i}" for i in range(n)],
    )
    return table.assign(**columns)


def texts_of(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_rows_are_in_the_order_of_the_board_and_controls_have_a_band_without_a_rank():
    table = board(4)
    table.loc["m2":, "control"] = True
    table.loc["m2":, ["rank", "best", "worst"]] = NAN
    table.loc["m3", "ranked"] = False
    figure = overview_figure(table, {f"m{i}": f"Name {i}" for i in range(4)}, "t")
    heights = {text.get_text(): text.get_position()[1] for text in figure.axes[0].texts}
    order = ["Methods", "Name 0", "Name 1", "Controls that smooth", "Name 2", "Other controls"]
    assert [heights[name] for name in [*order, "Name 3"]] == sorted(
        heights[name] for name in [*order, "Name 3"]
    )
    assert {"1", "2"} <= set(texts_of(figure)) and "3" not in texts_of(figure)


def test_columns_without_data_are_left_out():
    full = set(texts_of(overview_figure(board(3, simulated=0.5), {}, "t")))
    assert {"real", "simulated", "training seeds", "time"} <= full
    assert not {"semi-synthetic", "clusterers", "starts of k-means", "Use"} & full
    same = set(texts_of(overview_figure(board(3, seeds=0.0), {}, "t")))
    assert not {"training seeds", "Stability of ARI over"} & same  # nothing varies: one seed
    assert "Rank" not in texts_of(overview_figure(board(1), {}, "t"))
    assert not any("Robust" in text or "robust" in text for text in full)
    robust = board(3, lost_counts=[0.2, -0.1, NAN], lost_jitter=NAN)
    robust_texts = texts_of(overview_figure(robust, {}, "t"))
    assert {"Robust to", "fewer counts"} <= set(robust_texts)
    assert "moved cells" not in robust_texts
    facts = overview_figure(board(3, shared=True, cpu=[True, False, pd.NA]), {}, "t")
    assert {"Use", "main packages", "no GPU requested"} <= set(texts_of(facts))


def test_marks_have_the_color_and_the_marker_of_their_method_and_lines_span_the_ranks():
    figure = overview_figure(board(3), {}, "t")
    styles = method_styles(["m1"])["m1"]
    marks = [
        line
        for line in figure.axes[0].lines
        if (line.get_marker(), line.get_color()) == (styles.marker, styles.color)
    ]
    (mark,) = marks
    spans = [line.get_xdata() for line in figure.axes[0].lines if line.get_color() == "#9aa0a6"]
    lengths = [right - left for left, right in spans]
    assert lengths[0] == 0 and lengths[2] == pytest.approx(2 * lengths[1])
    assert mark.get_xdata()[0] == pytest.approx(spans[1][1])  # its rank is its worst


def test_a_method_without_all_scores_says_on_how_many_datasets_it_has_one():
    figure = overview_figure(board(2, scored=[3, 1]), {"m0": "X", "m1": "Y"}, "t")
    assert {"X", "Y (1/3)"} <= set(texts_of(figure))


def test_forty_methods_fit_one_page_and_no_text_is_on_another():
    table = board(40, simulated=0.25, clusterers=0.1, starts=0.1, shared=True, deterministic=False)
    table = table.assign(lost_counts=0.1, lost_jitter=0.0)
    titles = {name: f"Method with a name {name}" for name in table.index}
    figure = overview_figure(table, titles, "Title")
    width, height = figure.get_size_inches()
    assert width < 11 and height < 11
    figure.canvas.draw()
    upright = [text for text in figure.axes[0].texts if text.get_rotation() == 0]
    boxes = [text.get_window_extent() for text in upright]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    assert min(text.get_fontsize() for text in upright) >= 6.5


def test_the_overview_is_also_a_vector_image_of_the_same_bytes_every_time(tmp_path):
    for folder in ("one", "other"):
        save(overview_figure(board(2), {}, "t"), tmp_path / folder, "overview")
    one, other = ((tmp_path / name / "overview.svg").read_bytes() for name in ("one", "other"))
    assert one == other and b"<image" not in one


def test_numbers_in_bars_are_those_of_the_board():
    shown = texts_of(overview_figure(board(4, real=[1.0, 0.996, 0.5, -0.02]), {}, "t"))
    assert {"1.00", ".50", "-.02"} <= set(shown) and ".02" not in shown and ".00" not in shown


def test_a_long_name_ends_before_the_ranks():
    table = board(12, scored=11, datasets=14)
    name = "Smoothed PCA, 30 neighbors†"
    figure = overview_figure(table, dict.fromkeys(table.index, name), "t")
    figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in figure.axes[0].texts}
    assert boxes[f"{name} (11/14)"].x1 < boxes["12"].x0
