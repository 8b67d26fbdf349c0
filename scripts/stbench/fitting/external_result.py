"""Read an external result; each possible fault is reported in one line.

The files of one dataset and training seed:

    labels.tsv     two columns separated by a tab: cell, label; a header line is optional
    embedding.npy  (n_cells, d) numbers
    graph.npz      scipy sparse (n_cells, n_cells) symmetric scores of pairs
    cells.tsv      the cells of the rows of these two, one per line

One of the first two is required, and cells.tsv with any array: prepared datasets are shuffled, so
rows without names could be of other cells. Nothing is unpickled. A result may include cells that
the dataset dropped because they have no expression: they are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.array_files import read_array, read_sparse
from stbench.common.errors import InputError, NotApplicableError, one_line
from stbench.common.labels import is_missing
from stbench.config.external import CELLS, EMBEDDING, GRAPH, LABELS, SEED_FOLDER, result_files
from stbench.fitting.interface import Fit, checked

_SYMMETRIC = 1e-5  # tolerance relative to the largest score: rounding of float32


@dataclass(frozen=True)
class _Rows:
    """The rows of a file and the cells of the dataset.

    Attributes:
        order: (n_cells,) the row of each cell.
        count: number of rows of the file.
        left_out: names of rows that are not cells of the dataset.
    """

    order: np.ndarray
    count: int
    left_out: tuple[str, ...] = ()


def read_result(folder: Path, cells: Sequence[str], dropped: int = 0) -> Fit:
    """The result in a folder, in the order of the dataset's cells.

    Args:
        folder: see above.
        cells: (n_cells,) names of the dataset's cells.
        dropped: how many cells of the file were dropped because they have no expression.

    Returns:
        A fit with those of ``labels``, ``embedding`` and ``adj_raw`` that are given; ``info``
        lists the cells that were left out (``left_out``), if any.

    Raises:
        NotApplicableError: the folder does not exist.
        InputError: a file is invalid; the message names the file and the fault.
    """
    cells = [str(cell) for cell in cells]
    if not folder.is_dir():
        raise NotApplicableError(f"no result given: the folder {folder} does not exist")
    if SEED_FOLDER.fullmatch(folder.name) and result_files(folder.parent):
        raise InputError(f"{folder.parent}: has files beside folders of seeds; move them into one")
    paths = {name: folder / name for name in (LABELS, EMBEDDING, CELLS, GRAPH)}
    given = {name: path for name, path in paths.items() if path.is_file()}
    if LABELS not in given and EMBEDDING not in given:
        raise InputError(f"{folder}: has neither {LABELS} nor {EMBEDDING}; add one of them")
    labels = embedding = graph = None
    left_out: tuple[str, ...] = ()
    if LABELS in given:
        labels, left_out = _labels(paths[LABELS], cells, dropped)
    if arrays := [name for name in (EMBEDDING, GRAPH) if name in given]:
        if CELLS not in given:
            raise InputError(f"{paths[arrays[0]]}: name the cells of its rows in {CELLS}")
        rows = _order(_lines(paths[CELLS]), cells, dropped, paths[CELLS])
        left_out = tuple(dict.fromkeys([*rows.left_out, *left_out]))
        embedding = _embedding(paths[EMBEDDING], rows) if EMBEDDING in given else None
        graph = _graph(paths[GRAPH], rows) if GRAPH in given else None
    info = {"left_out": list(left_out)} if left_out else None
    return Fit(embedding=embedding, labels=labels, adj_raw=graph, info=info)


def _labels(path: Path, cells: Sequence[str], dropped: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """(n_cells,) int32 codes of the labels, in the order of their names; cells left out."""
    lines = _lines(path)
    rows = [line.split("\t") for line in lines]
    for number, row in enumerate(rows, start=1):
        if len(row) != 2:
            raise InputError(
                f"{path}: line {number} has {len(row)} columns, not 2; "
                "write a cell, a tab and its label"
            )
    if rows and rows[0][0] not in set(cells):
        rows = rows[1:]  # a header; if it were a cell, it would be missing below
    file_rows = _order([cell for cell, _ in rows], cells, dropped, path)
    labels = np.array([label.strip() for _, label in rows], dtype=object)[file_rows.order]
    for cell, label in zip(cells, labels, strict=True):
        if is_missing(label):
            raise InputError(f"{path}: the cell {cell!r} has no label; give every cell one")
    numbers = np.unique(labels.astype(str), return_inverse=True)[1].astype(np.int32)
    return numbers, file_rows.left_out


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not readable as text ({one_line(error)})") from error
    return [line.rstrip("\r") for line in text.split("\n") if line.strip()]


def _order(named: Sequence[str], cells: Sequence[str], dropped: int, path: Path) -> _Rows:
    """The position of each cell in ``named``, if both have the same cells.

    ``named`` may have as many further cells as the dataset dropped.
    """
    known = set(cells)
    twice = [name for name, count in Counter(named).items() if count > 1]
    unknown = [name for name in named if name not in known]
    missing = sorted(known - set(named))
    for cells_wrong, what in (
        (twice, "named twice"),
        (unknown if len(unknown) > dropped else [], "not of this dataset"),
        (missing, "missing"),
    ):
        if cells_wrong:
            raise InputError(
                f"{path}: {len(cells_wrong)} of {len(known)} cells are {what}, such as "
                f"{cells_wrong[0]!r}; name every cell of the dataset once"
            )
    place = {name: row for row, name in enumerate(named)}
    return _Rows(np.array([place[cell] for cell in cells]), len(named), tuple(unknown))


def _embedding(path: Path, rows: _Rows) -> np.ndarray:
    values = read_array(path)
    if values.dtype.kind not in "fiu":
        raise InputError(f"{path}: holds {values.dtype}, not real numbers; save it with numpy.save")
    embedding = _checked(Fit(embedding=values), rows.count, path).embedding
    assert embedding is not None
    return embedding[rows.order]


def _graph(path: Path, rows: _Rows) -> sp.csr_matrix:
    matrix = read_sparse(path)
    if matrix.dtype.kind not in "bfiu":
        raise InputError(f"{path}: holds {matrix.dtype}, not real numbers")
    nothing = np.zeros((rows.count, 1))
    graph = _checked(Fit(embedding=nothing, adj_raw=matrix), rows.count, path).adj_raw
    assert graph is not None
    apart = abs(graph - graph.T).max() if graph.nnz else 0.0
    if apart > _SYMMETRIC * max(abs(graph).max() if graph.nnz else 0.0, 1e-30):
        raise InputError(
            f"{path}: not symmetric (two directions of a pair differ by up to {apart:.3g}); "
            "a pair of cells has one score"
        )
    return graph[rows.order][:, rows.order]


def _checked(fit: Fit, n_cells: int, path: Path) -> Fit:
    """The fit, validated as every fit is, with the file in the message."""
    try:
        return checked(fit, n_cells)
    except (TypeError, ValueError, FloatingPointError) as error:
        raise InputError(f"{path}: {_without_names(error)}") from error


def _without_names(error: Any) -> str:
    return one_line(error).replace("adj_raw", "the graph")
