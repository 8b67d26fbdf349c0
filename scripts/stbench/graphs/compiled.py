"""UMAP and PyNNDescent, compiled by numba once, for scanpy's graph of cells and for maps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from unittest import mock


@cache
def keep_compiled() -> None:
    """Import UMAP, and keep its compiled functions for the next process.

    To be called before ``scanpy.pp.neighbors`` or ``scanpy.tl.umap``. The packages leave most of
    their functions to be compiled again by every process, dozens of them when they are imported,
    which takes longer than a graph of thousands of cells.
    """
    with suppress(RuntimeError), _kept():  # numba finds no folder where it may write
        import umap  # noqa: F401
    from umap import layouts

    with suppress(RuntimeError):
        layouts._get_optimize_layout_euclidean_single_epoch_fn().enable_caching()


@contextmanager
def _kept() -> Iterator[None]:
    """Functions that are declared meanwhile are read from numba's cache, and written to it."""
    import numba

    jit, njit = partial(numba.jit, cache=True), partial(numba.njit, cache=True)
    with mock.patch.multiple(numba, jit=jit, njit=njit):
        yield
