"""The cells of a simulated tissue before they express anything: places, domains, types."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stbench.data.simulation.cell_types import draw_mixtures, draw_types
from stbench.data.simulation.layouts import LAYOUTS
from stbench.data.simulation.positions import scatter_cells, thin_cells
from stbench.data.simulation.smooth_fields import smooth_fields
from stbench.data.simulation.tissue import Tissue

_SPARE = 2  # positions for each cell, if domains differ in density
_PATCH_LENGTH, _DEPTH_LENGTH = 2.0, 4.0  # mean distances of neighboring cells
_TRENDS, _TREND_LENGTH = 5, 0.25  # sides of the tissue


@dataclass(frozen=True)
class Cells:
    """Cells with all that expression depends on.

    Attributes:
        coords: (n, 2) positions, in the unit of the coordinates.
        domains, types: (n,) codes.
        trends: (n, trends) levels of smooth trends, which cross the borders of domains; mean 0, sd
            1. Without gradients there are 0 trends.
        depth: (n,) smooth level of the library sizes, mean 0, sd 1; zeros without a reference.
    """

    coords: np.ndarray
    domains: np.ndarray
    types: np.ndarray
    trends: np.ndarray
    depth: np.ndarray

    @classmethod
    def draw(cls, tissue: Tissue, rng: np.random.Generator, model: np.random.Generator) -> Cells:
        """Draw the cells of one section.

        Args:
            tissue: the parameters.
            rng: random numbers of this section.
            model: random numbers that all sections of a seed share.
        """
        n = tissue.n_cells
        unit_square = scatter_cells(_SPARE * n if tissue.density_sd else n, rng)
        domains = LAYOUTS[tissue.layout](unit_square, tissue.n_domains, rng)
        if tissue.density_sd:
            log_density = model.normal(0, tissue.density_sd, tissue.n_domains)
            kept = thin_cells(domains, log_density, n, rng)
            unit_square, domains = unit_square[kept], domains[kept]
        side = math.sqrt(n)  # in mean distances of neighboring cells

        mixtures = draw_mixtures(tissue, model)
        if tissue.patchiness:
            fields = smooth_fields(unit_square * side, _PATCH_LENGTH, tissue.n_types, rng)
            types = draw_types(domains, mixtures, rng, tissue.patchiness * fields)
        else:
            types = draw_types(domains, mixtures, rng)
        trends, depth = np.zeros((n, 0)), np.zeros(n)
        if tissue.gradient:
            trends = smooth_fields(unit_square, _TREND_LENGTH, _TRENDS, rng)
        if tissue.reference:
            depth = smooth_fields(unit_square * side, _DEPTH_LENGTH, 1, rng)[:, 0]
        coords = unit_square * math.sqrt(n / tissue.density)
        return cls(coords, domains, types, trends, depth)
