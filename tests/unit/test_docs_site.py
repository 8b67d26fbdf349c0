"""The documents as a site: every page is in its navigation, every key in its reference."""

import re
import runpy

import pytest
import yaml

import stbench.api
from stbench.common.paths import CONFIG, PROJECT


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "docs"
    folder.mkdir()
    runpy.run_path(str(PROJECT / "docs/site.py"))["collect"](folder)
    return folder


def names(navigation):
    for entry in navigation:
        if isinstance(entry, dict):
            for inside in entry.values():
                yield from names(inside)
        else:
            yield entry


def test_every_page_is_in_the_navigation_once(site):
    text = (PROJECT / "mkdocs.yml").read_text()
    navigation = yaml.safe_load(re.search(r"^nav:\n(.*)", text, re.S | re.M)[1])
    shown = list(names(navigation))
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.md")}
    linked = {page for page in pages if page.startswith("resources/")}
    assert len(set(shown)) == len(shown)
    assert set(shown) == pages - linked


def test_every_link_of_a_page_goes_to_a_collected_file(site):
    for page in site.rglob("*.md"):
        for link in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.relative_to(site)} links to {link}"


def test_every_key_of_the_configuration_has_type_default_and_meaning(site):
    schema = yaml.safe_load((CONFIG / "schemas/config.schema.yaml").read_text())
    text = (site / "reference/configuration.md").read_text()
    meaning = (site / "config/README.md").read_text()
    for key in schema["properties"]:
        assert f"\n| `{key}` | " in text
        assert f"| `{key}` |" in meaning, f"config/README.md does not explain {key}"
    assert "| `attempts` | integer, from 1, to 10 | `3` |" in text
    assert "| `interactions.graph` | `raw` or `normalized` | `raw` |" in text


def test_entries_of_the_registries_have_the_notes_of_their_schemas(site):
    text = (site / "reference/entries.md").read_text()
    assert "| `donor` | string | required | person or animal" in text
    assert "| `trainable` | boolean | `false` |" in text


def test_every_public_function_is_described_with_its_arguments(site):
    text = (site / "reference/python.md").read_text()
    functions = {n for n in stbench.api.__all__ if callable(getattr(stbench.api, n))}
    assert set(re.findall(r"^## (\w+)$", text, re.M)) == functions
    assert "score(labels: Any, truth: Any=None, coords: Any=None) -> dict[str, float]" in text
