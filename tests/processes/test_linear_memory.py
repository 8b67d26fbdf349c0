"""Nothing that a written method makes has an entry for each pair of cells."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import torch
from anndata import AnnData
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from fit import load_method
from methods.deeplinc import links, loss
from methods.scanit import mds
from methods.spatialfusion import feature_neighbors
from stbench.common.paths import CONFIG
from stbench.config.benchmark import load_benchmark
from stbench.config.schema import load_yaml
from stbench.data.preprocessing import preprocess
from stbench.data.simulation import Tissue, simulate
from stbench.fitting.interface import checked

CELLS, FEW = 4000, 80
SMALL: dict[str, Any] = {"epochs": 2, "record_every": 1}
# Narrow networks, so that what is linear in the cells stays far below a byte for each pair.
METHODS: dict[str, dict[str, Any]] = {
    "spatialfusion": {"n_hidden": 8, "n_heads": 2},
    "sedr": {
        **{"dec_epochs": 1, "dec_clusters": 2, "n_neighbors": 4},
        **{"feat_hidden1": 8, "feat_hidden2": 4, "gcn_hidden1": 8, "gcn_hidden2": 4},
    },
    "scanit": {},
    "scanit, consensus": {"n_consensus": 2, "mds_max_iter": 1, "epochs": 1},
    "ccst": {"n_hidden": 64},
    "sigra": {"hidden_dim": 16},
    "deeplinc": {
        **{"epochs": 1, "autoencoder_steps": 1, "max_neighbors": 5},
        **{"hidden_dim": 8, "code_dim": 8, "adversary_hidden1": 8, "adversary_hidden2": 8},
    },
}


class LiveTensors(TorchDispatchMode):
    """The most memory that dense tensors held at once, backward passes included.

    Attributes:
        peak: bytes. A part of a tensor holds all of it, also where only numpy looks at it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak = self._total = 0
        self._live: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for part in tree_leaves(result):
            if isinstance(part, torch.Tensor) and part.layout == torch.strided:
                self._add(part.untyped_storage())
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        place = storage.data_ptr()
        if place in self._live:
            reference, size = self._live[place]
            if not reference.expired():
                return
            self._total -= size
        self._live[place] = StorageWeakRef(storage), storage.nbytes()
        self._total += storage.nbytes()
        if self._total > self.peak:  # what was let go has to be looked for only now
            self._live = {at: entry for at, entry in self._live.items() if not entry[0].expired()}
            self._total = sum(size for _, size in self._live.values())
            self.peak = max(self.peak, self._total)


@pytest.fixture(scope="module")
def tissues() -> dict[int, AnnData]:
    return {n: preprocess(simulate(Tissue(n_cells=n, n_genes=20), "t")) for n in (FEW, CELLS)}


@pytest.fixture()
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_neighbors, "_VALUES_AT_ONCE", 2**17)
    monkeypatch.setattr(links, "_BLOCK_VALUES", 2**17)
    monkeypatch.setattr(mds, "_BLOCK_VALUES", 2**16)
    monkeypatch.setattr(mds, "_KEPT_VALUES", 2**17)
    monkeypatch.setattr(loss, "_block_rows", lambda n, device: 32)


def published(method: str) -> dict[str, Any]:
    tissue = {"id": "t", "simulate": {"layout": "layers", "n_genes": 20}}
    config = load_yaml(CONFIG / "config.yaml") | {"methods": [method], "datasets": [tissue]}
    return load_benchmark(config, CONFIG).params(method, "t")


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("case", METHODS)
def test_not_a_byte_for_each_pair(case: str, tissues: dict[int, AnnData], tmp_path: Path) -> None:
    name = case.partition(",")[0]
    method, params = load_method(name, tmp_path), {**published(name), **SMALL, **METHODS[case]}
    # What is imported and compiled on first use is not the tissue's.
    method.fit(tissues[FEW], 5, 0, "cpu", params, lambda *_: None)
    tensors = LiveTensors()
    tracemalloc.start()
    try:
        with tensors:
            result = method.fit(tissues[CELLS], 5, 0, "cpu", params, lambda *_: None)
        arrays = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    checked(result, CELLS)
    assert arrays < CELLS**2
    assert 0 < tensors.peak < CELLS**2
