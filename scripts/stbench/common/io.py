"""Atomic writing: a file is either complete or does not exist.

Files are flushed to the disk before they are renamed, so that this also holds after a power failure
or if the disk is full when its cache is written. Temporary files of killed writers are removed by
the next writer.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError

if TYPE_CHECKING:
    import h5py
    import pandas as pd
    from anndata import AnnData


def _temporary_name(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp{glob.escape(path.suffix)}"):
        _remove(left)
    return path.with_name(f".{path.name}.{os.getpid()}.tmp{path.suffix}")


def _remove(path: Path) -> None:
    """Remove a file or a folder, if it still exists."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def reach_disk(path: Path) -> None:
    """Flush a file, or all files of a folder, to the disk."""
    for file in filter(Path.is_file, path.rglob("*")) if path.is_dir() else [path]:
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path next to ``path``; on success rename it, on an exception remove it."""
    path = Path(path)
    temporary = _temporary_name(path)
    try:
        yield temporary
        reach_disk(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder next to ``path``; on success it replaces ``path``.

    If ``path`` is a link, its target is replaced.
    """
    path = Path(path)
    if path.is_symlink():
        path = path.resolve()
    temporary = _temporary_name(path)
    temporary.mkdir()
    try:
        yield temporary
        reach_disk(temporary)
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def empty(folder: Path) -> None:
    """Delete everything in a folder."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def write_json(path: str | Path, value: Any) -> None:
    """Write JSON atomically, keys in the given order, with a final newline."""
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


@contextmanager
def atomic_hdf5(path: str | Path) -> Iterator[h5py.File]:
    """Yield an HDF5 file in memory, which is written to ``path`` at the end.

    HDF5 reports no error for chunks that it cannot write, so on a disk that is temporarily full a
    broken file would seem valid.
    """
    import h5py

    with h5py.File(str(path), "w", driver="core", backing_store=False) as file:
        yield file
        file.flush()
        image = file.id.get_file_image()
    with atomic_file(path) as temporary:
        temporary.write_bytes(image)


def write_h5ad(path: str | Path, adata: AnnData) -> None:
    """Write AnnData atomically, compressed.

    Strings become categories, and so does what anndata does not write: pandas' string type, dates,
    and mixed values such as booleans with gaps.
    """
    from anndata.io import write_elem

    for table in (adata.obs, adata.var):
        for name, column in table.items():
            table[name] = _writable(column)
        table.index = table.index.astype(object)
    adata.strings_to_categoricals()
    with atomic_hdf5(path) as file:
        write_elem(file, "/", adata, dataset_kwargs={"compression": "gzip"})


def _writable(column: pd.Series) -> pd.Series:
    """The column, as categories of text if anndata cannot write it."""
    import pandas as pd

    if isinstance(column.dtype, pd.StringDtype):
        return pd.Series(pd.Categorical(column.astype(object)), column.index)
    categorical = isinstance(column.dtype, pd.CategoricalDtype)
    kinds = column.cat.categories if categorical else column
    if kinds.dtype != object and kinds.dtype.kind != "M":
        return column
    known = column[column.notna()].astype(object)
    if len(known) and known.map(lambda value: isinstance(value, str)).all():
        return column
    words = [one.decode(errors="replace") if isinstance(one, bytes) else one for one in known]
    text = pd.Series(list(map(str, words)), known.index, dtype=object)
    return pd.Series(pd.Categorical(text.reindex(column.index)), column.index)


def read_h5ad(path: str | Path) -> AnnData:
    """Read an h5ad file; its sparse matrices are checked before use.

    Raises:
        InputError: the file is missing or is not a readable h5ad file.
        OSError: a fault of the machine, or another program uses the file.
    """
    import anndata
    import scipy.sparse as sp

    from stbench.common.array_files import checked_sparse
    from stbench.common.h5ad import unreadable

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        adata = anndata.read_h5ad(path)
    except MemoryError:
        raise
    except Exception as error:  # h5py and anndata raise many types for a broken file
        raise unreadable(path, error) from error
    for name, matrix in {"X": adata.X, **adata.layers, **adata.obsp}.items():
        if sp.issparse(matrix):
            checked_sparse(matrix, f"{path}: {name}")
    return adata


def free_bytes(folder: Path) -> int:
    """Free space on the disk of ``folder``, which need not exist."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(existing).free


# Ids are strings, even if they look like numbers: "007".
_IDS = dict.fromkeys(
    (
        *("dataset", "method", "other", "reference", "pair", "of", "section", "gene"),
        *("domain", "labels", "effect"),
        *("type_a", "type_b", "ligand", "receptor"),
    ),
    str,
)


def read_csv(path: str | Path) -> pd.DataFrame:
    """Read a table of ``write_csv``: ids are strings, and only empty fields are missing."""
    import pandas as pd

    return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=_IDS)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write numbers with six decimals and without negative zeros; missing values are empty."""
    numbers = table.select_dtypes("float").columns
    table = table.assign(**{name: table[name].round(6) + 0.0 for name in numbers})
    table.to_csv(path, index=False, float_format="%.6f", lineterminator="\n")
