"""An AnnData in a file or a store, element by element.

Only X, positions, and the tables of cells and genes are read, in every layout that anndata has
written. Other elements need not be readable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stbench.common.array_files import checked_sparse
from stbench.common.errors import InputError, is_machine_fault
from stbench.common.h5ad import column_names, read_column, read_element, row_names
from stbench.platforms.positions import Axes, chosen_axes, places

RAW = "raw"
PAIRS, TRIPLES = "true_interactions", "true_triples"
_NO_POSITIONS = (
    "coordinates: neither obsm['spatial'] nor columns x, y (or st_x, st_y; x_centroid, y_centroid) "
    "of obs; add one of them, or name two columns: x and y"
)


def read(
    root: Any,
    options: Mapping[str, Any],
    where: str,
    name: str,
    elsewhere: Callable[[pd.DataFrame], np.ndarray] | None = None,
) -> Any:
    """Read the AnnData below a group.

    Args:
        root: an open h5py or zarr group.
        options: ``layer``, ``raw``, ``x``, ``y``.
        where: prefix of errors.
        name: of the platform.
        elsewhere: returns the positions, given the table of cells, if the AnnData has none.

    Returns:
        See ``stbench.platforms``. ``uns`` also has ``libraries`` (names in ``uns['spatial']``),
        true interactions (``stbench.data.given_interactions``), ``library_column`` (of
        SpatialData), ``logged`` (whether X is marked as log-transformed) and
        ``remarks``.

    Raises:
        InputError: without X, coordinates or a requested part.
    """
    from anndata import AnnData

    remarks: list[str] = []
    obs = read_table(root["obs"], f"{where}: obs", remarks)
    var = read_table(variables(root, options), f"{where}: var", remarks)
    x = expression(root, options, where)
    libraries = [str(library) for library in names_in(find(root, "uns", "spatial"))]
    spatial, axes = _positions(root, obs, options, where, elsewhere)
    for field, part, table in (("cells", 0, obs), ("genes", 1, var)):
        if x.shape[part] != len(table):
            raise InputError(f"{where}: X: {x.shape[part]} {field}, but {len(table)} names")
    if len(spatial) != len(obs):
        raise InputError(f"{where}: coordinates: {len(spatial)} values for {len(obs)} cells")
    if axes is None:  # image coordinates, if there is an image
        axes = Axes("", "", "px" if libraries else "", bool(libraries))
    adata = AnnData(x, obs=obs, var=var, obsm={"spatial": spatial})
    truth = _interactions(root, len(obs), where)
    if PAIRS in truth:
        adata.obsp[PAIRS] = truth.pop(PAIRS)
    adata.uns = {
        **truth,
        "platform": {"name": name, "unit": axes.unit, "y_down": axes.y_down},
        "libraries": libraries,
        "library_column": _region_column(root),
        "logged": find(root, "uns", "log1p") is not None and _is_x(options),
        "remarks": remarks,
    }
    return adata


def _interactions(root: Any, n_cells: int, where: str) -> dict[str, Any]:
    """True interactions and their types and genes, where the file has them."""
    found = {}
    for group, name in (("obsp", PAIRS), ("uns", TRIPLES)):
        if (item := find(root, group, name)) is not None:
            found[name] = read_element(item)
    if PAIRS in found and np.shape(found[PAIRS]) != (n_cells, n_cells):
        shape = np.shape(found[PAIRS])
        raise InputError(f"{where}: obsp[{PAIRS!r}]: {shape} for {n_cells} cells")
    return found


def expression(root: Any, options: Mapping[str, Any], where: str) -> Any:
    """X, a layer, or X of ``raw``: cells x genes, dense or sparse; half precision as float32."""
    if options.get("layer") and options.get(RAW):
        raise InputError(f"{where}: layer and raw: choose one of them")
    if options.get(RAW):
        item, field = _raw(root, "X"), "raw"
        if item is None:
            raise InputError(f"{where}: raw: missing; leave the key out")
    elif options.get("layer"):
        layers = names_in(find(root, "layers"))
        item, field = find(root, "layers", options["layer"]), f"layers[{options['layer']!r}]"
        if item is None:
            available = ", ".join(layers) or "none"
            raise InputError(f"{where}: layer: no {options['layer']!r}; available: {available}")
    else:
        item, field = find(root, "X"), "X"
    if item is None or item.attrs.get("encoding-type") == "null":
        places_of_counts = counts_elsewhere(root)
        advice = f"use {' or '.join(places_of_counts)}" if places_of_counts else "add the counts"
        raise InputError(f"{where}: {field}: missing; {advice}")
    x = read_element(item)
    dimensions = getattr(x, "ndim", 0)
    if dimensions != 2:
        raise InputError(
            f"{where}: {field}: has {dimensions} dimensions; a matrix cells x genes is needed"
        )
    x = checked_sparse(x, f"{where}: {field}") if sp.issparse(x) else x
    return x.astype(np.float32) if x.dtype == np.float16 else x


def counts_elsewhere(root: Any) -> list[str]:
    """The options that read counts: layers, and ``raw``, whose values are whole numbers."""
    layers = find(root, "layers")
    found = {f"layer: {name}": layers[name] for name in names_in(layers)}
    if (raw := _raw(root, "X")) is not None:
        found["raw: true"] = raw
    return [option for option, item in found.items() if _is_whole(item)]


def variables(root: Any, options: Mapping[str, Any]) -> Any:
    """The table of genes; that of ``raw``, if it is chosen."""
    raw = _raw(root, "var") if options.get(RAW) else None
    return root["var"] if raw is None else raw


def shape(root: Any, options: Mapping[str, Any]) -> tuple[int, int]:
    """Number of cells and genes, without reading X."""
    return length(root["obs"]), length(variables(root, options))


def length(table: Any) -> int:
    """Number of rows of a table."""
    return len(table) if hasattr(table, "dtype") else len(row_names(table))


def read_table(table: Any, where: str, remarks: list[str]) -> pd.DataFrame:
    """A table with all its columns; a remark names those that cannot be read.

    Raises:
        InputError: a column has another number of rows.
    """
    names = row_names(table)
    columns, unreadable = {}, []
    order = list(getattr(table, "attrs", {}).get("column-order", []))
    existing = column_names(table)
    for name in sorted(existing, key=lambda name: order.index(name) if name in order else 10**6):
        try:
            columns[name] = _plain_column(table, name)
        except MemoryError:
            raise
        except Exception as error:  # h5py and anndata raise many types
            if is_machine_fault(error):
                raise
            unreadable.append(name)
            continue
        if len(columns[name]) != len(names):
            raise InputError(
                f"{where}: column {name!r}: {len(columns[name])} values for {len(names)} rows"
            )
    if unreadable:
        remarks.append(f"columns that cannot be read: {', '.join(unreadable)}")
    return pd.DataFrame(columns, index=pd.Index(names, dtype=object))


def names_in(group: Any) -> list[str]:
    """The names in a group; in files of anndata 0.6 it may be one compound array."""
    if group is None:
        return []
    return list(group.dtype.names or ()) if hasattr(group, "dtype") else list(group)


def find(root: Any, *names: str) -> Any:
    """An element below a group, or None."""
    for name in names:
        if root is None or hasattr(root, "dtype") or name not in root:
            return None
        root = root[name]
    return root


def _raw(root: Any, name: str) -> Any:
    """An element of ``raw``; anndata 0.6 wrote ``raw.X`` beside X."""
    return find(root, RAW, name) if find(root, RAW, name) is not None else find(root, f"raw.{name}")


def _is_x(options: Mapping[str, Any]) -> bool:
    return not options.get("layer") and not options.get(RAW)


def _is_whole(item: Any) -> bool:
    try:
        x = read_element(item)
        values = x.data if sp.issparse(x) else np.asarray(x)
        return bool(
            values.size and values.dtype.kind in "iuf" and (values == np.rint(values)).all()
        )
    except Exception:  # this only looks for advice; the fault is reported if the part is chosen
        return False


def _positions(
    root: Any,
    obs: pd.DataFrame,
    options: Mapping[str, Any],
    where: str,
    elsewhere: Callable[[pd.DataFrame], np.ndarray] | None,
) -> tuple[np.ndarray, Axes | None]:
    """Coordinates, and the columns that hold them, unless they are ``obsm['spatial']``."""
    obsm = find(root, "obsm")
    if "x" not in options and "spatial" in names_in(obsm):
        return _numbers(read_column(obsm, "spatial")), None
    axes = chosen_axes(obs, options, where)
    if axes is None and elsewhere is not None:
        return elsewhere(obs), None
    if axes is None:
        raise InputError(f"{where}: {_NO_POSITIONS}")
    return _numbers(places(obs, axes)), axes


def _numbers(values: Any) -> np.ndarray:
    """As float64 where possible; ``validate`` refuses anything else with its dataset."""
    values = np.asarray(values)
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        return values


def _region_column(root: Any) -> str:
    """The column of a SpatialData table that names the element of each cell, or empty."""
    key = find(root, "uns", "spatialdata_attrs", "region_key")
    return "" if key is None else str(read_element(key))


def _plain_column(table: Any, name: str) -> Any:
    """A column that anndata can write: strings as objects, missing numbers as such."""
    item = None if hasattr(table, "dtype") else table[name]
    if item is not None and item.attrs.get("encoding-type") in _NULLABLE_NUMBERS:
        from anndata.io import read_elem

        return read_elem(item)
    values = read_column(table, name)
    if isinstance(values, pd.Categorical) and isinstance(values.categories.dtype, pd.StringDtype):
        return values.rename_categories(values.categories.astype(object))
    if isinstance(values, pd.Categorical):
        return values
    if getattr(values, "ndim", 0) != 1:
        raise ValueError("not one value per row")
    if isinstance(values.dtype, pd.StringDtype) or values.dtype.kind in "TOUS":
        return _objects(values)
    return values


def _objects(values: Any) -> np.ndarray:
    return np.array([None if pd.isna(value) else value for value in values], dtype=object)


_NULLABLE_NUMBERS = ("nullable-integer", "nullable-boolean")
