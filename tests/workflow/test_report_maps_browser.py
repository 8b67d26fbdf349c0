"""Interactive maps of the report in a real Chromium, which draws by the processor, offline."""

import io
from collections import Counter

import pytest
from PIL import Image

from helpers.browser import CHROMIUM, NO_WEBGL, SOFTWARE, Visitor, started
from helpers.mapped_tissues import results_of, write_mapped
from helpers.report import draw_picture, write_report
from stbench.config.layout import Layout, SameKey
from stbench.figures.style import DOMAIN_COLORS

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")

GROUND = {"light": (255, 255, 255), "dark": (27, 31, 36)}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    root = tmp_path_factory.mktemp("maps")
    for name, size in (("BZ0", 900), ("BZ1", 300)):
        write_mapped(Layout(root, ".", SameKey("key")), name, size)
        draw_picture(root / f"figures/gallery_{name}.png")
    return write_report(root, results_of(["BZ0", "BZ1"]))


@pytest.fixture(scope="module")
def chromium():
    with started(SOFTWARE) as browser:
        yield browser


@pytest.fixture
def opened(chromium, report):
    """Opens the page at its maps, offline; at the end nothing may have failed or been asked."""
    visitor = Visitor(chromium)

    def open_maps(width=1300, **how):
        page = visitor.open(report, width, query="#maps", **how)
        drawn(page, "BZ0", "Truth", "STAGUE")
        return page

    yield open_maps
    visitor.close()
    assert visitor.faults == []


def drawn(page, tissue, left, right):
    """Wait until both maps are drawn."""
    page.locator(f"#map-stage[data-drawn='{tissue}/{left}/{right}']").wait_for()


def picture(page):
    page.wait_for_timeout(100)  # the frame reaches the screen
    return Image.open(io.BytesIO(page.locator("#map-stage").screenshot())).convert("RGB")


def pixels(image):
    data = image.tobytes()
    return list(zip(data[::3], data[1::3], data[2::3], strict=True))


def main_color(image, across, down):
    """The most frequent color of cells around a place, given as shares of the picture."""
    x, y = int(across * image.width), int(down * image.height)
    box = image.crop((x - 40, y - 25, x + 40, y + 25))
    counts = Counter(pixels(box))
    del counts[GROUND["light"]]
    return f"#{bytes(counts.most_common(1)[0][0]).hex()}"


def choose(page, side, label):
    values = page.locator(f"#map-{side} option").evaluate_all(
        "(all, label) => all.filter(one => one.textContent === label).map(one => one.value)", label
    )
    page.select_option(f"#map-{side}", value=values[0])


def test_both_maps_are_named_scored_and_drawn_in_the_same_colors(opened):
    page = opened()
    note = page.inner_text("#map-note")
    assert (
        "BZ0, 900 cells, 4 domains; left: Truth (4 domains); right: STAGUE (last epoch, ARI 0.90"
        in note
    )
    image = picture(page)
    for place, color in zip((0.17, 0.38, 0.62, 0.83), DOMAIN_COLORS, strict=False):
        assert main_color(image, 0.35, place) == main_color(image, 0.65, place) == color
    names = page.locator("#map-legend button").all_inner_texts()
    assert [name.split()[0] for name in names] == ["L1", "L2", "L3", "L4"]
    assert page.inner_text("#map-scale").endswith("µm")


def test_tissues_and_maps_are_switched(opened):
    page = opened()
    groups = page.locator("#map-right optgroup").evaluate_all("all => all.map(one => one.label)")
    assert groups == ["Truth and consensus", "Methods", "Controls", "Genes"]
    choose(page, "right", "PCA, ARI 0.50")
    drawn(page, "BZ0", "Truth", "PCA")
    assert page.inner_text("#map-title-right") == "PCA"
    page.select_option("#map-tissue", label="BZ1")
    drawn(page, "BZ1", "Truth", "STAGUE")
    assert "BZ1, 300 cells" in page.inner_text("#map-note")


def test_the_divider_swipes_by_keyboard_and_by_hand(opened):
    page = opened()
    choose(page, "right", "gene0")  # high in L1, which is on top
    drawn(page, "BZ0", "Truth", "gene0")
    page.focus("#map-divider")
    page.keyboard.press("End")
    assert main_color(picture(page), 0.65, 0.38) == DOMAIN_COLORS[1]
    page.keyboard.press("Home")
    assert main_color(picture(page), 0.35, 0.38) not in DOMAIN_COLORS
    page.keyboard.press("ArrowRight")
    assert page.input_value("#map-divider") == "1"
    stage = page.locator("#map-stage").bounding_box()
    grip = page.locator("#map-handle").bounding_box()
    page.mouse.move(grip["x"] + grip["width"] / 2, stage["y"] + 200)
    page.mouse.down()
    page.mouse.move(stage["x"] + 0.8 * stage["width"], stage["y"] + 210, steps=4)
    page.mouse.up()
    assert page.input_value("#map-divider") == "80"
    assert main_color(picture(page), 0.65, 0.38) == DOMAIN_COLORS[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_genes_color_the_cells(opened, scheme):
    page = opened(color_scheme=scheme)
    for side in ("left", "right"):
        choose(page, side, "gene0")
    drawn(page, "BZ0", "gene0", "gene0")
    image = picture(page)
    ground = sum(GROUND[scheme])

    def strength(down):  # how far the mean color of a layer is from the ground
        box = image.crop((100, int(down * image.height) - 20, 500, int(down * image.height) + 20))
        colors = [sum(color) for color in pixels(box) if sum(color) != ground]
        return abs(sum(colors) / len(colors) - ground)

    assert strength(0.17) > 1.5 * max(strength(0.4), strength(0.62), strength(0.83))
    assert "marker of L1" in page.inner_text("#map-note")
    assert page.locator("#map-legend").inner_text().startswith("gene0: 0")


def test_the_view_moves_by_keyboard_and_by_hand_for_both_maps(opened):
    page = opened()
    page.focus("#map-stage")
    whole, scale = picture(page), page.inner_text("#map-scale")
    for _ in range(4):
        page.keyboard.press("+")
    assert page.inner_text("#map-scale") != scale
    page.keyboard.press("ArrowDown")
    near = picture(page)
    assert near.tobytes() != whole.tobytes()
    box = page.locator("#map-stage").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 100, steps=5)
    page.mouse.up()
    page.wait_for_timeout(600)
    right = (near.width * 3 // 4, 100, near.width - 10, near.height - 100)
    assert picture(page).crop(right).tobytes() != near.crop(right).tobytes()
    page.locator("#map-zoom button", has_text="Whole tissue").click()
    assert page.inner_text("#map-scale") == scale


def test_a_domain_of_the_legend_is_shown_alone(opened):
    page = opened()
    before = page.locator("#map-legend button").nth(1)
    before.press("Enter")
    assert before.get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.activeElement.textContent").startswith("L2")
    image = picture(page)
    assert main_color(image, 0.35, 0.38) == DOMAIN_COLORS[1]
    assert main_color(image, 0.35, 0.17) != DOMAIN_COLORS[0]
    before.press("Enter")
    assert main_color(picture(page), 0.35, 0.17) == DOMAIN_COLORS[0]


def test_a_score_of_the_table_opens_its_map(opened):
    page = opened()
    row = page.locator("#entries tbody tr", has_text="Smoothed PCA")
    row.locator("td button").last.click()
    drawn(page, "BZ1", "Truth", "Smoothed PCA")
    panel = page.locator("#panel")
    assert panel.locator("#map-stage").is_visible()
    assert "Smoothed PCA (last epoch, ARI 0.70" in panel.locator("#map-note").inner_text()
    page.keyboard.press("Escape")
    page.locator("#map-home #map-stage").wait_for()
    assert not panel.is_visible()


@pytest.mark.parametrize("width", [400, 1300])
def test_the_maps_fit_the_window_and_their_parts_are_named(opened, width):
    page = opened(width=width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    fields = "[...document.querySelectorAll('#map-viewer select, #map-viewer input')]"
    assert page.evaluate(f"{fields}.every(one => one.labels.length)")
    assert page.locator("#map-stage").get_attribute("aria-describedby") == "map-note map-keys"
    assert page.locator("#map-note").get_attribute("role") == "status"


def test_without_webgl_there_are_pictures(chromium, report):
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=NO_WEBGL)
    visitor = Visitor(browser)
    page = visitor.open(report, query="#maps")
    assert "has no WebGL 2" in page.inner_text("#maps")
    assert page.locator("#map-pictures img").count() == 2
    assert page.locator("#map-viewer").count() == 0
    page.locator("#entries td button").first.click()
    assert page.locator("#panel").is_visible()
    browser.close()
    assert visitor.faults == []


def test_without_javascript_the_pictures_are_linked(chromium, report):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert "require JavaScript" in page.inner_text("#maps")
    assert not page.locator("#map-viewer").is_visible()
    assert page.locator("#maps noscript a").get_attribute("href") == "#pictures"
    context.close()
