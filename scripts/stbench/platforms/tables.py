"""Tables of cells: CSV, plain or compressed, and parquet."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stbench.common.errors import InputError

_ROWS_AT_ONCE = 20_000


def needed(folder: Path, patterns: Sequence[str], platform: str) -> Path:
    """The only file of a folder with one of these names; the first pattern that matches counts.

    Raises:
        InputError: there is none, or several match the same pattern.
    """
    for pattern in patterns:
        found = sorted(folder.glob(pattern))
        if len(found) > 1:
            names = ", ".join(file.name for file in found)
            raise InputError(f"{folder}: {len(found)} files {pattern} ({names}); keep one section")
        if found:
            return found[0]
    raise InputError(f"{folder}: taken for {platform}, but it has no {' or '.join(patterns)}")


def has_any(folder: Path, patterns: Iterable[str]) -> bool:
    """Whether a folder has a file of one of these names."""
    return folder.is_dir() and any(any(folder.glob(pattern)) for pattern in patterns)


def columns(file: Path) -> list[str]:
    """The names of the columns."""
    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        return list(pq.read_schema(file).names)
    return list(pd.read_csv(file, nrows=0).columns)


def rows(file: Path) -> int:
    """The number of rows, without the header of a CSV."""
    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        return int(pq.read_metadata(file).num_rows)
    with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as stream:
        return sum(1 for line in stream if line.strip()) - 1


def read(file: Path, texts: Sequence[str] = (), only: Sequence[str] | None = None) -> pd.DataFrame:
    """A table; columns of names, such as ids, are read as text.

    Args:
        file: CSV or parquet.
        texts: columns to read as text, if they exist.
        only: the only columns to read.
    """
    if file.suffix != ".parquet":
        return pd.read_csv(file, dtype=dict.fromkeys(texts, str), usecols=only)
    table = pd.read_parquet(file, columns=None if only is None else list(only))
    for name in [name for name in table if table[name].dtype == object or name in texts]:
        table[name] = [_text(value) for value in table[name]]
    return table


def read_counts(file: Path, ids: Sequence[str]) -> tuple[sp.csr_matrix, pd.DataFrame, list[str]]:
    """A table cells x genes, read in parts: counts, columns of ids, names of the genes.

    Args:
        file: CSV.
        ids: columns that are no genes; missing ones are skipped.
    """
    names = columns(file)
    own = [name for name in names if name in ids]
    genes = [name for name in names if name not in ids]
    parts, cells = [], []
    for table in pd.read_csv(file, dtype=dict.fromkeys(own, str), chunksize=_ROWS_AT_ONCE):
        cells.append(table[own])
        parts.append(sp.csr_matrix(table[genes].to_numpy(dtype=np.float32)))
    if not parts:
        raise InputError(f"{file}: has no cells")
    return sp.vstack(parts, format="csr"), pd.concat(cells, ignore_index=True), genes


def _text(value: Any) -> Any:
    """Strings of early Xenium files are bytes."""
    if isinstance(value, bytes):
        return value.decode()
    return value if value is None or isinstance(value, bool) else str(value)
