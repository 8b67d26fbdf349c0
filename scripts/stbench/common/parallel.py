"""An ordered ``map`` over a bounded number of processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from typing import Any, NoReturn

Map = Callable[..., Iterable[Any]]


@contextmanager
def worker_map(processes: int) -> Iterator[Map]:
    """Yield a ``map`` that keeps the order of its arguments, spread over processes.

    Processes are forked from a new process that has only imported scikit-learn, which saves each of
    them more than a second; forked from this process, they could inherit a lock of OpenMP.
    They inherit the environment, so limit the threads of numerical libraries there beforehand
    (``stbench.common.seeding``). They end with this process, also if it is killed. With one process
    it is the built-in ``map``.
    """
    if processes <= 1:
        yield map
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    context = get_context("forkserver")
    context.set_forkserver_preload(["sklearn.cluster", "sklearn.mixture"])
    with ProcessPoolExecutor(processes, context, initializer=_end_with_parent) as pool:
        yield pool.map


def _end_with_parent() -> None:
    """End a worker if its parent is killed, which the pool does not notice."""
    threading.Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end() -> NoReturn:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
