"""The units that tests treat as independent."""

from stbench.common.paths import CONFIG
from stbench.config.benchmark import load_benchmark
from stbench.config.schema import load_yaml
from stbench.config.tissues import units_of


def entry(name, study="", donor="", parts=()):
    return {"id": name, "study": study, "donor": donor, "parts": list(parts)}


A, B = entry("a", study="Wang 2018"), entry("b", study="Codeluppi 2018")
C, D = entry("c"), entry("d", donor="donor 1")


def units(*entries):
    return units_of({one["id"]: one for one in entries})


def test_a_degraded_copy_is_no_section():
    config = load_yaml(CONFIG / "config.yaml")
    config |= {"datasets": ["BZ5"], "robustness": {"cells": [0.5]}}
    tissues = load_benchmark(config, CONFIG, need_files=False).tissues
    assert len(tissues) > 1
    assert {name for name, facts in tissues.items() if facts["section_of"]} == {"BZ5"}


def test_a_unit_is_a_study_or_a_donor_or_a_section():
    other = entry("e", study="Wang 2018", donor="donor 1")
    assert units(A, B, C, D, other) == {
        "a": "Wang 2018",
        "b": "Codeluppi 2018",
        "c": "c",
        "d": "donor 1",
        "e": "Wang 2018",
    }


def test_joined_sections_are_no_further_observation_of_the_same_cells():
    assert units(A, C, entry("aa", parts=[A, A])) == {"a": "Wang 2018", "c": "c", "aa": "Wang 2018"}
    joined = units(
        C, D, A, entry("cd", parts=[C, D]), entry("nested", parts=[entry("x", parts=[A])])
    )
    assert joined["c"] == joined["d"] == joined["cd"] == "c; donor 1"
    assert joined["a"] == joined["nested"] == "Wang 2018"
    own = [entry(f"fov{i}") for i in range(30)]
    assert units(entry("mine", parts=own)) == {"mine": "mine"}  # not the names of all its parts
    assert units(entry("mine", parts=own), own[3])["fov3"] == "fov3; mine"
    chain = units(A, B, C, entry("ab", parts=[A, B]), entry("bc", parts=[B, C]))
    assert len(set(chain.values())) == 1
