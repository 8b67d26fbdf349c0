"""Atomic writing: a file is either complete under its name or not there at all.

What is written reaches the disk before it gets its name, so that this holds for a power cut and
for a disk that is full only when its cache is emptied. Whoever writes removes what a predecessor
left that was killed.
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
    """Remove a file or a folder, or nothing where it is gone meanwhile."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def reach_disk(path: Path) -> None:
    """Wait until the content of a file, or of all files of a folder, is on the disk."""
    for file in filter(Path.is_file, path.rglob("*")) if path.is_dir() else [path]:
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success rename it, on an exception remove it."""
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
    """Yield a temporary folder beside ``path``; on success it replaces ``path`` as a whole.

    Where ``path`` is a link, the folder that it leads to is replaced.
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
    """Yield an HDF5 file in memory, which is put under ``path`` as a whole.

    HDF5 drops the chunks that it cannot write without telling, so on a disk that is full for a
    moment a broken file would pass for a good one.
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

    Texts become categories, also those of pandas' string type, which anndata does not write.
    """
    import pandas as pd
    from anndata.io import write_elem

    for table in (adata.obs, adata.var):
        for name, column in table.items():
            if isinstance(column.dtype, pd.StringDtype):
                table[name] = pd.Categorical(column.astype(object))
        table.index = table.index.astype(object)
    adata.strings_to_categoricals()
    with atomic_hdf5(path) as file:
        write_elem(file, "/", adata, dataset_kwargs={"compression": "gzip"})


def read_h5ad(path: str | Path) -> AnnData:
    """Read an h5ad file; its sparse matrices are checked before anything is computed of them.

    Raises:
        InputError: the file is missing or is not a readable h5ad file.
        OSError: the machine is at fault, or another program has the file open.
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
    except Exception as error:  # h5py and anndata raise many kinds for a broken file
        raise unreadable(path, error) from error
    for name, matrix in {"X": adata.X, **adata.layers, **adata.obsp}.items():
        if sp.issparse(matrix):
            checked_sparse(matrix, f"{path}: {name}")
    return adata


def free_bytes(folder: Path) -> int:
    """Free disk space where ``folder`` is, or will be."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


# An id is a text, even if it looks like a number: "007".
_IDS = dict.fromkeys(("dataset", "method", "reference", "pair", "of", "section", "gene"), str)


def read_csv(path: str | Path) -> pd.DataFrame:
    """A table as ``write_csv`` writes it: ids are text, and only an empty field is missing."""
    import pandas as pd

    return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=_IDS)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Numbers with six decimals, missing ones empty; never a negative zero."""
    numbers = table.select_dtypes("float").columns
    table = table.assign(**{name: table[name].round(6) + 0.0 for name in numbers})
    table.to_csv(path, index=False, float_format="%.6f", lineterminator="\n")
