"""Smooth random fields: values of positions that vary slowly in space."""

from __future__ import annotations

import numpy as np

_WAVES = 50


def smooth_fields(
    positions: np.ndarray, length: float, n_fields: int, rng: np.random.Generator
) -> np.ndarray:
    """Independent Gaussian fields, sums of waves in random directions.

    Their correlation at distance d is about ``exp(-(d / length)^2 / 2)``. Time and memory are
    linear in the positions.

    Args:
        positions: (n, 2).
        length: in the unit of the positions.
        n_fields: number of fields.
        rng: source of all random numbers.

    Returns:
        (n, n_fields), each with mean 0 and standard deviation 1 over the positions.
    """
    phases = positions @ rng.normal(0, 1 / length, (2, _WAVES))
    waves = np.column_stack([np.cos(phases), np.sin(phases)])
    fields = waves @ rng.normal(0, 1, (2 * _WAVES, n_fields))
    fields -= fields.mean(axis=0)
    return fields / fields.std(axis=0)
