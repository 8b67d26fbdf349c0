"""The maps of a tissue in the file of the user: all its cells, with columns added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stbench.common.errors import InputError
from stbench.common.h5ad import read_elements
from stbench.maps.comparison import CONSENSUS
from stbench.maps.consensus import Consensus
from stbench.maps.method_maps import MethodMaps
from stbench.scoring.matching import match_labels

if TYPE_CHECKING:
    from anndata import AnnData

FACTS = "stbench"  # in uns
DISAGREEMENT, LEFT_OUT = "disagreement", "left_out"
NO_COUNTS = "no counts"


def matched_maps(
    maps: Sequence[MethodMaps], consensus: Consensus | None, recommended: str
) -> dict[str, np.ndarray]:
    """Labels (n_cells,) from 0 by column, with the numbers of the domains of the consensus.

    Columns are ``<method>``, of methods that train also ``<method>_selected`` and
    ``<method>_consensus``, and ``consensus``, of all methods. Without a consensus, labels are
    matched to those of the recommended method.
    """
    columns: dict[str, np.ndarray] = {}
    for one in maps:
        if len(one.shown):
            further = {f"{one.method}_{name}": labels for name, labels in one.further.items()}
            columns |= {one.method: one.shown, **further}
    if not columns:
        return {}
    reference = consensus.labels if consensus else columns[recommended]
    columns = {name: match_labels(reference, labels) for name, labels in columns.items()}
    return {**columns, **({CONSENSUS: consensus.labels} if consensus else {})}


def add_maps(
    tissue: AnnData,
    cells: Sequence[str],
    columns: Mapping[str, np.ndarray],
    consensus: Consensus | None,
    embeddings: Mapping[str, np.ndarray],
    colors: Sequence[str],
) -> None:
    """Add maps to all cells of a tissue; those that were left out have no label.

    Adds a categorical column of obs with domains ``1``, ``2``, ... and ``uns['<column>_colors']``
    for each map, ``obs['disagreement']``, ``obs['left_out']`` (why a cell has no label; empty if it
    has one), and ``obsm['X_<method>']``. A column of the tissue with the name of a new one is
    renamed to ``<column>_input``, but ``left_out`` and ``X_<method>`` are replaced.

    Args:
        tissue: all cells of the user, changed in place; may have reasons in ``obs['left_out']``.
        cells: (n,) names of the cells that were clustered.
        columns: of ``matched_maps``, by column (n,).
        consensus: of the methods.
        embeddings: (n, d) by method.
        colors: of domains 0, 1, ...

    Raises:
        InputError: the tissue lacks a cell that was clustered.
    """
    left_out = tissue.obs[LEFT_OUT] if LEFT_OUT in tissue.obs else np.full(tissue.n_obs, "")
    rows = _rows_of(cells, tissue.obs_names, left_out)
    if (rows < 0).any():
        raise InputError(
            f"{int((rows < 0).sum())} cells that were clustered are not in the file, for example "
            f"{cells[int(np.argmin(rows))]}; did it change? run again"
        )
    used = np.zeros(tissue.n_obs, bool)
    used[rows] = True
    _keep_own_columns(tissue, [*columns, DISAGREEMENT])
    for name, labels in columns.items():
        everywhere = np.full(tissue.n_obs, -1)
        everywhere[rows] = labels
        present = np.unique(labels)
        codes = np.where(used, np.searchsorted(present, everywhere), -1)
        tissue.obs[name] = pd.Categorical.from_codes(codes, [str(i + 1) for i in present])
        tissue.uns[f"{name}_colors"] = [colors[i] for i in present]
    if consensus:
        disagreement = np.full(tissue.n_obs, np.nan)
        disagreement[rows] = consensus.disagreement
        tissue.obs[DISAGREEMENT] = disagreement
    tissue.obs[LEFT_OUT] = _reasons(tissue.obs, used)
    for method, embedding in embeddings.items():
        points = np.full((tissue.n_obs, embedding.shape[1]), np.nan, np.float32)
        points[rows] = embedding
        tissue.obsm[f"X_{method}"] = points


def _keep_own_columns(tissue: AnnData, added: Sequence[str]) -> None:
    """Rename columns with the name of a new one."""
    names = {}
    for name in added:
        if name in tissue.obs:
            names[name] = f"{name}_input"
            while names[name] in tissue.obs:
                names[name] += "_input"
    tissue.obs = tissue.obs.rename(columns=names)


def _reasons(obs: pd.DataFrame, used: np.ndarray) -> np.ndarray:
    known = np.array(obs[LEFT_OUT].astype(str) if LEFT_OUT in obs else [""] * len(obs), object)
    return np.where(used, "", np.where(known == "", NO_COUNTS, known))


@dataclass(frozen=True)
class CellsFile:
    """The maps in a file of cells.

    Attributes:
        n_domains: wanted number of domains.
        columns: (n,) labels from 0 by column, as of ``matched_maps``.
        disagreement: (n,), None without a consensus.
        note: what the consensus is made of, or why there is none.
        recommended: the method whose map is recommended; empty with a consensus.
    """

    n_domains: int
    columns: dict[str, np.ndarray]
    disagreement: np.ndarray | None
    note: str
    recommended: str = ""


def read_cells_file(path: Path, cells: Sequence[str]) -> CellsFile | None:
    """Read the maps of cells that were clustered; None if the dataset was not available.

    Args:
        path: the file.
        cells: (n,) their names; labels have this order.

    Raises:
        InputError: the file is missing, broken, or lacks a cell.
    """
    facts = read_elements(path, f"uns/{FACTS}").get(f"uns/{FACTS}", {})
    if facts.get("status") != "ok":
        return None
    names = [str(name) for name in np.atleast_1d(facts["columns"])]
    found = read_elements(path, *(f"obs/{name}" for name in (*names, DISAGREEMENT, LEFT_OUT)))
    rows = _rows_of(cells, found["cells"], found[f"obs/{LEFT_OUT}"])
    if (rows < 0).any():
        raise InputError(f"{path}: lacks {int((rows < 0).sum())} cells of the dataset; run again")
    disagreement = found.get(f"obs/{DISAGREEMENT}")
    return CellsFile(
        n_domains=int(facts["n_domains"]),
        columns={name: _codes(found[f"obs/{name}"])[rows] for name in names},
        disagreement=None if disagreement is None else np.asarray(disagreement)[rows],
        note=str(facts["consensus"]),
        recommended=str(facts["recommended"]),
    )


def _rows_of(cells: Sequence[str], names: Sequence[str], left_out: Any) -> np.ndarray:
    """The rows of cells among those that are not left out, -1 if a cell is missing.

    The names of cells that are left out may occur twice; ``left_out`` has their reasons (n,).
    """
    kept = np.flatnonzero(np.asarray(left_out) == "")
    places = pd.Index(names)[kept].get_indexer(pd.Index(cells))
    return np.where(places < 0, -1, np.append(kept, -1)[places])


def _codes(column: pd.Categorical) -> np.ndarray:
    return np.append(np.asarray(column.categories, int) - 1, -1)[column.codes]


def table_of_cells(tissue: AnnData, columns: Sequence[str]) -> pd.DataFrame:
    """Name, position, maps, disagreement and reason of every cell."""
    positions = np.asarray(tissue.obsm["spatial"])
    table: dict[str, Any] = {"cell": tissue.obs_names, "x": positions[:, 0], "y": positions[:, 1]}
    shown = [*columns, *([DISAGREEMENT] if DISAGREEMENT in tissue.obs else []), LEFT_OUT]
    return pd.DataFrame({**table, **{name: tissue.obs[name].to_numpy() for name in shown}})
