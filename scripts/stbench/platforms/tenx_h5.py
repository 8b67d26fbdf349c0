"""A feature-barcode matrix of 10x Genomics (HDF5, versions 2 and 3 of the format)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stbench.common.array_files import sparse_of_parts
from stbench.common.errors import InputError, is_machine_fault, one_line
from stbench.common.hdf5_safety import check_hdf5

_COLUMNS = {"id": "gene_ids", "feature_type": "feature_types", "genome": "genome"}


def read_matrix(path: Path) -> tuple[sp.csr_matrix, list[str], pd.DataFrame]:
    """Counts (cells x features, as stored), barcodes, and a table of the features by name.

    Returns:
        The table has the columns ``gene_ids``, ``feature_types`` and ``genome``, as far as the file
        has them. Names of features may repeat.

    Raises:
        InputError: the file is not such a matrix.
    """
    import h5py

    check_hdf5(path)
    try:
        with h5py.File(path) as file:
            group = _matrix(file)
            parts = tuple(group[name][:] for name in ("data", "indices", "indptr"))
            n_features, n_cells = (int(length) for length in group["shape"][:])
            barcodes = _texts(group["barcodes"])
            features = group.get("features")
            names = _texts(group["gene_names"] if features is None else features["name"])
            columns = {"gene_ids": _texts(group["genes"])} if features is None else {}
            for stored, name in _COLUMNS.items() if features is not None else ():
                if stored in features:
                    columns[name] = _texts(features[stored])
    except (InputError, MemoryError):
        raise
    except Exception as error:  # h5py raises many types for a broken file
        if is_machine_fault(error):
            raise
        raise InputError(
            f"{path}: not a readable feature-barcode matrix ({one_line(error)[:200]})"
        ) from error
    x = sparse_of_parts("csr", parts, (n_cells, n_features), str(path))
    return x, barcodes, pd.DataFrame(columns, index=pd.Index(names, dtype=object))


def shape(path: Path) -> tuple[int, int]:
    """Number of cells and features."""
    import h5py

    with h5py.File(path) as file:
        n_features, n_cells = _matrix(file)["shape"][:]
    return int(n_cells), int(n_features)


def _matrix(file: Any) -> Any:
    return file["matrix"] if "matrix" in file else file[next(iter(file))]


def _texts(dataset: Any) -> list[str]:
    return [value.decode() for value in np.asarray(dataset[:]).tolist()]
