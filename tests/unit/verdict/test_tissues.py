"""Facts of the tissues of shipped results."""

from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd

from stbench.config.layout import Layout
from stbench.verdict.tissues import measured_facts, same_label_share


def test_the_share_of_equal_neighbors_skips_cells_without_a_label():
    coords = np.array([[x, y] for y in range(2) for x in range(8)], dtype=float)
    left = np.where(coords[:, 0] < 4, 0, 1)
    assert same_label_share(coords, np.zeros(16, int)) == 1
    assert 0.5 < same_label_share(coords, left) < 1
    unknown = np.append(left, -1)
    far = np.vstack([coords, [[0.1, 0.1]]])
    assert same_label_share(far, unknown) == same_label_share(coords, left)


def test_facts_are_measured_on_the_prepared_dataset(tmp_path):
    benchmark = SimpleNamespace(datasets={"A": {"technology": "STARmap"}})
    layout = Layout(tmp_path)
    coords = np.array([[x, y] for y in range(2) for x in range(8)], dtype=float)
    section = ad.AnnData(np.zeros((16, 1), "f4"), obsm={"spatial": coords})
    section.obs["cluster"] = pd.Categorical(["L1"] * 15 + [None])
    path = layout.data("A")
    path.parent.mkdir(parents=True)
    section.write_h5ad(path)
    facts = measured_facts(benchmark, layout, "A")
    assert facts == {"technology": "STARmap", "cells": 16, "same_label": 1.0}
    del section.obs["cluster"]
    section.write_h5ad(path)
    assert measured_facts(benchmark, layout, "A")["same_label"] is None
