"""Maps in the file of the user's cells."""

import anndata
import numpy as np
import pandas as pd
import pytest

from stbench.common.errors import InputError
from stbench.common.io import write_h5ad
from stbench.maps.cells_file import add_maps, read_cells_file

COLORS = ["#000000", "#111111"]


def tissue(names, left_out):
    obs = pd.DataFrame({"left_out": left_out}, index=names)
    return anndata.AnnData(np.zeros((len(names), 1)), obs=obs)


def test_cells_that_were_left_out_may_share_a_name_also_with_others(tmp_path):
    adata = tissue(
        ["b", "x", "x", "a", "b"], ["", "not in tissue", "not in tissue", "", "no counts"]
    )
    add_maps(adata, ["a", "b"], {"m": np.array([0, 1])}, None, {}, COLORS)
    assert adata.obs["m"].tolist() == ["2", np.nan, np.nan, "1", np.nan]
    facts = {"status": "ok", "columns": ["m"], "n_domains": 2, "consensus": "", "recommended": "m"}
    adata.uns["stbench"] = facts
    write_h5ad(tmp_path / "cells.h5ad", adata)
    assert read_cells_file(tmp_path / "cells.h5ad", ["a", "b"]).columns["m"].tolist() == [0, 1]
    with pytest.raises(InputError, match="lacks 1 cells"):
        read_cells_file(tmp_path / "cells.h5ad", ["a", "x"])


def test_a_cell_that_is_gone_is_named():
    adata = tissue(["a"], [""])
    with pytest.raises(InputError, match="1 cells that were clustered are not in the file"):
        add_maps(adata, ["a", "b"], {"m": np.array([0, 1])}, None, {}, COLORS)
