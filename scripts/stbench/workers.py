"""A bounded number of processes that work through a list in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Map = Callable[..., Iterable[Any]]


@contextmanager
def worker_map(processes: int) -> Iterator[Map]:
    """Yield a ``map`` that keeps the order of its arguments, spread over processes.

    Processes are started afresh, not forked: a fork may inherit a lock that OpenMP holds. They
    inherit the environment, so bound the threads of numerical libraries there beforehand
    (``stbench.seeding.limit_threads``). One process: the built-in ``map``, nothing is started.
    """
    if processes <= 1:
        yield map
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield pool.map
