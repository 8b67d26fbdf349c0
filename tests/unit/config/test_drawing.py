"""How datasets are drawn: names of domains and the y axis, which are part of no key."""

import re

from stbench.common.paths import CONFIG
from stbench.config.drawing import DRAWING, drawing_of
from stbench.config.identity import Identity
from stbench.config.registry import dataset_entry, load_registry

REGISTRY = load_registry(CONFIG / "datasets.yaml")


def key(entry):
    return Identity({"x": entry}, lambda _: "").truth("x")


def test_names_of_domains_and_the_y_axis_change_no_key():
    entry = dataset_entry("BZ5", REGISTRY)
    assert set(drawing_of(entry)) == {"domain_names"}
    without = {name: value for name, value in entry.items() if name not in DRAWING}
    assert key(without) == key(entry) == key({**entry, "y_down": True})


def test_the_unit_of_a_section_of_the_user_may_be_added_later():
    own = {"origin": "path", "unit": "um"}
    assert drawing_of(own) == {"unit": "um"} and drawing_of({**own, "unit": "unknown"}) == {}
    assert key({**own, "n_domains": 3}) == key({**own, "n_domains": 3, "unit": "unknown"})


def test_joined_sections_have_what_all_of_them_agree_on():
    one, other = ({"y_down": True, "domain_names": {"1": name}} for name in ("L1", "L2"))
    assert drawing_of({"parts": [one, one]}) == one
    assert drawing_of({"parts": [one, other]}) == {"y_down": True}
    assert drawing_of({"parts": [one, {}]}) == {}


def test_every_domain_of_a_section_has_a_name_and_the_note_says_the_same():
    for name in ("BZ5", "BZ9", "BZ14"):
        entry = dataset_entry(name, REGISTRY)
        names = entry["domain_names"]
        assert list(names) == [str(i + 1) for i in range(entry["n_domains"])]
        assert re.search(", ".join(names.values()), entry["note"])
