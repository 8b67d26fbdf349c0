"""Sources of pairs: the simulator, published files and the user's files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from stbench.common.errors import InputError
from stbench.common.hdf5_safety import check_hdf5
from stbench.common.io import read_h5ad
from stbench.config.registry import source_entry
from stbench.data.degradation import degraded_copy
from stbench.data.fetch import read_status
from stbench.data.loaders import load
from stbench.data.loaders.build import categories, column
from stbench.data.simulation import Tissue, simulate
from stbench.deconvolution.pairs import Pair, checked_pair
from stbench.deconvolution.proportions import checked_composition, from_counts
from stbench.deconvolution.synthetic_spots import grid_cells, held_out_halves

if TYPE_CHECKING:
    from anndata import AnnData


def make_pair(
    pair: Mapping[str, Any], raw: Mapping[str, Path], registry: Mapping[str, Any]
) -> Pair:
    """Make and check a pair.

    Args:
        pair: of ``stbench.config.pairs.pair_entry``.
        raw: folders that download.py wrote, for parts that are datasets of the registry.
        registry: see ``stbench.config.registry``.

    Raises:
        InputError: one line: pair, part, fault, remedy.
    """
    name = pair["id"]
    if "simulate" in pair:
        return simulated_pair(pair)
    parts = {
        part: _published(pair[part], raw[part], registry)
        if part in raw
        else _own_file(Path(pair[part]["path"]))
        for part in ("spots", "reference")
    }
    spots, reference = parts["spots"], parts["reference"]
    if "reference" not in raw:
        types = column(reference.obs, pair["reference"]["celltype"], f"{name}: reference")
        reference.obs["celltype"] = categories(types)
    if "spatial" not in spots.obsm:
        raise InputError(f"{name}: spots: no obsm['spatial']; put the positions there")
    return checked_pair(name, spots, reference, _truth(pair, spots), pair.get("rename"))


def simulated_pair(pair: Mapping[str, Any], kept: float = 1.0, draw: int = 0) -> Pair:
    """A simulated tissue: half of the cells is the reference, the others are put on a grid.

    Args:
        pair: of ``stbench.config.pairs.pair_entry``, with ``simulate`` and ``spot_size``.
        kept: share of the cells on the grid that is kept; spots without cells are removed.
        draw: seed of the choice of these cells.
    """
    tissue = Tissue(**pair["simulate"])
    in_place, reference = held_out_halves(simulate(tissue, pair["id"]), tissue.seed)
    corner = in_place.obsm["spatial"].min(axis=0)  # the same grid at all levels
    spots, truth = grid_cells(
        degraded_copy(in_place, "cells", kept, draw), pair["spot_size"], corner
    )
    return checked_pair(pair["id"], spots, reference, truth)


def _published(dataset: str, folder: Path, registry: Mapping[str, Any]) -> AnnData:
    status = read_status(folder)
    if status["status"] != "ok":
        raise InputError(f"{dataset}: {status['reason']}")
    entry = source_entry(dataset, status["source"], registry)
    return load(entry["loader"], folder, entry.get("options", {}))


def _own_file(path: Path) -> AnnData:
    check_hdf5(path)
    adata = read_h5ad(path)
    if adata.X is None:
        raise InputError(f"{path}: X: missing; put the counts there")
    return adata


def _truth(pair: Mapping[str, Any], spots: AnnData) -> pd.DataFrame | None:
    """Composition of the spots, from numbers of cells or from proportions; None if unknown."""
    name = pair["id"]
    given = {} if isinstance(pair["spots"], str) else pair["spots"]
    if "proportions" not in given:
        cells = spots.obsm.get("cells_by_type")
        return None if cells is None else from_counts(cells, name)
    key = given["proportions"]
    table = spots.obsm.get(key)
    if not isinstance(table, pd.DataFrame):
        raise InputError(
            f"{name}: spots: obsm[{key!r}] is not a table with a named column for each type; "
            "store a pandas DataFrame there"
        )
    return checked_composition(table, name)
