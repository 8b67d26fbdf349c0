"""Prepared cells are shuffled by name, and what a user gets has her order again."""

import numpy as np

from fit import as_anndata
from helpers.malformed import good
from methods.coordinates import fit
from stbench.data.preprocessing import preprocess
from stbench.data.row_order import shuffle_rows


def in_tissue_order():
    """40 cells from left to right; the count of gene 0 and the domain follow the position."""
    adata = good()
    place = np.arange(adata.n_obs)
    adata.obsm["spatial"][:, 0] = place
    adata.X[:, 0] = place[:, None] + 1
    adata.obs["cluster"] = np.where(place < 20, "left", "right")
    adata.uns["dataset"] = {"id": "mine", "kind": "counts", "n_domains": 2}
    return adata


def test_rows_are_shuffled_together():
    adata = in_tissue_order()
    shuffled = shuffle_rows(adata)
    place = shuffled.obsm["spatial"][:, 0].astype(int)
    assert abs(np.corrcoef(place, np.arange(40))[0, 1]) < 0.3
    assert sorted(place) == list(range(40))
    assert shuffled.obs_names.tolist() == [f"c{i}" for i in place]
    assert shuffled.X[:, [0]].toarray().ravel().tolist() == (place + 1).tolist()
    assert (shuffled.obs["cluster"] == np.where(place < 20, "left", "right")).all()
    assert adata.obs_names.tolist() == [f"c{i}" for i in range(40)]


def test_the_order_depends_on_the_names_alone():
    names = shuffle_rows(in_tissue_order()).obs_names.tolist()
    assert shuffle_rows(in_tissue_order()[::-1].copy()).obs_names.tolist() == names
    assert names[:4] == ["c4", "c36", "c18", "c23"]  # on every machine


def test_results_by_name_have_the_order_of_the_file():
    adata = in_tissue_order()
    data = preprocess(shuffle_rows(adata))
    result = as_anndata(fit(data, 2, 0, "cpu", {}, None), data.obs_names, None, {})
    restored = result[adata.obs_names].obsm["embedding"][:, 0]
    assert (np.diff(restored) > 0).all()
