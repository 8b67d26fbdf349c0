"""Memory of a mapping of cells to spots: the model is a matrix of cells x spots."""

from __future__ import annotations

from stbench.common.errors import InputError, NotApplicableError

COPIES = (
    8  # float32 arrays at the peak: matrix, gradient, Adam's two, softmax, product, two temporary
)


def mapping_megabytes(n_cells: int, n_spots: int) -> float:
    """Memory of learning a mapping, in MB."""
    return COPIES * 4 * n_cells * n_spots / 1e6


def need_room(n_cells: int, n_spots: int, most: int) -> None:
    """Reject a mapping of more than ``most`` entries.

    Raises:
        InputError: ``most`` is not above 0.
        NotApplicableError: the mapping is larger; the message gives the memory it needs.
    """
    if most <= 0:
        raise InputError(f"max_mapping is {most}: must be above 0")
    if n_cells * n_spots > most:
        raise NotApplicableError(
            f"the mapping of {n_cells} cells to {n_spots} spots has {n_cells * n_spots} entries, "
            f"about {mapping_megabytes(n_cells, n_spots) / 1e3:.1f} GB to learn; at most {most} "
            "are allowed: use fewer reference cells, or raise max_mapping"
        )
