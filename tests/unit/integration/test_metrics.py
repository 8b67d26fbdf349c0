"""Mixing of sections and keeping of domains: what is told of clouds whose answer is known.

The numbers are made by the environment `integration`, in one process for all; what is defined and
what is left out needs no package.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples
from sklearn.neighbors import kneighbors_graph

from stbench.common.paths import PROJECT
from stbench.integration.metrics import METRICS, note, shared_domains, undefined
from stbench.runs.environment import python_of

N, DOMAINS = 180, 3
SECTION = np.tile([0, 1], N // 2)
DOMAIN = np.repeat(np.arange(DOMAINS), N // DOMAINS)
UNKNOWN = np.where(np.arange(N) % 9 == 0, -1, DOMAIN)
ORDER = np.random.default_rng(5).permutation(N)

PROGRAM = """
import sys
import numpy as np
from stbench.integration.metrics import METRICS

cases, found = np.load(sys.argv[1]), {}
for name in sorted({key.rpartition(".")[0] for key in cases}):
    given = [cases[f"{name}.{part}"] for part in ("embedding", "section", "domain")]
    found[name] = [metric(*given) for metric in METRICS.values()]
np.savez(sys.argv[2], **found)
"""


def cloud(between_sections: float, between_domains: float) -> np.ndarray:
    """Cells around a center for each domain, one section shifted away from the other."""
    x = np.random.default_rng(1).normal(size=(N, 6))
    x[:, 0] += between_sections * SECTION
    x[np.arange(N), 1 + DOMAIN] += between_domains
    return x


CASES = {
    "mixed": (cloud(0, 20), SECTION, DOMAIN),
    "apart": (cloud(100, 20), SECTION, DOMAIN),
    "no domains": (cloud(0, 0), SECTION, DOMAIN),
    "shuffled": (cloud(2, 3)[ORDER], SECTION[ORDER], DOMAIN[ORDER]),
    "in order": (cloud(2, 3), SECTION, DOMAIN),
    "renamed": (cloud(2, 3), 1 - SECTION, (DOMAIN + 1) % DOMAINS),
    "some unknown": (cloud(2, 3), SECTION, UNKNOWN),
    "known only": (cloud(2, 3)[UNKNOWN >= 0], SECTION[UNKNOWN >= 0], DOMAIN[UNKNOWN >= 0]),
    "one domain in one section": (cloud(2, 3), np.where(DOMAIN == 0, 0, SECTION), DOMAIN),
    "all in one place": (np.zeros((N, 2)), SECTION, DOMAIN),
    "few cells": (cloud(0, 3)[::9], np.tile([0, 1], 10), DOMAIN[::9]),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """By case, by metric, the number."""
    python = python_of("integration", PROJECT)
    if find_spec("scib_metrics") is not None:
        python = sys.executable
    elif python == "python":
        pytest.skip("scib-metrics is not installed: make setup-integration")
    folder = tmp_path_factory.mktemp("metrics")
    parts = ("embedding", "section", "domain")
    arrays = {
        f"{name}.{part}": array
        for name, given in CASES.items()
        for part, array in zip(parts, given, strict=True)
    }
    np.savez(folder / "cases.npz", **arrays)
    done = subprocess.run(
        [python, "-c", PROGRAM, folder / "cases.npz", folder / "found.npz"],
        capture_output=True,
        text=True,
        env={
            "PYTHONPATH": str(PROJECT / "scripts"),
            "JAX_PLATFORMS": "cpu",
            "OMP_NUM_THREADS": "1",
        },
    )
    assert done.returncode == 0, done.stderr
    found = np.load(folder / "found.npz")
    return {name: dict(zip(METRICS, found[name].tolist(), strict=True)) for name in CASES}


def test_all_lie_between_none_and_all(told) -> None:
    values = np.array([list(numbers.values()) for numbers in told.values()])
    assert ((values >= 0) & (values <= 1)).all()


def test_mixed_sections_beat_sections_apart(told) -> None:
    mixed, apart = told["mixed"], told["apart"]
    assert mixed["iLISI"] > 0.8 and apart["iLISI"] < 0.01
    assert mixed["ASW_batch"] > 0.95 and apart["ASW_batch"] < 0.2
    assert mixed["graph_connectivity"] > 0.9 > 0.7 > apart["graph_connectivity"]


def test_domains_apart_beat_domains_in_one_cloud(told) -> None:
    assert told["mixed"]["cLISI"] > 0.95
    assert told["no domains"]["cLISI"] < 0.4


def test_neither_the_order_of_cells_nor_names_of_groups_matter(told) -> None:
    for name in ("shuffled", "renamed"):
        assert told[name] == pytest.approx(told["in order"], abs=1e-5)


def test_cells_without_a_domain_count_for_the_mixing_of_all_cells_only(told) -> None:
    some, known, every = (told[name] for name in ("some unknown", "known only", "in order"))
    assert some["iLISI"] == every["iLISI"] != known["iLISI"]
    for metric in ("ASW_batch", "graph_connectivity", "cLISI"):
        assert some[metric] == known[metric]


def test_the_silhouette_is_that_of_domains_in_several_sections(told) -> None:
    for name in ("in order", "one domain in one section"):
        x, section, domain = CASES[name]
        widths = [
            1 - np.abs(silhouette_samples(x[domain == one], section[domain == one])).mean()
            for one in shared_domains(section, domain)
        ]
        assert told[name]["ASW_batch"] == pytest.approx(np.mean(widths), abs=1e-4)


def test_connectivity_is_the_share_of_the_largest_part(told) -> None:
    from scipy.sparse.csgraph import connected_components

    x, _, domain = CASES["in order"]
    graph = kneighbors_graph(x, 14)
    shares = []
    for one in range(DOMAINS):
        mine = np.flatnonzero(domain == one)
        parts = connected_components(graph[mine][:, mine], connection="strong")[1]
        shares.append(np.bincount(parts).max() / len(mine))
    assert told["in order"]["graph_connectivity"] == pytest.approx(np.mean(shares))


def test_where_a_metric_is_not_defined_it_says_why() -> None:
    one_section, no_truth = np.zeros(N, int), np.full(N, -1)
    for metric in METRICS:
        assert undefined(metric, one_section, DOMAIN) == "one section only"
        expected = "" if metric == "iLISI" else "no true labels"
        assert undefined(metric, SECTION, no_truth) == expected
        assert undefined(metric, SECTION, DOMAIN) == ""
        assert undefined(metric, SECTION[:4], DOMAIN[:4]) == "4 cells are too few"
    assert undefined("cLISI", SECTION, np.zeros(N, int)) == "a single domain"
    assert undefined("ASW_batch", DOMAIN, DOMAIN) == "no domain is in two sections"


def test_what_is_left_out_is_told() -> None:
    assert [note(metric, SECTION, DOMAIN) for metric in METRICS] == [""] * 4
    told = "20 of 180 cells have no true domain"
    assert note("iLISI", SECTION, UNKNOWN) == ""
    assert note("cLISI", SECTION, UNKNOWN) == note("graph_connectivity", SECTION, UNKNOWN) == told
    section = np.where(DOMAIN == 0, 0, SECTION)
    assert note("ASW_batch", section, DOMAIN) == "1 of 3 domains are in one section only"
    assert note("iLISI", SECTION[:40], DOMAIN[:40]) == "40 neighbors instead of 90"
    assert note("graph_connectivity", SECTION[:12], DOMAIN[:12]) == "12 neighbors instead of 15"


def test_domains_of_single_cells_have_no_silhouette() -> None:
    section, domain = np.array([0, 1, 0, 1, 1, 0]), np.array([0, 0, 1, 1, 1, 2])
    assert shared_domains(section, domain).tolist() == [1]
    assert shared_domains(section, np.full(6, -1)).tolist() == []
