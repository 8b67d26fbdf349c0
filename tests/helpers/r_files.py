"""Writes small R files of the structures that R's own packages save."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.sparse as sp
from rdata.conversion import convert_python_to_r_data
from rdata.conversion.to_r import DEFAULT_CLASS_MAP, build_r_object
from rdata.parser import RObjectType
from rdata.unparser._unparser import pack_r_object_info
from rdata.unparser._xdr import UnparserXDR
from xarray import DataArray


class _Unparser(UnparserXDR):
    """rdata's writer, with S4 objects."""

    def unparse_r_object(self, obj: Any) -> None:
        if obj.info.type is RObjectType.S4:
            self.unparse_int(pack_r_object_info(obj.info))
            self.unparse_r_object(obj.attributes)
        else:
            super().unparse_r_object(obj)


def _matrix(value: DataArray, converter: Any) -> Any:
    kind = RObjectType.INT if value.dtype.kind == "i" else RObjectType.REAL
    attributes: dict[str, Any] = {"dim": np.array(value.shape, dtype=np.int32)}
    if value.coords:
        attributes["dimnames"] = [
            value.coords[dim].values if dim in value.coords else None for dim in value.dims
        ]
    return build_r_object(
        kind,
        value=value.values.ravel("F"),
        attributes=converter.convert_to_r_attributes(attributes),
    )


def _s4(value: SimpleNamespace, converter: Any) -> Any:
    attributes = converter.convert_to_r_attributes(vars(value))
    return build_r_object(RObjectType.S4, is_object=True, gp=16, attributes=attributes)


def write_rda(path: Path, objects: dict[str, Any], file_type: str = "rda") -> None:
    """Save objects; dicts become named lists, DataArrays matrices, namespaces S4 objects."""
    constructors = {**DEFAULT_CLASS_MAP, DataArray: _matrix, SimpleNamespace: _s4}
    rda = file_type == "rda"
    data = convert_python_to_r_data(objects, constructor_dict=constructors, file_type=file_type)
    with path.open("wb") as stream:
        if rda:
            stream.write(b"RDX3\n")
        _Unparser(stream).unparse_r_data(data)


def write_rds(path: Path, value: Any) -> None:
    """Save one object."""
    write_rda(path, value, file_type="rds")


def matrix(
    values: Any, rows: list[str] | None = None, columns: list[str] | None = None
) -> DataArray:
    """A matrix with dimnames."""
    names = {"dim_0": rows, "dim_1": columns}
    coords = {dim: np.array(name) for dim, name in names.items() if name is not None}
    values = np.asarray(values)
    return DataArray(values, dims=["dim_0", "dim_1"], coords=coords)


def sparse(values: Any, rows: list[str], columns: list[str] | None) -> SimpleNamespace:
    """A dgCMatrix."""
    csc = sp.csc_matrix(np.asarray(values, dtype=float))
    names = [np.array(rows), None if columns is None else np.array(columns)]
    return SimpleNamespace(
        i=csc.indices.astype(np.int32),
        p=csc.indptr.astype(np.int32),
        Dim=np.array(csc.shape, dtype=np.int32),
        Dimnames=names,
        x=csc.data,
        factors=[],
        **{"class": np.array(["dgCMatrix"])},
    )
