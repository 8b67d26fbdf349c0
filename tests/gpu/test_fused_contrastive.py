"""The compiled kernels of NT-Xent on a CUDA device: values, repeatability, memory, errors."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from helpers.nt_xent_views import exact, relative_error, views
from methods.stague import contrastive
from methods.stague.contrastive import nt_xent

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")
# Largest errors of the loss and of its gradients.
LIMITS = {"ieee": (1e-6, 1e-5), "tf32x3": (1e-6, 1e-5), "tf32": (1e-4, 2e-3)}


def fused(a: Tensor, b: Tensor, precision: str) -> tuple[Tensor, tuple[Tensor, ...]]:
    from methods.stague.fused_contrastive import FusedNTXent

    loss = FusedNTXent.apply(a, b, precision)
    return loss, torch.autograd.grad(loss, (a, b))


@pytest.mark.parametrize("d", [64, 100, 128])
@pytest.mark.parametrize("n", [2, 63, 64, 65, 1000, 5000])
@pytest.mark.parametrize("precision", LIMITS)
def test_the_kernels_equal_the_tiles_in_float64(
    precision: str, n: int, d: int, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = views(n, d, "cuda")
    (loss, gradients), (exact_loss, exact_gradients) = fused(a, b, precision), exact(a, b)
    of_loss = relative_error(loss, exact_loss)
    of_gradients = max(map(relative_error, gradients, exact_gradients))
    with capsys.disabled():
        print(f"\n{precision}, {n} x {d}: error {of_loss:.0e}, of gradients {of_gradients:.0e}")
    assert of_loss < LIMITS[precision][0]
    assert of_gradients < LIMITS[precision][1]


def test_the_loss_of_stague_uses_the_kernels() -> None:
    assert contrastive._triton_works()
    assert contrastive._can_be_fused(torch.zeros(2, 64, device="cuda"))
    assert not contrastive._can_be_fused(torch.zeros(2, 64, device="cuda", dtype=torch.float64))
    assert not contrastive._can_be_fused(torch.zeros(2, 129, device="cuda"))


@pytest.mark.parametrize(("n", "batch"), [(1, 0), (65, 0), (1000, 300), (601, 300)])
@pytest.mark.parametrize("way", [*LIMITS, "tiles"])
def test_the_loss_of_stague_equals_that_on_a_cpu(way: str, n: int, batch: int) -> None:
    z1, z2 = (z.detach() for z in views(n, 64))
    cpu = nt_xent(z1.double(), z2.double(), 0.3, batch)
    gpu = nt_xent(z1.cuda(), z2.cuda(), 0.3, batch, on_cuda=way)
    limit = LIMITS.get(way, LIMITS["ieee"])[0]
    assert gpu.item() == pytest.approx(cpu.item(), rel=limit, abs=1e-12)


@pytest.mark.parametrize("precision", LIMITS)
def test_the_same_input_gives_the_same_bytes(precision: str) -> None:
    a, b = views(150_000, 64, "cuda")  # several blocks of rows in a strip
    first, second = fused(a, b, precision), fused(a, b, precision)
    assert torch.equal(first[0], second[0])
    assert all(map(torch.equal, first[1], second[1]))


def test_memory_is_linear_in_the_cells() -> None:
    cells = 150_000
    a, b = views(cells, 64, "cuda")
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    fused(a, b, "ieee")
    assert torch.cuda.max_memory_allocated() - before < 5000 * cells
