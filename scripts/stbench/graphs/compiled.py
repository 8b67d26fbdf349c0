"""Functions of UMAP, compiled by numba, for scanpy's graph of similar cells and for maps."""

from __future__ import annotations

from contextlib import suppress
from functools import cache


@cache
def keep_compiled() -> None:
    """Keep the compiled functions of UMAP for the next process.

    To be called before ``scanpy.pp.neighbors`` or ``scanpy.tl.umap``. Every process would compile
    the functions again, which takes longer than such a graph of thousands of cells.
    """
    from umap import layouts, umap_

    for function in (
        umap_.smooth_knn_dist,
        umap_.compute_membership_strengths,
        layouts._get_optimize_layout_euclidean_single_epoch_fn(),
    ):
        with suppress(RuntimeError):  # numba finds no folder where it may write
            function.enable_caching()
