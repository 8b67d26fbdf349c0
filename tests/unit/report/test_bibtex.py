"""Citations in the report."""

import re

import yaml

from stbench.common.paths import PROJECT
from stbench.report.bibtex import bibtex, software_entry, with_dois


def test_bibtex_says_what_our_lists_say():
    lists = [
        yaml.safe_load((PROJECT / f"config/{name}.yaml").read_text())
        for name in ("methods", "datasets", "deconvolution_methods")
    ]
    titles = yaml.safe_load((PROJECT / "config/titles.yaml").read_text())
    citations = [str(entry.get("citation", "")) for part in lists for entry in part.values()]
    entries = bibtex(citations)
    dois = set(re.findall(r"doi (10\.[^\s,;]+)", " ".join(citations)))
    assert dois == {found for e in entries for found in re.findall(r"doi = \{(.+)\}", e)}
    keys = [re.match(r"@(?:article|misc)\{(\w+),", entry)[1] for entry in entries]
    assert len(set(keys)) == len(keys)
    shown = " ".join([*citations, *titles.values()])
    for entry in entries:
        assert entry.count("{") == entry.count("}")
        for value in re.findall(r" = \{(.+)\}", entry):
            kept = value.removesuffix(" and others").removeprefix("https://").replace("\\", "")
            assert kept.strip("{}") in shown
    articles = [entry for entry in entries if "howpublished" not in entry]
    assert all(" title = {{" in entry for entry in articles)
    assert len(titles) == len(articles)


def test_a_work_named_twice_is_one_entry_with_its_doi():
    twice = ["Li and Zhou, Genome Biology 2022", "Li and Zhou, Genome Biology 2022, doi 10.1/a"]
    for order in (twice, twice[::-1], [*twice, *twice]):
        (entry,) = bibtex(order)
        assert "doi = {10.1/a}" in entry and "author = {Li and Zhou}" in entry
    assert bibtex(["standard normal noise, a lower bound", ""]) == []
    (site,) = bibtex(["Tool_x, github.com/a_b/c (2025), 50% & more"])
    assert "howpublished = {https://github.com/a_b/c}" in site and r"50\% \& more" in site


def test_the_benchmark_cites_itself():
    entry = software_entry(yaml.safe_load((PROJECT / "CITATION.cff").read_text()))
    assert entry.startswith("@software{stbench,") and "version = {0.2.0}" in entry


def test_dois_become_links_and_the_rest_stays_text():
    shown = with_dois('<b>X</b>, doi 10.1000/a-b, "more"')
    assert shown.startswith("&lt;b&gt;") and 'href="https://doi.org/10.1000/a-b"' in shown
