"""A real Chromium without a network, for tests of the report."""

import shutil
from contextlib import contextmanager

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
OPTIONS = [*_OPTIONS, "--disable-gpu"]
NO_WEBGL = [*OPTIONS, "--disable-3d-apis"]
# WebGL drawn by the processor.
SOFTWARE = [*_OPTIONS, "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@contextmanager
def started(options=OPTIONS):
    """A browser; its ``browser_type.launch`` starts further ones."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        chromium = tools.chromium.launch(executable_path=CHROMIUM, args=options)
        yield chromium
        chromium.close()


class Visitor:
    """Opens pages with the network off, and notes what goes wrong or is requested.

    Attributes:
        faults: errors of the page and addresses that it requested.
    """

    def __init__(self, browser):
        self._browser = browser
        self._contexts = []
        self.faults = []

    def open(self, path, width=1300, query="", **how):
        """A page in a window of its own."""
        size = {"width": width, "height": 850}
        context = self._browser.new_context(
            viewport=size, offline=True, reduced_motion="reduce", **how
        )
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._printed)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", self._requested)
        page.goto(path.as_uri() + query)
        return page

    def close(self):
        """Close all pages."""
        for context in self._contexts:
            context.close()

    def _printed(self, message):
        if message.type == "error":
            self.faults.append(message.text)

    def _requested(self, request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.faults.append(request.url)


def column(page, table, number):
    rows = page.locator(f"#{table} tbody tr:not(.band)")
    return rows.locator(f"> :nth-child({number})").all_inner_texts()


def methods(page):
    return page.locator("#board tbody th button").all_inner_texts()


def choose(page, **values):
    for name, value in values.items():
        page.select_option(f"#{name}", label=value)
