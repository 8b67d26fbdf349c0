"""The report in a real Chromium without a network: it loads, sorts, filters, opens and copies."""

import json
import re

import pandas as pd
import pytest

from helpers.browser import CHROMIUM, choose, column, methods
from helpers.report import (
    large_results,
    run_with_everything,
    small_results,
    write_report,
)
from helpers.results import NAN, made_results, scores_of
from stbench.ranking.ranks import rank_methods
from stbench.ranking.seed_failures import scores_with_failures

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")

HOSTILE = '<img src=x onerror="document.title=1">'
CLOSING = "</script><script>document.title=2</script>"

CONTRAST = """selectors => {
  const numbers = colour => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b]
    .map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = element => {
    const colour = getComputedStyle(element).backgroundColor;
    const opaque = numbers(colour)[3] === 255 || !element.parentElement;
    return opaque ? colour : ground(element.parentElement);
  };
  return selectors.map(selector => {
    const element = document.querySelector(selector);
    const both = [getComputedStyle(element).color, ground(element)].map(c => light(numbers(c)));
    return (Math.max(...both) + .05) / (Math.min(...both) + .05);
  });
}"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return run_with_everything(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return write_report(tmp_path_factory.mktemp("large"), large_results(seeds=2))


def test_the_board_is_the_leaderboard_of_the_tables(open_page, small):
    page = open_page(small)
    page.check("#columns")
    board = pd.read_csv(small.parents[1] / "tables/leaderboard.csv")
    ids = {"STAGUE": "stague", "SEDR": "sedr", "Smoothed PCA": "smoothed_pca", "PCA": "pca"}
    assert [ids[title] for title in methods(page)] == list(board["method"])
    marked = page.locator("#board tbody.controls th button").count()
    assert list(board["control"]) == [False] * (len(board) - marked) + [True] * marked
    places = ["–" if pd.isna(rank) else f"{rank:.0f}" for rank in board["rank"]]
    assert [text.split(" (")[0] for text in column(page, "board", 1)] == places
    ranks = ["–" if pd.isna(rank) else f"{rank:.2f}" for rank in board["mean_rank"]]
    assert column(page, "board", 3) == ranks
    # Rounded to two digits; the table that is saved has the others.
    finals = column(page, "board", 4)
    assert all(re.fullmatch(r"\d\.\d\d", final) for final in finals)
    assert list(map(float, finals)) == pytest.approx(list(board["ARI_final"]), abs=0.00501)
    lift = ["–" if pd.isna(v) else f"{v:+.2f}".replace("-", "−") for v in board["lift"]]
    assert column(page, "board", 11) == lift
    assert column(page, "board", 14) == ["0", "2/6", "0", "0"]


def test_what_is_sorted_shows_so_and_enter_sorts(open_page, small):
    page = open_page(small)
    page.check("#columns")
    head = page.locator("#board thead th", has_text="seconds")
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.locator("#board thead th[aria-sort=ascending]").count() == 1
    page.locator("#board thead button", has_text="oracle").click()
    assert methods(page)[0] == "STAGUE"
    page.locator("#board thead button", has_text="method").click()
    assert methods(page) == ["SEDR", "STAGUE", "PCA", "Smoothed PCA"]  # controls apart


def test_filters_change_what_is_ranked(open_page, small):
    page = open_page(small)
    choose(page, policy="only datasets on which every fit has a score")
    assert "2 of 3 datasets included" in page.inner_text("#view-note")
    assert column(page, "board", 3)[:2] == ["1.50", "1.50"]
    choose(page, protocol="consensus (all seeds)")  # one score, which no seed lacks
    assert column(page, "board", 3)[:1] == ["1.00"]
    assert "3 of 3 datasets included" in page.inner_text("#view-note")
    choose(page, policy="a failure gets the worst rank", protocol="untrained")
    assert methods(page)[0] == "STAGUE"
    assert "no such score: SEDR, Smoothed PCA, PCA" in page.inner_text("#view-note")
    choose(page, protocol="final (last epoch)", metric="CHAOS (lower is better)")
    assert methods(page)[2] == "Smoothed PCA"  # the first of the controls
    assert "above the jittered truth" in page.inner_text("#view-note")
    for what in ("#board td.ranking", "#entries td button"):  # the lowest score is drawn as best
        shades = page.evaluate(
            f"[...document.querySelectorAll('{what}')]"
            ".map(one => [parseFloat(one.innerText), +one.style.getPropertyValue('--part')])"
        )
        scores, parts = zip(*[pair for pair in shades if pair[0] is not None], strict=True)
        assert parts[scores.index(min(scores))] == max(parts)
        assert parts[scores.index(max(scores))] == min(parts) < max(parts)
    page.locator(".choose summary").click()
    page.click("#none")
    printed = page.inner_text("#view-note")
    assert (
        "0 of 3 datasets included" in printed and "No selected dataset has this score." in printed
    )
    page.locator("#items input").nth(1).check()
    assert page.locator("#entries thead th").all_inner_texts()[1:] == ["BZ1"]


def test_the_oracle_and_the_spread_of_starts_belong_to_kmeans(open_page, tmp_path):
    kmeans = scores_of("A", "stague", [0.5, 0.5], oracle=[0.8, 0.8], spread=0.05)
    best = scores_of("A", "stague", [0.7, 0.7], clusterer="kmeans20", spread=NAN)
    page = open_page(write_report(tmp_path, made_results(kmeans, best)))
    page.check("#columns")
    assert column(page, "entries", 2) == ["0.50 (±0.05)"]
    assert "Oracle and gap" not in page.inner_text("#view-note")
    choose(page, clusterer="kmeans20")
    assert column(page, "entries", 2) == ["0.70 ±0.00"]
    found = [column(page, "board", number) for number in (4, 5, 9)]
    assert found == [["0.70"], ["0.80"], ["+0.30"]]
    assert "Oracle and gap are under kmeans" in page.inner_text("#view-note")


def test_failed_seeds_count_and_means_that_lack_them_say_n(open_page, tmp_path):
    results = made_results(
        scores_of("A", "stague", [0.6, 0.6]),
        scores_of("A", "sedr", [0.9, "oom"]),  # with the failure .5 instead of .9
        scores_of("A", "smoothed_pca", [0.1, 0.1]),
        *(scores_of("B", name, [0.5, 0.5]) for name in ("stague", "sedr", "smoothed_pca")),
    )
    page = open_page(write_report(tmp_path, results))
    expected = rank_methods(scores_with_failures(results, "worst")[0], "worst").mean_ranks
    assert methods(page) == ["STAGUE", "SEDR", "Smoothed PCA"]
    assert (
        column(page, "board", 3)
        == [f"{rank:.2f}" for rank in expected]
        == [*("1.50", "2.00", "2.50")]
    )
    assert "0.90 n 1 of 2" in column(page, "entries", 2)
    choose(page, policy="only datasets on which every fit has a score")
    assert "1 of 2 datasets included" in page.inner_text("#view-note")


def test_a_score_leads_to_its_runs_by_keyboard(open_page, small):
    page = open_page(small)
    page.locator("#entries tbody tr", has_text="STAGUE").locator("td button").first.focus()
    page.keyboard.press("Enter")
    panel = page.locator("#panel")
    assert panel.is_visible() and panel.locator("h2").inner_text() == "STAGUE on BZ0"
    assert "0.7000" in panel.inner_text() and "0.7200" in panel.inner_text()
    assert (
        panel.locator("a", has_text="log").get_attribute("href")
        == "../logs/fits/BZ0/stague/key/seed0.log"
    )
    panel.locator("summary").first.press("Enter")
    printed = panel.locator("dl").inner_text()
    assert "node7" in printed and "0123456789ab" in printed and "abc" in printed
    assert panel.get_by_label("All scores of this run").locator("tbody tr").count() == 3
    page.keyboard.press("Escape")
    assert not panel.is_visible()
    page.locator("#entries tbody tr", has_text="SEDR").locator("td button").last.click()
    assert "oom: it said oom" in panel.inner_text()


def test_a_method_leads_to_its_datasets_and_pictures_enlarge(open_page, small):
    page = open_page(small)
    page.locator("#board tbody button", has_text="STAGUE").press("Enter")
    panel = page.locator("#panel")
    assert "Nie et al." in panel.inner_text()
    panel.locator("tbody button", has_text="BZ1").press("Enter")
    assert panel.locator("h2").inner_text() == "STAGUE on BZ1"
    page.keyboard.press("Escape")
    page.locator("#leaderboard .zoom").press("Enter")
    image = panel.locator("img")
    assert image.evaluate("one => one.naturalWidth") == 1400


def test_tables_of_studies_sort_too(open_page, small):
    page = open_page(small)
    page.locator("#deconvolution thead button", has_text="rmse").click()
    first = page.locator("#deconvolution tbody tr > :nth-child(1)").all_inner_texts()
    assert first == ["a", "c", "b"]


@pytest.mark.parametrize("refuse", [False, True])
def test_bibtex_is_copied_or_selected(open_page, small, refuse):
    page = open_page(small)
    if refuse:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()) }")
    page.click("#copy")
    page.locator("#copied", has_text=".").wait_for()
    entries = page.input_value("#bibtex")
    assert "doi = {10.1002/advs.1}" in entries and "@software{stbench" in entries
    if refuse:
        selected = page.evaluate("bibtex.value.slice(bibtex.selectionStart, bibtex.selectionEnd)")
        assert selected == entries


@pytest.mark.parametrize("width", [400, 1300])
@pytest.mark.parametrize("which", ["small", "large"])
def test_nothing_sticks_out_of_the_page(open_page, request, which, width):
    page = open_page(request.getfixturevalue(which), width)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#entries td button").first.click()
    page.locator("#panel summary").first.click()
    assert page.evaluate("panel.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(open_page, small, scheme):
    page = open_page(small, color_scheme=scheme)
    selectors = [
        *(
            "h1",
            ".brand",
            "nav a",
            ".facts dt",
            ".facts dd",
            "#view-note",
            ".note",
            "summary",
        ),
        *("#board thead button", "#board td", "#board tbody button", "a[href^=http]", "select"),
        *(".bad", "figcaption span", "textarea", "#entries td button"),
    ]
    ratios = dict(zip(selectors, page.evaluate(CONTRAST, selectors), strict=True))
    assert min(ratios.values()) >= 4.5, ratios
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground


def test_what_can_be_pressed_is_named_and_pictures_have_words(open_page, small):
    page = open_page(small)
    assert page.evaluate("[...document.images].every(image => image.alt)")
    named = "one => one.ariaLabel || one.innerText.trim() || !one.checkVisibility()"
    assert page.evaluate(f"[...document.querySelectorAll('button, summary')].every({named})")
    fields = "[...document.querySelectorAll('select, input')]"
    assert page.evaluate(f"{fields}.every(one => one.labels.length)")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_printed_it_is_light_and_complete(open_page, small):
    page = open_page(small, color_scheme="dark")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("[...document.querySelectorAll('main details')].every(one => one.open)")
    assert not page.locator("nav").is_visible() and not page.locator("#filters").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("main details:not([open])").count() > 0


def test_the_full_matrix_is_small_and_ranks_as_pandas_does(open_page, large):
    assert large.stat().st_size < 6e6
    results = large_results(seeds=2)
    page = open_page(large)
    assert page.locator("#board tbody tr:not(.band)").count() == 14
    assert page.locator("#entries td button").count() == 15 * 14
    choose(page, metric="NMI", protocol="oracle (best epoch)", clusterer="gmm")
    chosen = results.query("metric == 'NMI' and protocol == 'oracle' and clusterer == 'gmm'")
    scores = chosen.pivot_table(index="dataset", columns="title", values="value")
    ranks = scores.rank(axis=1, ascending=False).mean().sort_values()
    control = "SMOOTHED_PCA"
    ranks = pd.concat([ranks.drop(control), ranks[[control]]])
    titles = methods(page)
    assert column(page, "board", 3) == [f"{rank:.2f}" for rank in ranks]
    assert titles == list(ranks.index)
    assert column(page, "board", 5) == [f"{scores[title].mean():.2f}" for title in titles]
    # Every view is made anew: nothing of earlier ones stays behind.
    assert page.evaluate("document.querySelectorAll('*').length") < 3000


def test_names_and_reasons_are_text_whatever_they_hold(open_page, tmp_path):
    results = small_results()
    results["dataset"] = results["dataset"].replace("BZ0", f"{HOSTILE}{CLOSING}")
    results["title"] = results["title"].replace("STAGUE", f"STAGUE{CLOSING}{HOSTILE}")
    results["fit_reason"] = results["fit_reason"].replace("it said oom", CLOSING + HOSTILE)
    results["reason"] = results["reason"].replace("it said oom", CLOSING + HOSTILE)
    results["parameters"] = json.dumps({HOSTILE: CLOSING})
    methods = {name: {"citation": HOSTILE, "licence": CLOSING} for name in ("stague", "sedr")}
    datasets = {f"{HOSTILE}{CLOSING}": {"title": HOSTILE, "note": CLOSING, "origin": "files"}}
    page = open_page(write_report(tmp_path, results, methods, datasets, {"mirror": CLOSING}))
    for button in page.locator("#entries td button").all():
        button.click()
        for summary in page.locator("#panel summary").all():
            summary.click()
        page.keyboard.press("Escape")
    assert page.title().startswith("stbench report: ")
    assert page.locator("script").count() == 2 and page.locator("img").count() == 0
    assert HOSTILE in page.inner_text("#entries thead") and CLOSING in page.inner_text("#run")
    assert CLOSING in page.inner_text("#answer")
