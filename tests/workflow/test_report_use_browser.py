"""Use of the report in a real Chromium: answer first; views are kept, saved and enlarged."""

import csv
import json

import pandas as pd
import pytest

from helpers.browser import CHROMIUM, choose, column, methods
from helpers.report import (
    draw_picture,
    run_with_everything,
    run_without_truth,
    small_results,
    write_report,
)
from helpers.results import made_results, scores_of

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return run_with_everything(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def unlabeled(tmp_path_factory):
    return run_without_truth(tmp_path_factory.mktemp("unlabeled"))


def test_the_page_answers_first_and_ends_with_the_run(open_page, small):
    page = open_page(small)
    top = [page.locator(f"#{name}").bounding_box()["y"] for name in ("answer", "leaderboard")]
    assert top == sorted(top) and page.locator("#board").bounding_box()["y"] < 850
    sections = page.evaluate("[...document.querySelectorAll('main > section')].map(one => one.id)")
    assert sections == [
        *("answer", "leaderboard", "entries-section", "statistics", "cost", "pictures"),
        *("deconvolution", "cell-graphs", "missing", "run", "references"),
    ]
    menu = page.evaluate("[...document.querySelectorAll('nav a')].map(one => one.hash.slice(1))")
    assert menu == sections
    assert "STAGUE" in page.locator("#answer dd").first.inner_text()


def test_without_labels_the_recommended_map_comes_first(open_page, unlabeled):
    page = open_page(unlabeled)
    assert page.locator("#answer dt").all_inner_texts() == ["Recommended", "Agreement", "Cost"]
    assert "mine: the consensus of 2 methods, 3 domains." in page.inner_text("#answer dd >> nth=0")
    rows = page.locator("#answer tbody tr").all_inner_texts()
    assert rows[0].split()[:2] == ["Consensus", "recommended"]
    assert page.locator("#answer img").count() == 1
    assert page.locator("#leaderboard, #statistics, #cost").count() == 0


def test_a_run_without_a_score_says_so(open_page, tmp_path):
    page = open_page(write_report(tmp_path, made_results(scores_of("A", "stague", ["oom"]))))
    assert "No method has a score; what is missing says why." in page.inner_text("#answer")
    assert "STAGUE on A" in page.inner_text("#missing")


def test_controls_are_a_band_of_their_own_that_can_be_hidden(open_page, small):
    page = open_page(small)
    bands = page.locator("#board .band").all_inner_texts()
    assert bands == ["Controls"]
    assert column(page, "board", 1)[2:] == ["–", "–"]
    page.uncheck("#controls")
    assert page.locator("#board tbody th button:visible").all_inner_texts() == ["STAGUE", "SEDR"]
    assert not page.locator("#entries tbody", has_text="Smoothed PCA").is_visible()


def test_what_was_not_run_is_listed_without_rank_and_cost(open_page, tmp_path):
    absent = scores_of("A", "sedr", ["not_applicable"] * 2)
    parts = [scores_of("A", name, [0.5, 0.6]) for name in ("stague", "smoothed_pca")]
    page = open_page(write_report(tmp_path, made_results(absent, *parts)))
    last = page.locator("#board tbody.not-run tr").last
    assert last.locator("td, th").all_inner_texts() == ["", "SEDR", "it said not_applicable"]
    assert "1 of 1 dataset included" in page.inner_text("#view-note")


def test_every_table_can_be_saved(open_page, small):
    page = open_page(small)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    tables = page.locator("main .scroll").count()
    assert page.locator("main .csv").count() == tables > 5
    with page.expect_download() as waiting:
        page.get_by_label("Save as CSV: Table of the leaderboard").click()
    assert waiting.value.suggested_filename == "leaderboard.csv"
    rows = list(csv.DictReader(waiting.value.path().open()))
    board = pd.read_csv(small.parents[1] / "tables/leaderboard.csv")
    assert len(rows) == len(board)
    finals = [float(row["final"]) for row in rows]
    assert finals == pytest.approx(list(board["ARI_final"]), abs=1e-5)


def test_a_link_keeps_what_is_chosen(open_page, small):
    page = open_page(small)
    choose(page, metric="ASW", policy="only datasets on which every fit has a score")
    page.uncheck("#controls")
    page.locator(".choose summary").click()
    page.locator("#items input").nth(1).uncheck()
    query = page.evaluate("location.search")
    again = open_page(small, query=query)
    assert again.evaluate("[metric, policy].map(one => one.selectedOptions[0].text)") == [
        *("ASW", "only datasets on which every fit has a score"),
    ]
    assert again.evaluate("BOXES = [...items.querySelectorAll('input')].map(b => b.checked)") == [
        *(True, False, True),
    ]
    assert not again.is_checked("#controls")
    assert column(again, "board", 3) == column(page, "board", 3)
    again.click("#link")
    again.locator("#linked", has_text="Copied").wait_for()
    other = open_page(small, query="?metric=none&datasets=[&controls=all")  # of another run, cut
    assert methods(other) == methods(open_page(small))


@pytest.mark.parametrize("width", [400, 1300])
def test_what_is_wider_than_the_screen_says_so(open_page, small, width):
    page = open_page(small, width)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    wrong = page.evaluate("""() => [...document.querySelectorAll('main .scroll, main .frame')]
        .filter(one => {
          const note = (one.nextElementSibling.matches('.sideways')
            ? one.nextElementSibling : one.nextElementSibling.querySelector('.sideways'));
          return note.checkVisibility() !== (one.scrollWidth > one.clientWidth + 1);
        }).map(one => one.outerHTML.slice(0, 99))""")
    assert wrong == []
    notes = page.locator(".sideways:visible").count()
    assert notes > 0 if width == 400 else notes < 3


def test_text_in_pictures_can_be_read_on_a_phone(open_page, tmp_path):
    draw_picture(tmp_path / "figures/overview.png", (1050, 300), dpi=(150, 150))  # 7 inches
    said = {"title": "Overview", "smallest_text": 6, "dataset": None}
    (tmp_path / "figures/captions.json").write_text(json.dumps({"overview": said}))
    page = open_page(write_report(tmp_path, small_results()), 400)
    width = page.locator("#leaderboard .zoom img").bounding_box()["width"]
    assert 6 / 72 * width / 7 >= 8.99  # pixels


def test_the_chart_of_a_phone_is_drawn_for_its_width(open_page, small):
    page = open_page(small, 400)
    chart = page.locator("#chart svg")
    names = page.locator("#chart text").all_text_contents()[::2]
    assert names == methods(page)
    assert (
        page.evaluate("getComputedStyle(document.querySelector('#chart text')).fontSize") == "13px"
    )
    narrow = chart.bounding_box()["width"]
    page.set_viewport_size({"width": 500, "height": 850})
    page.wait_for_function(
        "width => document.querySelector('#chart svg').clientWidth > width", arg=narrow
    )
    assert chart.bounding_box()["width"] > narrow
    page.uncheck("#controls")
    assert page.locator("#chart text").count() == 2 * 2
    final = page.locator("#chart text").all_text_contents()[1::2]
    page.select_option("#protocol", label="untrained")
    page.wait_for_function("document.querySelector('#chart p').textContent.includes('untrained')")
    assert page.locator("#chart text").all_text_contents()[1::2] != final
    assert not open_page(small, 1300).locator("#chart").is_visible()


@pytest.mark.parametrize("size", [(1300, 850), (1300, 300), (400, 700)])
def test_the_enlarged_picture_fits_every_window(open_page, small, size):
    page = open_page(small, size[0])
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.locator("#leaderboard .zoom").click()
    panel, image = page.locator("#panel"), page.locator("#panel img")
    frame, shown = panel.bounding_box(), image.bounding_box()
    assert frame["width"] <= size[0] and frame["height"] <= size[1]
    assert shown["width"] <= frame["width"]
    assert shown["y"] + shown["height"] <= frame["y"] + frame["height"] + 1
    panel.get_by_text("Full size").click()
    assert image.bounding_box()["width"] == 1400
    assert page.evaluate("panel.scrollWidth <= innerWidth")


def test_pictures_follow_the_theme_and_print_light(open_page, small):
    page = open_page(small, color_scheme="dark")
    shown = "getComputedStyle(document.querySelector('.zoom img')).filter"
    assert "invert" in page.evaluate(shown)
    page.click("#theme")
    assert page.evaluate(shown) == "none"
    page.click("#theme")
    page.emulate_media(media="print")
    assert page.evaluate(shown) == "none"
    assert page.locator(".csv:visible, .sideways:visible").count() == 0
