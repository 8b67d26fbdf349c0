"""Interactive maps: what they show, what is packed for the page, and the library in it."""

import base64
import html
import zlib
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from helpers.mapped_tissues import (
    DOMAINS,
    GENES,
    layered,
    mixed,
    results_of,
    write_mapped,
    write_tissue,
)
from helpers.report import write_report
from stbench.config.layout import Layout, SameKey
from stbench.figures.per_dataset import read_tissue
from stbench.figures.style import DOMAIN_COLORS
from stbench.maps.cells_file import CellsFile
from stbench.report import page as report_page
from stbench.report.maps.genes import genes_of_table, separating_genes
from stbench.report.maps.layers import CONTROLS, METHODS, REFERENCES, maps_of_tissue
from stbench.report.maps.packing import (
    LEVELS,
    NO_LABEL,
    STEPS,
    amount_plane,
    highest_amount,
    label_plane,
    packed,
    page_positions,
)
from stbench.report.maps.section import map_section, packed_tissue
from stbench.scoring.matching import match_labels
from stbench.summary.run import Run

TITLES = {"stague": "STAGUE", "sedr": "SEDR", "smoothed_pca": "Smoothed PCA", "pca": "PCA"}


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path, ".", SameKey("key"))


def run_of(results):
    return Run(results, results, {}, "kmeans", "kmeans", TITLES)


def unpacked(text, n_cells):
    """Positions (n_cells, 2) and planes, as the page unpacks them."""
    data = np.frombuffer(zlib.decompress(base64.b64decode(text), -15), np.uint8)
    planes = data.reshape(-1, n_cells).astype(int)
    moves = np.column_stack([planes[0] + 256 * planes[1], planes[2] + 256 * planes[3]])
    return np.cumsum(moves, axis=0) % (STEPS + 1), planes[4:]


def test_cells_that_are_packed_come_back_with_their_labels():
    random = np.random.default_rng(0)
    coords = random.normal(size=(500, 2)) * [300, 90]
    labels = random.integers(-1, 6, 500)
    positions, step = page_positions(coords)
    found, (plane,) = unpacked(packed(positions, [label_plane(labels)]), 500)
    given = sorted(map(tuple, np.column_stack([positions, label_plane(labels)]).tolist()))
    assert sorted(map(tuple, np.column_stack([found, plane]).tolist())) == given
    assert (plane == NO_LABEL).sum() == (labels == -1).sum()
    assert positions.min() == 0 and positions.max() == STEPS
    down = np.argmin(coords[:, 1])
    assert positions[down, 1] == positions[:, 1].max()  # y grows downwards on a page
    np.testing.assert_allclose(np.diff(positions[:2, 0]) * step, np.diff(coords[:2, 0]), atol=step)


def test_amounts_keep_zero_apart_and_one_outlier_does_not_make_all_pale():
    amounts = np.r_[np.zeros(50), np.linspace(0.01, 1, 200), 100.0]
    levels = amount_plane(amounts, highest_amount(amounts))
    assert set(levels[:50]) == {0} and levels[50] == 1 and levels[-1] == LEVELS
    assert levels[249] == LEVELS and (np.diff(levels[50:250].astype(int)) >= 0).all()
    assert amount_plane(np.array([np.nan, 0.0]), 0.0).tolist() == [NO_LABEL, 0]


def test_neighbors_are_packed_together():
    coords, truth = layered(20_000)
    positions, _ = page_positions(coords)
    text = packed(positions, [label_plane(truth)] * 10)
    assert len(text) < 20_000 * (4 + 10 * 0.1) * 4 / 3


def test_the_first_gene_of_every_domain_comes_first():
    labels = np.repeat([0, 1, 2], 40)
    random = np.random.default_rng(0)
    values = random.poisson(1, (120, 5)).astype(float)
    values[labels == 2, 0] += 9  # also the best of domain 2 is the second of none
    values[labels == 0, 3] += 5
    values[labels == 1, 4] += 3
    values[labels == 1, 1] += 90
    kept = np.array([True, False, True, True, True])
    found = separating_genes(sp.csr_matrix(values), labels, kept)
    assert found[:3] == [(3, 0), (4, 1), (0, 2)]
    assert 1 not in dict(found)


def test_genes_of_a_table_are_those_of_the_truth_each_once():
    table = pd.DataFrame(
        [
            ("consensus", "1", "X", 1, True),
            ("truth", "L1", "A", 1, True),
            ("truth", "L1", "B", 2, True),
            ("truth", "L2", "B", 1, True),
            ("truth", "L2", "C", 2, False),
        ],
        columns=["labels", "domain", "gene", "rank", "marker"],
    )
    assert genes_of_table(table) == [("A", "L1"), ("B", "L2")]
    assert genes_of_table(table[table["labels"] == "consensus"]) == [("X", "1")]
    assert genes_of_table(table.iloc[:0]) == []


def test_with_a_truth_maps_are_those_of_the_gallery_in_its_colors(layout):
    _, truth = write_mapped(layout, "BZ0", 200, tuple(TITLES))
    results = results_of(["BZ0"], tuple(TITLES))
    tissue = read_tissue(layout.data("BZ0"))
    maps = maps_of_tissue(tissue, results, TITLES, "kmeans", layout, None)
    shown = [(layer.group, layer.title) for layer in maps.layers if layer.group != "Genes"]
    assert shown == [
        (REFERENCES, "Truth"),
        (REFERENCES, "Consensus"),
        (METHODS, "STAGUE"),
        (METHODS, "SEDR"),
        (CONTROLS, "Smoothed PCA"),
        (CONTROLS, "PCA"),
    ]
    assert maps.names == DOMAINS and maps.n_domains == 4
    stague = maps.layers[2]
    assert "ARI 0.90, training seed 0" in stague.note and stague.method == "stague"
    assert (stague.labels == truth).mean() > 0.85  # other numbers in its file
    genes = [layer for layer in maps.layers if layer.group == "Genes"]
    assert {layer.title for layer in genes} == set(GENES)
    first = [int(layer.title.removeprefix("gene")) % 4 for layer in genes[:4]]
    assert first == [0, 1, 2, 3] and genes[0].note == "marker of L1"


def test_markers_of_a_table_have_the_names_of_the_domains_on_the_page(layout):
    write_mapped(layout, "BZ0", 100, ("stague",))
    layout.markers("BZ0").mkdir(parents=True)
    row = {"labels": "truth", "domain": "L2", "gene": "gene5", "rank": 1, "marker": True}
    pd.DataFrame([row]).to_csv(layout.markers("BZ0") / "markers.csv", index=False)
    tissue = read_tissue(layout.data("BZ0"), {"BZ0": {"domain_names": {"L2": "second layer"}}})
    given = (tissue, results_of(["BZ0"], ("stague",)), TITLES, "kmeans", layout, None)
    by_run = {}
    for asked in (True, False):
        layers = maps_of_tissue(*given, has_markers=asked).layers
        by_run[asked] = [(one.title, one.note) for one in layers if one.group == "Genes"]
    assert by_run[True] == [("gene5", "marker of second layer")]
    assert len(by_run[False]) == len(GENES)  # the table is of an earlier run


def test_without_a_truth_maps_are_those_of_the_file_of_cells(layout):
    coords, truth = layered(100)
    write_tissue(layout, "mine", coords)
    columns = {"stague": mixed(truth, 0), "stague_consensus": truth, "consensus": truth}
    cells = CellsFile(4, columns, np.linspace(0, 1, 100), "consensus of 2 maps of 1 method")
    results = results_of(["mine"], ("stague",)).assign(exploratory=True)
    tissue = read_tissue(layout.data("mine"))
    maps = maps_of_tissue(tissue, results, TITLES, "kmeans", layout, cells)
    titles = [layer.title for layer in maps.layers[:4]]
    assert titles == ["Consensus", "Disagreement", "STAGUE", "STAGUE, all seeds"]
    assert maps.names == ["1", "2", "3", "4"]
    assert maps.layers[3].note == "all seeds, ARI 1.00 with the consensus"


def test_genes_then_tissues_are_left_out_beyond_the_budget(layout):
    names = {name: {"domain_names": {"L1": "first layer"}} for name in "ABC"}
    for name, size in zip(names, (100, 600, 100), strict=True):
        write_mapped(layout, name, size, ("stague", "pca"))
    run = run_of(results_of(names, ("stague", "pca")))
    whole = map_section(run, layout, names)
    assert not whole.left_out and not whole.without_genes
    assert whole.tissues[0]["domains"][0] == ("first layer", DOMAIN_COLORS[0])
    sizes = {tissue["id"]: len(tissue["cells"]) for tissue in whole.tissues}
    maps = maps_of_tissue(
        *(read_tissue(layout.data("B")), run.results, TITLES, "kmeans", layout, None)
    )
    bare = len(packed_tissue(maps, maps.layers[:4])["cells"])
    assert whole.size == sum(sizes.values())
    tight = map_section(run, layout, names, sizes["A"] + bare + sizes["C"])
    assert tight.without_genes == ["B"] and not tight.left_out
    tighter = map_section(run, layout, names, sizes["A"] + sizes["C"])
    assert tighter.left_out == ["B"] and [t["id"] for t in tighter.tissues] == ["A", "C"]
    assert tighter.size == sizes["A"] + sizes["C"]
    nothing = map_section(run, layout, names, 0)
    assert nothing.left_out == list(names) and nothing.size == 0


def test_without_a_reference_all_maps_have_the_colors_of_the_first(layout):
    write_mapped(layout, "A", 100, ("stague", "pca"))
    tissue = replace(read_tissue(layout.data("A")), truth=None, domains=[])
    results = results_of(["A"], ("stague", "pca")).assign(exploratory=True)
    maps = maps_of_tissue(tissue, results, TITLES, "kmeans", layout, None)
    first, second = [layer.labels for layer in maps.layers if layer.method]
    assert np.array_equal(second, match_labels(first, second))
    assert (first == second).mean() > 0.5


def test_of_several_numbers_of_domains_the_recommended_one_is_shown(layout):
    write_mapped(layout, "A", 60, ("stague",))
    results = results_of(["A"], ("stague",))
    both = run_of(pd.concat([results, results.assign(n_domains=6)], ignore_index=True))
    layout.tables.mkdir(parents=True)
    (layout.tables / "number_of_domains.csv").write_text(
        "dataset,n_domains,choice\nA,4,recommended\nA,6,\n"
    )
    (tissue,) = map_section(both, layout, {"A": {}}).tissues
    assert tissue["n_domains"] == 4 and any(one["group"] == METHODS for one in tissue["layers"])


def test_a_page_without_room_for_any_map_names_the_tissues(layout, monkeypatch):
    write_mapped(layout, "BZ0", 60, ("stague",))
    monkeypatch.setattr(report_page, "map_section", partial(map_section, budget=0))
    page = write_report(layout.root, results_of(["BZ0"], ("stague",))).read_text()
    assert "Not shown here, to limit the size of this page: BZ0." in page
    assert 'id="map-canvas"' not in page


def test_a_page_with_maps_keeps_its_strict_policy(layout):
    write_mapped(layout, "BZ0", 60, ("stague",))
    page = write_report(layout.root, results_of(["BZ0"], ("stague",))).read_text()
    policy = html.unescape(page[: page.index("<style>")])
    assert "script-src 'sha256-" in policy and "unsafe" not in policy
    assert 'href="#maps"' in page and "#version 300 es" in page
