"""Read a result that was made elsewhere; every way it can be wrong is one line.

The files of one dataset and training seed:

    labels.tsv     two columns with a tab between: cell, label; a first line of names may be there
    embedding.npy  (n_cells, d) numbers, rows in the order of the dataset's cells
    cells.tsv      the cells of the rows, one a line, where they have another order
    graph.npz      scipy sparse (n_cells, n_cells) symmetric scores of pairs, in the same order

One of the first two is needed. Nothing is unpickled.
"""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError, NotApplicableError, one_line
from stbench.config.external import CELLS, EMBEDDING, GRAPH, LABELS, SEED_FOLDER, result_files
from stbench.fitting.interface import Fit, checked

_NO_LABEL = {"", "nan", "na", "none"}
_SYMMETRIC = 1e-5  # relative to the largest score: float32 that was averaged both ways
_UNREADABLE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


def read_result(folder: Path, cells: Sequence[str]) -> Fit:
    """The result in a folder, in the order of the dataset's cells.

    Args:
        folder: see above.
        cells: (n_cells,) names of the dataset's cells.

    Returns:
        A fit with ``labels``, ``embedding`` and ``adj_raw``, as far as they are given.

    Raises:
        NotApplicableError: there is no such folder.
        InputError: the files cannot be used; the message names the file and what is wrong.
    """
    cells = [str(cell) for cell in cells]
    if not folder.is_dir():
        raise NotApplicableError(f"no result given: there is no folder {folder}")
    if SEED_FOLDER.fullmatch(folder.name) and result_files(folder.parent):
        raise InputError(f"{folder.parent}: has files beside folders of seeds; move them into one")
    paths = {name: folder / name for name in (LABELS, EMBEDDING, CELLS, GRAPH)}
    given = {name: path for name, path in paths.items() if path.is_file()}
    if LABELS not in given and EMBEDDING not in given:
        raise InputError(f"{folder}: neither {LABELS} nor {EMBEDDING} is there; put one of them")
    rows = _rows(paths[CELLS], cells) if CELLS in given else np.arange(len(cells))
    labels = _labels(paths[LABELS], cells) if LABELS in given else None
    embedding = _embedding(paths[EMBEDDING], rows) if EMBEDDING in given else None
    graph = _graph(paths[GRAPH], rows) if GRAPH in given else None
    return Fit(embedding=embedding, labels=labels, adj_raw=graph)


def _labels(path: Path, cells: Sequence[str]) -> np.ndarray:
    """(n_cells,) int32 numbers of the labels, in the order of their names."""
    lines = _lines(path)
    rows = [line.split("\t") for line in lines]
    for number, row in enumerate(rows, start=1):
        if len(row) != 2:
            raise InputError(
                f"{path}: line {number} has {len(row)} columns, not 2; "
                "write a cell, a tab and its label"
            )
    if rows and rows[0][0] not in set(cells):
        rows = rows[1:]  # names of the columns; were it a cell, that would be missed below
    order = _order([cell for cell, _ in rows], cells, path)
    labels = np.array([label.strip() for _, label in rows], dtype=object)[order]
    for cell, label in zip(cells, labels, strict=True):
        if label.lower() in _NO_LABEL:
            raise InputError(f"{path}: the cell {cell!r} has no label; give every cell one")
    return np.unique(labels.astype(str), return_inverse=True)[1].astype(np.int32)


def _rows(path: Path, cells: Sequence[str]) -> np.ndarray:
    """(n_cells,) the row of each of the dataset's cells."""
    return _order(_lines(path), cells, path)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not readable as text ({one_line(error)})") from error
    return [line.rstrip("\r") for line in text.split("\n") if line.strip()]


def _order(named: Sequence[str], cells: Sequence[str], path: Path) -> np.ndarray:
    """The place among ``named`` of each cell, if they are the same cells."""
    known = set(cells)
    twice = [name for name, count in Counter(named).items() if count > 1]
    unknown = [name for name in named if name not in known]
    missing = sorted(known - set(named))
    for cells_wrong, what in (
        (twice, "named twice"),
        (unknown, "not of this dataset"),
        (missing, "missing"),
    ):
        if cells_wrong:
            raise InputError(
                f"{path}: {len(cells_wrong)} of {len(known)} cells are {what}, such as "
                f"{cells_wrong[0]!r}; name every cell of the dataset once"
            )
    place = {name: row for row, name in enumerate(named)}
    return np.array([place[cell] for cell in cells])


def _embedding(path: Path, rows: np.ndarray) -> np.ndarray:
    try:
        values = np.load(path, allow_pickle=False)
    except _UNREADABLE as error:
        raise InputError(f"{path}: not a readable array ({one_line(error)})") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        kind = getattr(values, "dtype", type(values).__name__)
        raise InputError(f"{path}: holds {kind}, not real numbers; save it with numpy.save")
    embedding = _checked(Fit(embedding=values), len(rows), path).embedding
    assert embedding is not None
    return embedding[rows]


def _graph(path: Path, rows: np.ndarray) -> sp.csr_matrix:
    try:
        matrix = sp.load_npz(path)
    except _UNREADABLE as error:
        raise InputError(
            f"{path}: not a readable sparse matrix ({one_line(error)}); "
            "save it with scipy.sparse.save_npz"
        ) from error
    if matrix.dtype.kind not in "bfiu":
        raise InputError(f"{path}: holds {matrix.dtype}, not real numbers")
    nothing = np.zeros((len(rows), 1))
    graph = _checked(Fit(embedding=nothing, adj_raw=matrix), len(rows), path).adj_raw
    assert graph is not None
    apart = abs(graph - graph.T).max() if graph.nnz else 0.0
    if apart > _SYMMETRIC * max(abs(graph).max() if graph.nnz else 0.0, 1e-30):
        raise InputError(
            f"{path}: not symmetric (two directions of a pair differ by up to {apart:.3g}); "
            "a pair of cells has one score"
        )
    return graph[rows][:, rows]


def _checked(fit: Fit, n_cells: int, path: Path) -> Fit:
    """What every fit has to be, with the file in the message."""
    try:
        return checked(fit, n_cells)
    except (TypeError, ValueError, FloatingPointError) as error:
        raise InputError(f"{path}: {_without_names(error)}") from error


def _without_names(error: Any) -> str:
    return one_line(error).replace("adj_raw", "the graph")
