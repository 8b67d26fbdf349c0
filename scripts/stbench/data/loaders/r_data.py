"""Files of R, parsed in Python and never executed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stbench.common.array_files import sparse_of_parts
from stbench.common.errors import InputError


def read_r(path: Path) -> dict[str, Any]:
    """The objects of an .RData, .rda or .rds file by name."""
    value = read_rds(path)
    if not isinstance(value, dict):
        raise InputError(f"{path.name}: contains no named objects")
    return {str(name): item for name, item in value.items()}


def read_rds(path: Path) -> Any:
    """The object of an .rds file."""
    import rdata

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes without a constructor become plain namespaces
        return rdata.conversion.convert(rdata.parser.parse_file(path))


def pick(objects: Mapping[str, Any], name: str, path: Path) -> Any:
    """An object of a file, or an error that lists the available objects."""
    if name not in objects:
        names = ", ".join(map(str, objects)) or "none"
        raise InputError(f"{path.name}: no object {name!r}; available: {names}")
    return objects[name]


def matrix(value: Any) -> tuple[sp.csr_matrix, list[str] | None, list[str] | None]:
    """A dense matrix or a dgCMatrix, transposed: (columns x rows CSR, column names, row names)."""
    if hasattr(value, "Dimnames"):
        rows, columns = (_names(names) for names in value.Dimnames)
        parts = (value.x, value.i, value.p)
        return sparse_of_parts("csc", parts, value.Dim, "dgCMatrix").T.tocsr(), columns, rows
    rows = columns = None
    if hasattr(value, "coords"):
        rows, columns = (
            _names(value.coords[dim].values) if dim in value.coords else None for dim in value.dims
        )
    elif isinstance(value, pd.DataFrame):
        rows, columns = _names(value.index), _names(value.columns)
    return sp.csr_matrix(np.asarray(value).T), columns, rows


def _names(names: Any) -> list[str] | None:
    if names is None or isinstance(names, str) or len(names) == 0:  # forms of R's NULL
        return None
    return [str(name) for name in names]
