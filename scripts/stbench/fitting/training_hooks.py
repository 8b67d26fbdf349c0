"""The epochs of a training inside a package, observed through torch's hooks.

The package and its result do not change: an epoch is evaluated in evaluation mode, without
gradients, and the random states are restored afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_pre_hook

from stbench.fitting.interface import Recorder

Embed = Callable[[nn.Module, tuple[Any, ...]], np.ndarray]
"""From a network and the inputs it is trained on to its embedding, (n_cells, d)."""


class WatchedTraining:
    """A context manager that records the epochs of the full-batch training of one network.

    Just before an optimizer's step the network still has the weights of the previous epoch, which
    is recorded then: epoch 0, the untrained network, before the first step. The last epoch is
    recorded by ``finish``.

    Attributes:
        epochs: number of steps so far.
    """

    def __init__(
        self, network: type[nn.Module], embed: Embed, record_every: int, record: Recorder
    ) -> None:
        """Observe the first network of this class; record every ``record_every``-th epoch."""
        self.epochs = 0
        self._class, self._embed = network, embed
        self._every, self._record = record_every, record
        self._seen: tuple[nn.Module, tuple[Any, ...]] | None = None
        self._handles: list[Any] = []

    def finish(self, embedding: np.ndarray) -> None:
        """Record the last epoch, with the embedding that the package returned."""
        with random_states_restored():
            self._record(self.epochs, embedding.copy())

    def _remember(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if self._seen is None and isinstance(module, self._class):
            self._seen = module, inputs

    def _before_step(self, *_: Any) -> None:
        if self._seen is None:
            raise RuntimeError(f"no {self._class.__name__} was used before the first step")
        if self.epochs % self._every == 0:
            with _evaluated(self._seen[0]), random_states_restored():
                self._record(self.epochs, self._embed(*self._seen))
        self.epochs += 1

    def __enter__(self) -> WatchedTraining:
        self._handles = [
            register_module_forward_pre_hook(self._remember),
            register_optimizer_step_pre_hook(self._before_step),
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._seen = None


@contextmanager
def _evaluated(network: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(training)


@contextmanager
def random_states_restored() -> Iterator[None]:
    """Restore the global random states of the CPU afterwards."""
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002
