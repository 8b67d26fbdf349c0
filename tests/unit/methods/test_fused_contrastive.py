"""NT-Xent in Triton against the tiles of torch, computed by Triton's interpreter without a GPU."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from types import ModuleType

import pytest
import torch

from helpers.nt_xent_views import exact, relative_error, views
from stbench.common.paths import SCRIPTS

triton = pytest.importorskip("triton", reason="Triton is not installed: make lint, on Linux")
pytestmark = pytest.mark.skipif(
    torch.cuda.is_available(), reason="tests/gpu compiles the kernels; interpreting disturbs that"
)
FILE = SCRIPTS / "methods/stague/fused_contrastive.py"


@pytest.fixture(scope="module")
def fused() -> Iterator[ModuleType]:
    """A copy of the module whose kernels are interpreted; tests on a GPU compile the original."""
    spec = importlib.util.spec_from_file_location("interpreted_contrastive", FILE)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_INTERPRET", "1")
        patch.setattr(triton.language, "sum", triton.jit(triton.language.sum.fn))
        spec.loader.exec_module(module)
        yield module


def check(fused: ModuleType, n: int, d: int) -> None:
    """Compare loss and gradients with the exact ones."""
    a, b = views(n, d)
    loss = fused.FusedNTXent.apply(a, b, "ieee")
    gradients = torch.autograd.grad(3 * loss, (a, b))
    exact_loss, exact_gradients = exact(a, b)
    assert relative_error(loss, exact_loss) < 1e-6
    for ours, theirs in zip(gradients, exact_gradients, strict=True):
        assert relative_error(ours, 3 * theirs) < 1e-5


@pytest.mark.parametrize("d", [64, 128])
@pytest.mark.parametrize("n", [2, 63, 64, 65])
def test_values_and_gradients_equal_those_of_the_tiles(fused: ModuleType, n: int, d: int) -> None:
    check(fused, n, d)


def test_columns_need_not_be_a_power_of_two(fused: ModuleType) -> None:
    check(fused, 40, 5)


@pytest.mark.parametrize("d", [64, 128])
def test_a_thousand_cells_in_strips_of_several_blocks(
    fused: ModuleType, d: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sums of columns are continued from block to block of a strip."""
    monkeypatch.setattr(fused, "_MAX_STRIPS", 6)
    # Few and large tiles, because interpreting each of them is slow.
    monkeypatch.setitem(fused._TILES, "ieee", (64, 512))
    assert fused.strips(1000, 64) == (6, 3)
    check(fused, 1000, d)


@pytest.mark.parametrize("rows", [64, 128])
def test_every_strip_has_a_block_and_memory_stays_linear(fused: ModuleType, rows: int) -> None:
    for n in (2, 128, 129, 67_584, 67_585, 100_000, 1_000_000):
        strips, blocks = fused.strips(n, rows)
        assert strips <= 528
        assert (strips - 1) * blocks * rows < n <= strips * blocks * rows
