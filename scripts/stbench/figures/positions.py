"""Positions of cells as they are drawn, and the scale of a map."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from stbench.data.sections import drawn_close
from stbench.figures.style import INK

MICROMETERS = ("um", "micrometre")  # as platforms and as the registry write it
_SHARE = 0.3  # of the width of a map that a scale bar takes at most


def as_drawn(
    coords: np.ndarray, facts: Mapping[str, Any], sections: pd.Categorical | None = None
) -> np.ndarray:
    """Positions (n_cells, 2) with y upwards on the page.

    Coordinates of images grow downwards and are turned; joined sections are moved closer.

    Args:
        coords: (n_cells, 2).
        facts: ``uns['dataset']``.
        sections: (n_cells,) the section of each cell of a joined dataset.
    """
    places = np.asarray(coords)[:, :2]
    if sections is not None:
        places = drawn_close(places, sections)
    return places * [1, -1] if facts.get("y_down") == "true" else places


def scale_bar(ax: Axes, coords: np.ndarray, unit: str) -> None:
    """Draw the scale below the left of a map, if the unit is a length: micrometers."""
    width = float(np.ptp(coords[:, 0]))
    if unit not in MICROMETERS or width <= 0:
        return
    length, left = round_length(_SHARE * width), float(coords[:, 0].min())
    look: dict[str, Any] = {"transform": ax.get_xaxis_transform(), "color": INK, "clip_on": False}
    ax.plot([left, left + length], [-0.02, -0.02], lw=2, solid_capstyle="butt", **look)
    words = f"{length / 1000:g} mm" if length >= 1000 else f"{length:g} µm"
    ax.text(left + length / 2, -0.035, words, ha="center", va="top", fontsize=8, **look)


def round_length(most: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is at most ``most`` > 0."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(factor * power for factor in (1, 2, 5) if factor * power <= most)
