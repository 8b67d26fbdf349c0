"""A representation: features and coordinates as .npy, labels as text with one per line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stbench.common.array_files import read_array
from stbench.common.errors import InputError
from stbench.data.loaders.build import assemble

if TYPE_CHECKING:
    from anndata import AnnData


def load(raw: Path, features: str, coordinates: str, labels: str) -> AnnData:
    """Read the section; rows of all files are the cells.

    Args:
        raw: folder with the files.
        features: (n, d) array.
        coordinates: (n, 2) array.
        labels: one domain per line.
    """
    x = read_npy(raw / features)
    components = [f"component_{i + 1}" for i in range(x.shape[1])]
    domains = (raw / labels).read_text(encoding="utf-8").splitlines()
    return assemble(x, None, components, read_npy(raw / coordinates), domains)


def read_npy(path: Path) -> np.ndarray:
    """A numeric 2-d array; a pickled one is refused, because unpickling can run any code.

    Raises:
        InputError: pickled, not numeric, not 2-d, or not an .npy file.
    """
    try:
        array = read_array(path)
    except InputError as error:
        if _is_pickled(path):
            raise InputError(
                f"{path.name}: contains pickled Python objects, which are never loaded because "
                "they can run any code; save it as a plain numeric array"
            ) from error
        raise
    if array.ndim != 2 or array.dtype.kind not in "iuf":
        raise InputError(
            f"{path.name}: a 2-d numeric array is needed, not {array.ndim}-d {array.dtype}"
        )
    return array


def _is_pickled(path: Path) -> bool:
    """Whether the file is a pickle, or an .npy file of Python objects according to its header."""
    head = path.read_bytes()[:256]
    return head[:1] == b"\x80" or (head.startswith(b"\x93NUMPY") and b"'|O'" in head)
