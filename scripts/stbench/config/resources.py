"""What fits and stages request of a machine, from the size of a dataset."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from stbench.config.tasks import DECONVOLUTION, task_of

UNKNOWN_CELLS, UNKNOWN_COLUMNS = 5000, 2000  # if the size of a file is unknown
DEFAULT_RESOURCES: dict[str, Any] = {
    "gpu": 0,
    "mem_mb": {"base": 1500, "per_1k_cells": 60, "per_1m_values": 40},
    "minutes": {"base": 20, "per_1k_cells": 2},
}
_BYTES_OF_COUNT = 40  # with its copies
_MOST_COUNTS = 1000  # of a cell that are above zero, about

Size = tuple[int, int]


def size_of(entry: Mapping[str, Any]) -> Size:
    """The cells and genes of a dataset; of a pair, reference cells and spots.

    The product is the size of the largest matrix: the counts, or the mapping of cells to spots.
    """
    of_pair = task_of(entry) == DECONVOLUTION
    rows, columns = ("n_cells", "n_spots") if of_pair else ("cells", "genes")
    return entry[rows] or UNKNOWN_CELLS, entry[columns] or UNKNOWN_COLUMNS


def linear(formula: Mapping[str, float], size: Size) -> int:
    """A resource that is linear in cells and values, such as ``mem_mb`` of a method."""
    rows, columns = size
    return math.ceil(
        formula["base"]
        + formula.get("per_1k_cells", 0) * rows / 1e3
        + formula.get("per_1m_values", 0) * rows * columns / 1e6
    )


def mb_of_counts(size: Size, base: int) -> int:
    """Memory in MB of a stage that copies the counts of all cells."""
    cells, genes = size
    return base + math.ceil(_BYTES_OF_COUNT * cells * min(genes, _MOST_COUNTS) / 10**6)
