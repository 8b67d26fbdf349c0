"""The description of a run for archives: complete, and without a link to nothing."""

import json

import pytest
import yaml

from stbench.common.paths import PROJECT
from stbench.config.layout import Layout
from stbench.runs.research_crate import FILE, write_crate
from stbench.runs.run_record import RunNote

SOFTWARE = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
DATASETS = {"BZ5": {"citation": "Wang et al., Science 2018", "licence": "GPL-3", "sha256": "ab"}}
METHODS = {"pca": {"title": "PCA", "citation": "principal components", "licence": "MIT"}}


@pytest.fixture
def graph(tmp_path):
    layout = Layout(tmp_path, "mine")
    for name in ("tables/ARI.csv", "report/index.html", ".working", "figures/a b é.png"):
        (layout.own / name).parent.mkdir(parents=True, exist_ok=True)
        (layout.own / name).write_text("x")
    run = RunNote({}, frozenset(), 2, 1000.0, 1060.5, 1060.5)
    for _ in range(2):  # it does not describe itself
        write_crate(layout, run, SOFTWARE, "abc123", DATASETS, METHODS)
    written = json.loads((layout.own / FILE).read_text())
    assert written["@context"] == "https://w3id.org/ro/crate/1.1/context"
    return {entity["@id"]: entity for entity in written["@graph"]}


def links(value):
    """All identifiers to which an entity refers."""
    if isinstance(value, list):
        return [found for item in value for found in links(item)]
    return [value["@id"]] if isinstance(value, dict) else []


def test_the_parts_that_every_crate_needs(graph):
    descriptor, root = graph[FILE], graph["./"]
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert {"name", "description", "datePublished", "license"} <= root.keys()


def test_every_file_is_described_and_nothing_hidden(graph):
    names = {"tables/ARI.csv", "report/index.html", "figures/a b é.png"}
    assert set(links(graph["./"]["hasPart"])) == names
    assert {e["@id"] for e in graph.values() if e["@type"] == "File"} == names
    assert graph["tables/ARI.csv"]["encodingFormat"] == "text/csv"
    assert graph["tables/ARI.csv"]["contentSize"] == "1"


def test_every_link_has_an_entity(graph):
    outside = {"https://w3id.org/ro/crate/1.1"}
    for entity in graph.values():
        for value in entity.values():
            assert set(links(value)) <= graph.keys() | outside, entity["@id"]


def test_the_run_says_what_it_used_and_when(graph):
    run = graph["#run"]
    assert run["startTime"] == "1970-01-01T00:16:40+00:00"
    assert run["endTime"] == "1970-01-01T00:17:40+00:00"
    assert run["actionStatus"].endswith("CompletedActionStatus")
    assert "abc123" in graph["#stbench"]["version"]
    assert graph["#dataset-BZ5"]["license"] == "GPL-3"
    assert graph["#dataset-BZ5"]["name"] == "BZ5"
    assert graph["#method-pca"]["name"] == "PCA"
