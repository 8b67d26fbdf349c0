"""Maps in the file of the user's cells."""

import anndata
import numpy as np
import pandas as pd
import pytest

from stbench.common.errors import InputError
from stbench.maps.cells_file import add_maps

COLORS = ["#000000", "#111111"]


def tissue(names, left_out):
    obs = pd.DataFrame({"left_out": left_out}, index=names)
    return anndata.AnnData(np.zeros((len(names), 1)), obs=obs)


def test_cells_that_were_left_out_may_share_a_name_also_with_others():
    adata = tissue(
        ["b", "x", "x", "a", "b"], ["", "not in tissue", "not in tissue", "", "no counts"]
    )
    add_maps(adata, ["a", "b"], {"m": np.array([0, 1])}, None, {}, COLORS)
    assert adata.obs["m"].tolist() == ["2", np.nan, np.nan, "1", np.nan]


def test_a_cell_that_is_gone_is_named():
    adata = tissue(["a"], [""])
    with pytest.raises(InputError, match="1 cells that were clustered are not in the file"):
        add_maps(adata, ["a", "b"], {"m": np.array([0, 1])}, None, {}, COLORS)
