"""Arrays and sparse matrices in files, checked before they are used or converted.

scipy's compiled code does not check the indices of a matrix: wrong ones end the process or change
other memory. Headers of .npy and .npz files determine how much memory is allocated.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError, is_machine_fault, one_line

# Indices and measured values are compressed tenfold at best; zeros thousandfold.
_LARGE = 256 << 20
_RATIO = 100
_UNREADABLE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


def checked_sparse(matrix: Any, where: str) -> Any:
    """The matrix itself, if its arrays are consistent and every index is within its shape.

    Args:
        matrix: scipy sparse, as read, before any conversion. Formats other than CSR, CSC and COO,
            which no file has, are not checked.
        where: prefix of the error message.

    Raises:
        InputError: the arrays are inconsistent.
    """
    if matrix.format in ("csr", "csc"):
        _check_compressed(
            matrix.format, (matrix.data, matrix.indices, matrix.indptr), matrix.shape, where
        )
    elif matrix.format == "coo":
        for index, size in zip(matrix.coords, matrix.shape, strict=True):
            if not _within(index, size):
                raise _broken(where, f"an index is not within 0 .. {size - 1}")
    return matrix


def sparse_of_parts(form: str, parts: tuple[Any, Any, Any], shape: Any, where: str) -> Any:
    """A checked matrix from its arrays data, indices and pointers; ``form`` is csr or csc.

    Raises:
        InputError: the arrays are inconsistent with each other or the shape.
    """
    data, indices, pointers = map(np.asarray, parts)
    size = tuple(int(length) for length in np.asarray(shape).ravel())
    _check_compressed(form, (data, indices, pointers), size, where)
    kind = sp.csr_matrix if form == "csr" else sp.csc_matrix
    try:
        return kind((data, indices, pointers), shape=size)
    except (ValueError, TypeError) as error:
        raise _broken(where, error) from None


def _check_compressed(
    form: str, parts: tuple[Any, Any, Any], shape: tuple[int, ...], where: str
) -> None:
    """scipy's ``check_format`` does not detect all faults, such as a last pointer of -1."""
    data, indices, pointers = parts
    if len(shape) != 2 or min(shape) < 0:
        raise _broken(where, f"its shape is {shape}")
    lines, length = shape if form == "csr" else shape[::-1]
    if any(array.ndim != 1 or array.dtype.kind not in "iu" for array in (indices, pointers)):
        raise _broken(where, "its indices are not rows of integers")
    if data.ndim != 1 or len(data) != len(indices):
        raise _broken(where, f"{data.size} values for {len(indices)} indices")
    if len(pointers) != lines + 1:
        raise _broken(where, f"{len(pointers)} pointers, not {lines + 1}")
    ends = int(pointers[0]), int(pointers[-1])
    if ends != (0, len(indices)) or (pointers[1:] < pointers[:-1]).any():
        raise _broken(where, "its pointers do not increase from 0 to the number of values")
    if not _within(indices, length):
        raise _broken(where, f"an index is not within 0 .. {length - 1}")


def _within(index: np.ndarray, size: int) -> bool:
    return not len(index) or bool(index.min() >= 0 and index.max() < size)


def _broken(where: str, what: object) -> InputError:
    return InputError(f"{where}: broken sparse matrix ({one_line(what)}); write it again")


def read_array(path: Path) -> np.ndarray:
    """The array of an .npy file; without unpickling, and with no more memory than the file needs.

    Raises:
        InputError: not an .npy file, one with Python objects, or a truncated one.
    """
    try:
        with path.open("rb") as stream:
            _check_header(stream, path.stat().st_size)
            stream.seek(0)
            array: np.ndarray = np.load(stream, allow_pickle=False)
    except _UNREADABLE as error:
        if is_machine_fault(error):
            raise
        raise InputError(f"{path}: not a readable array ({one_line(error)})") from error
    return array


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name, read as by ``read_array``.

    Raises:
        InputError: not an .npz file, or one with an implausible unpacked size.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > max(_LARGE, _RATIO * path.stat().st_size):
                raise ValueError(f"it says that it unpacks to {unpacked / 1e9:.1f} GB")
            for member in members:
                with archive.open(member) as stream:
                    _check_header(stream, member.file_size)
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (*_UNREADABLE, NotImplementedError, RuntimeError) as error:
        if is_machine_fault(error):
            raise
        raise InputError(f"{path}: not a readable .npz file ({one_line(error)})") from error


def read_sparse(path: Path) -> Any:
    """The matrix that ``scipy.sparse.save_npz`` wrote as CSR, CSC or COO, checked.

    Raises:
        InputError: not such a file, or its arrays are inconsistent.
    """
    arrays = read_arrays(path)
    advice = "save it as CSR with scipy.sparse.save_npz"
    form, shape = arrays.get("format"), arrays.get("shape")
    if form is None or shape is None or form.size != 1:
        raise InputError(f"{path}: not a sparse matrix; {advice}")
    name = form.item().decode() if isinstance(form.item(), bytes) else str(form.item())
    if name not in ("csr", "csc", "coo"):
        raise InputError(f"{path}: a matrix of the format {name!r} is not read; {advice}")
    places = ("row", "col") if name == "coo" else ("indices", "indptr")
    try:
        data, first, second = (arrays[part] for part in ("data", *places))
    except KeyError as error:
        raise _broken(str(path), f"it has no {error}") from None
    if name != "coo":
        return sparse_of_parts(name, (data, first, second), shape, str(path))
    if any(array.ndim != 1 or array.dtype.kind not in "iu" for array in (first, second)):
        raise _broken(str(path), "its indices are not rows of integers")
    try:
        matrix = sp.coo_matrix((data, (first, second)), shape=tuple(shape.tolist()))
    except (ValueError, TypeError) as error:
        raise _broken(str(path), error) from None
    return checked_sparse(matrix, str(path))


def _check_header(stream: IO[bytes], size: int) -> None:
    """Raise ValueError if the header requires more than the rest of ``size`` bytes."""
    version = np.lib.format.read_magic(stream)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"the version {version} of the format is not read")
    shape, _, dtype = readers[version](stream)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are never loaded")
    rest = size - stream.tell()
    if math.prod(shape) * dtype.itemsize > rest:
        raise ValueError(f"its header says {shape} {dtype}, but only {rest} bytes follow")
