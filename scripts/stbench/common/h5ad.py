"""Single elements of an h5ad file, for programs that need labels but not the expression.

Arrays, strings, numbers, categories, sparse matrices and dicts of these are read with h5py, because
importing anndata takes longer than most of these programs. Other elements are not read and need not
be readable. Files of old versions of anndata are supported: tables as one compound array (0.6),
categories outside of the columns (0.7).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stbench.common.errors import InputError, is_machine_fault

if TYPE_CHECKING:
    import h5py


@contextmanager
def open_h5ad(path: str | Path) -> Iterator[h5py.File]:
    """Open an h5ad file to read elements of it.

    Raises:
        InputError: the file is missing, or an element is not readable.
        OSError: a fault of the machine, or another program uses the file.
    """
    import h5py

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with h5py.File(path) as file:
            yield file
    except (InputError, MemoryError):
        raise
    except Exception as error:  # h5py and anndata raise many types for a broken file
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> Exception:
    """The exception to raise if reading a file failed with ``error``; it names the file."""
    if is_machine_fault(error):
        assert isinstance(error, OSError)
        return OSError(error.errno, error.strerror or str(error), str(path))
    return InputError(f"{path}: not a readable h5ad file ({error})")


def read_elements(path: str | Path, *names: str) -> dict[str, Any]:
    """Read the names of the cells and single elements, without loading the rest of the file.

    Args:
        path: an h5ad file.
        names: paths such as ``obsm/spatial``, ``obs/cluster`` or ``uns/dataset``.

    Returns:
        The existing elements by path, as anndata reads them, and the names of the cells as
        ``cells``.

    Raises:
        InputError: the file is missing or is not a readable h5ad file.
        OSError: a fault of the machine, or another program uses the file.
    """
    with open_h5ad(path) as file:
        elements = {name: read_element(file[name]) for name in names if name in file}
        elements["cells"] = row_names(file["obs"])
    return elements


def row_names(table: h5py.Group | h5py.Dataset) -> np.ndarray:
    """The names of the rows of a table (obs, var), object array of str."""
    names = read_column(table, _index_of(table))
    return np.array([str(name) for name in names], dtype=object)


def column_names(table: h5py.Group | h5py.Dataset) -> list[str]:
    """The columns of a table, without its row names."""
    if _is_compound(table):
        names = list(table.dtype.names or ())
    else:  # a column with a slash in its name is stored in a group that is no column
        order = map(str, table.attrs.get("column-order", []))
        nested = [name for name in order if "/" in name and name in table]
        groups = {name.partition("/")[0] for name in nested}
        names = [name for name in table if name not in groups] + nested
    return [name for name in names if name not in (_index_of(table), "__categories")]


def read_column(table: h5py.Group | h5py.Dataset, name: str) -> Any:
    """A column of a table, (n,); a ``pandas.Categorical`` if it is stored as one."""
    if not _is_compound(table):
        return read_element(table[name])
    values = _decoded(table[name])
    categories = table.file.get(f"uns/{name}_categories")
    return values if categories is None else _categorical(values, read_element(categories))


def read_element(item: h5py.Group | h5py.Dataset) -> Any:
    """An element by its encoding in anndata's file format.

    anndata reads the rarer encodings, and all elements of zarr stores.
    """
    encoding = item.attrs.get("encoding-type")
    if type(item).__module__.partition(".")[0] == "zarr":
        from anndata.io import read_elem

        return read_elem(item)
    if encoding in ("csr_matrix", "csc_matrix") or "h5sparse_format" in item.attrs:
        return _sparse(item)
    if encoding == "array":
        return item[()]
    if encoding == "numeric-scalar":
        return item[()].item()
    if encoding in ("string-array", "string"):
        return item.asstr()[()]
    if encoding == "dict":
        return {name: read_element(value) for name, value in item.items()}
    if encoding == "categorical":
        codes, categories = item["codes"][()], read_element(item["categories"])
        return _categorical(codes, categories, ordered=bool(item.attrs["ordered"]))
    if encoding in ("nullable-integer", "nullable-boolean", "nullable-string-array"):
        values = np.asarray(read_element(item["values"])).astype(object)
        values[item["mask"][()]] = None
        return values
    if encoding is None and hasattr(item, "dtype"):
        values = _decoded(item[()])
        reference = item.attrs.get("categories")
        return values if reference is None else _categorical(values, _decoded(item.file[reference]))

    from anndata.io import read_elem

    return read_elem(item)


def _sparse(group: h5py.Group) -> Any:
    """A CSR or CSC matrix, checked before scipy computes with it."""
    from stbench.common.array_files import sparse_of_parts

    form = group.attrs.get("h5sparse_format") or group.attrs["encoding-type"][:3]
    shape = group.attrs.get("h5sparse_shape", group.attrs.get("shape"))
    data, indices, pointers = (group[name][()] for name in ("data", "indices", "indptr"))
    if data.dtype == np.float16:  # not supported by scipy
        data = data.astype(np.float32)
    where = f"{group.file.filename}: {group.name.strip('/')}"
    return sparse_of_parts(form, (data, indices, pointers), shape, where)


def _is_compound(table: h5py.Group | h5py.Dataset) -> bool:
    return hasattr(table, "dtype")


def _index_of(table: h5py.Group | h5py.Dataset) -> str:
    """The column with the names of the rows."""
    if _is_compound(table):
        return str(table.dtype.names[0])
    given = table.attrs.get("_index")
    candidates = [given] if given is not None else ["_index", "index"]
    for name in candidates:
        if name in table:
            return str(name)
    raise InputError(f"{table.file.filename}: {table.name.strip('/')}: its rows have no names")


def _decoded(values: Any) -> Any:
    """An array with strings as ``str``, not bytes."""
    values = np.asarray(values)
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8").astype(object)
    if values.dtype.kind == "O":
        return np.array(
            [value.decode() if isinstance(value, bytes) else value for value in values.ravel()],
            dtype=object,
        ).reshape(values.shape)
    return values


def _categorical(codes: Any, categories: Any, *, ordered: bool = False) -> Any:
    import pandas as pd

    return pd.Categorical.from_codes(codes, np.atleast_1d(categories), ordered)


def cells_digest(cells: Iterable[str]) -> str:
    """SHA-256 of the ordered names of cells: files with the same digest have the same cells."""
    return hashlib.sha256("\n".join(map(str, cells)).encode()).hexdigest()
