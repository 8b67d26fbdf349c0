"""Facts of the tissues of shipped results."""

from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from stbench.common.paths import CONFIG
from stbench.config.layout import Layout
from stbench.config.schema import load_yaml
from stbench.verdict.tissues import (
    IMAGING,
    SPOTS,
    layer_share,
    measured_facts,
    same_label_share,
)


def test_the_share_of_equal_neighbors_skips_cells_without_a_label():
    coords = np.array([[x, y] for y in range(2) for x in range(8)], dtype=float)
    left = np.where(coords[:, 0] < 4, 0, 1)
    assert same_label_share(coords, np.zeros(16, int)) == 1
    assert 0.5 < same_label_share(coords, left) < 1
    unknown = np.append(left, -1)
    far = np.vstack([coords, [[0.1, 0.1]]])
    assert same_label_share(far, unknown) == same_label_share(coords, left)


def grid_of(n):
    return np.array([[x, y] for x in range(n) for y in range(n)], dtype=float)


def test_layers_are_those_that_touch_only_the_next_whatever_their_shape():
    coords = grid_of(30)
    x, y = coords.T
    bent = (np.hypot(x, y) // 8).astype(int)
    rings = (np.hypot(x - 15, y - 15) // 5).astype(int)
    names = np.random.default_rng(0).permutation(6)  # the codes say nothing of the order
    for layers in ((x // 6).astype(int), bent, rings):
        assert layer_share(coords, names[layers]) == 1
    quarters = 2 * (x < 15) + (y < 15)
    assert layer_share(coords, quarters) == pytest.approx(0.5, abs=0.12)
    mixed = np.random.default_rng(0).integers(8, size=len(x))
    assert layer_share(coords, mixed) == pytest.approx(0, abs=0.06)


@pytest.mark.parametrize("seed", range(5))
def test_layers_of_a_tissue_in_pieces_are_in_the_order_of_each_piece(seed):
    coords = grid_of(20)
    layers = (coords[:, 0] // 5).astype(int)
    pieces = np.vstack([coords, coords + 1000, coords[:9] + 5000])
    codes = np.concatenate([layers, layers + 4, np.full(9, 8)])  # the last touches no other
    names = np.random.default_rng(seed).permutation(9)
    assert layer_share(pieces, names[codes]) == 1


def test_layers_skip_cells_without_a_label_and_need_three_domains():
    coords = grid_of(12)
    layers = (coords[:, 0] // 4).astype(int)
    unknown = np.where(coords[:, 1] == 5, -1, layers)
    assert layer_share(coords, unknown) == 1
    assert np.isnan(layer_share(coords, np.minimum(layers, 1)))
    far = coords + np.where(layers == 1, 100, 0)[:, None] + np.where(layers == 2, 900, 0)[:, None]
    assert np.isnan(layer_share(far, layers))


def test_facts_are_measured_on_the_prepared_dataset(tmp_path):
    entry = {"technology": "STARmap", "title": "human breast cancer"}
    benchmark = SimpleNamespace(datasets={"A": entry})
    layout = Layout(tmp_path)
    coords = np.array([[x, y] for y in range(2) for x in range(8)], dtype=float)
    section = ad.AnnData(np.zeros((16, 1), "f4"), obsm={"spatial": coords})
    section.obs["cluster"] = pd.Categorical(["L1"] * 15 + [None])
    path = layout.data("A")
    path.parent.mkdir(parents=True)
    section.write_h5ad(path)
    facts = measured_facts(benchmark, layout, "A")
    assert facts == {
        "technology": "STARmap",
        "tumor": True,
        "cells": 16,
        "same_label": 1.0,
        "in_layers": None,  # one domain
    }
    del section.obs["cluster"]
    section.write_h5ad(path)
    assert measured_facts(benchmark, layout, "A")["same_label"] is None


def test_every_technology_has_spots_or_single_cells():
    """Else its sections would be missing in the answers about both."""
    entries = load_yaml(CONFIG / "datasets.yaml")
    known = [entry["technology"] for entry in entries.values() if "technology" in entry]
    names = {technology.partition(",")[0] for technology in known}
    names |= set(load_yaml(CONFIG / "schemas/datasets.schema.yaml")["$defs"]["technology"]["enum"])
    assert names - {"other", "unknown"} == {*SPOTS, *IMAGING}
