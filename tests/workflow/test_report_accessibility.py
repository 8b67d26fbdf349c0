"""axe-core finds nothing in the report, in both themes and at both widths."""

import hashlib

import pytest

from helpers.browser import CHROMIUM, Visitor
from helpers.report import run_with_everything, run_without_truth
from stbench.common.paths import PROJECT

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")

AXE = PROJECT / "tests/vendor/axe-core/axe.min.js"
RUN = """() => axe.run().then(found => found.violations.map(
  ({id, nodes}) => id + ': ' + nodes.map(node => node.html.slice(0, 120)).join(' '))
)"""


@pytest.fixture(scope="module", params=["labels", "no labels"])
def report(request, tmp_path_factory):
    made = run_with_everything if request.param == "labels" else run_without_truth
    return made(tmp_path_factory.mktemp("report"))


def test_axe_is_the_published_file():
    readme = (AXE.parent / "README.md").read_text()
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() in readme


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1300])
def test_axe_finds_nothing(browser, report, width, scheme):
    visitor = Visitor(browser)
    page = visitor.open(report, width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate(AXE.read_text())
    assert page.evaluate(RUN) == []
    page.locator("#entries td button, .zoom").first.click()
    assert page.evaluate(RUN) == []  # with the dialog open
    visitor.close()
    assert visitor.faults == []
