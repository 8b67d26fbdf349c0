"""Coordinates of cells: columns of their table, by the names that the platforms use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stbench.common.errors import InputError


class Axes(NamedTuple):
    """Two columns, the unit of their values (um, px or empty), and whether y grows downwards."""

    x: str
    y: str
    unit: str = ""
    y_down: bool = False


AXES = (
    Axes("x", "y"),
    Axes("st_x", "st_y"),
    Axes("x_centroid", "y_centroid", "um", True),  # Xenium
    Axes("center_x", "center_y", "um", True),  # MERSCOPE
    Axes("CenterX_global_px", "CenterY_global_px", "px", False),  # CosMx: from the lower left
    Axes("pxl_col_in_fullres", "pxl_row_in_fullres", "px", True),  # Space Ranger
)


def chosen_axes(obs: pd.DataFrame, options: Mapping[str, Any], where: str) -> Axes | None:
    """The columns of the options, else the first known ones; None if there are none.

    Raises:
        InputError: a column of the options does not exist.
    """
    if "x" in options:
        for axis in ("x", "y"):
            if options[axis] not in obs:
                raise no_column(options[axis], axis, list(obs), where)
        return next(
            (axes for axes in AXES if axes[:2] == (options["x"], options["y"])),
            Axes(options["x"], options["y"]),
        )
    return next((axes for axes in AXES if {axes.x, axes.y} <= set(obs)), None)


def places(obs: pd.DataFrame, axes: Axes) -> np.ndarray:
    """(n, 2) values of two columns."""
    return np.column_stack([np.asarray(obs[name]) for name in axes[:2]])


def no_column(name: str, field: str, columns: list[str], where: str) -> InputError:
    """The error that a column of the table of cells does not exist."""
    available = ", ".join(map(str, columns)) or "none"
    return InputError(f"{where}: {field}: no column {name!r} in obs; available: {available}")
