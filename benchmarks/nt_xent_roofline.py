"""What an epoch of STAGUE must take on a GPU that is not available, by its published rates.

    python benchmarks/nt_xent_roofline.py

The loss in Triton makes five products of n x n x 64 and three n x n exponentials; its time is the
sum of both, or that of its memory traffic if this is more, with no tile found in the L2 cache. In
tiles of torch it makes four products and two exponentials, and moves 56 bytes of memory per pair of
cells. The rest of an epoch is the time of the encoders' products in float32 plus that of the bytes
that its operations read and write, which are counted on this CPU. `limit` is what stague_epoch.py
compares with: three products, one exponential, the encoders' products. The start of kernels and the
tails of their grids are left out, so a card needs more.

The errors are relative to float64, for both views of 2000 cells; TF32 is emulated here by rounding
the factors of each product.

On a machine with a CUDA device, forward and backward pass of the loss alone are measured as well.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "scripts"))

CELLS = (20_000, 65_536, 100_000, 1_000_000)
COUNTED = (1000, 2000)  # cells at which bytes are counted
COLUMNS = 64  # of the projections
# Products on the card for one of float32, and rows of a tile of the kernel.
WAYS = {"ieee": (1, 64), "tf32x3": (3, 128), "tf32": (1, 128)}


@dataclass(frozen=True)
class Card:
    """Peak rates per second: flops, bytes of memory, exponentials."""

    name: str
    float32: float
    tf32: float
    bandwidth: float
    exps: float

    def product(self, way: str) -> float:
        """Flops of float32 per second, for products computed this way."""
        return (self.float32 if way == "ieee" else self.tf32) / WAYS[way][0]


H100 = Card("H100 SXM", 67e12, 495e12, 3.35e12, 3.9e12)


def fused(n: int, card: Card, way: str) -> float:
    """Seconds of the fused loss."""
    pairs = float(n) * n
    computed = 5 * 2 * COLUMNS * pairs / card.product(way) + 3 * pairs / card.exps
    per_column = 3 * COLUMNS + 2  # its values in three passes; its sum is read and written
    return max(computed, 4 * per_column * pairs / WAYS[way][1] / card.bandwidth)


def tiled(n: int, card: Card) -> float:
    """Seconds of the loss in tiles of torch, whose operations run one after another."""
    pairs = float(n) * n
    products = 4 * 2 * COLUMNS * pairs / card.float32
    return products + 56 * pairs / card.bandwidth


def counted_bytes(n: int) -> float:
    """Bytes that the operations of one epoch read and write, without the n x n loss."""
    from stague_epoch import tissue
    from torch import Tensor
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    from methods.stague.model import fit

    def size(value: object) -> int:
        if not isinstance(value, Tensor):
            return 0
        if value.is_sparse_csr:
            parts = (value.crow_indices(), value.col_indices(), value.values())
            return sum(map(size, parts))
        return value.numel() * value.element_size()

    class Count(TorchDispatchMode):
        total = 0

        def __torch_dispatch__(
            self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            result = operation(*args, **(kwargs or {}))
            if not operation.is_view:
                self.total += sum(map(size, tree_leaves((args, kwargs, result))))
            return result

    def of(epochs: int) -> int:
        params = {"epochs": epochs, "nt_xent": "sampled", "negatives": 2}
        with Count() as count:
            fit(tissue(n), 1, 0, "cpu", params, lambda *_: None)
        return count.total

    return float(of(2) - of(1))


def rest(card: Card) -> Callable[[int], float]:
    """Seconds of an epoch without the loss, for a number of cells."""
    from stague_epoch import arithmetic

    few, many = COUNTED
    per_cell = (counted_bytes(many) - counted_bytes(few)) / (many - few)
    print(f"{per_cell / 1024:.0f} kB read and written per cell and epoch", file=sys.stderr)

    def seconds(n: int) -> float:
        flops, pairs = arithmetic(n)
        return (flops - 6 * COLUMNS * pairs) / card.float32 + per_cell * n / card.bandwidth

    return seconds


def predictions(card: Card) -> str:
    from stague_epoch import arithmetic
    from stopwatch import table

    remainder = rest(card)
    rows = []
    for n in CELLS:
        flops, exps = arithmetic(n)
        other = remainder(n)
        limit = flops / card.float32 + exps / card.exps
        ways = [_ms(fused(n, card, way) + other) for way in WAYS]
        rows.append([f"{n:,}".replace(",", " "), _ms(limit), _ms(tiled(n, card) + other), *ways])
    return table(["cells", "limit", "tiles of torch", *(f"Triton, {way}" for way in WAYS)], rows)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g}" if seconds < 1 else f"{seconds * 1000:.0f}"


def rounded(values: Any) -> Any:
    """Float32 rounded to the 11 significant bits of TF32."""
    import torch

    bits = values.contiguous().view(torch.int32)
    return ((bits + 0x1000) & ~0x1FFF).view(torch.float32)


def product(left: Any, right: Any, way: str) -> Any:
    """A product of float32 as the card computes it this way."""
    if way == "ieee":
        return left @ right
    large = rounded(left), rounded(right)
    if way == "tf32":
        return large[0] @ large[1]
    small = rounded(left - large[0]), rounded(right - large[1])
    return large[0] @ large[1] + (large[0] @ small[1] + small[0] @ large[1])


def errors() -> str:
    """Relative errors of the loss and its gradient in each way, against float64."""
    import torch
    from stopwatch import table

    generator = torch.Generator().manual_seed(0)
    z1, z2 = torch.randn(2, COUNTED[1], COLUMNS, generator=generator)
    a = torch.nn.functional.normalize(z1, dim=1) / 0.3
    b = torch.nn.functional.normalize(z1 + z2, dim=1)

    def loss(a: Any, b: Any, way: str) -> tuple[Any, Any]:
        e = product(a, b.T, way).exp().fill_diagonal_(0)
        rows, columns = e.sum(1), e.sum(0)
        weights = e * (1 / rows[:, None] + 1 / columns)
        weights.fill_diagonal_(-2)
        value = (rows.log() + columns.log() - 2 * (a * b).sum(1)).mean() / 2
        return value.double(), product(weights, b, way).double()

    exact = loss(a.double(), b.double(), "ieee")
    rows = []
    for way in WAYS:
        found = zip(loss(a, b, way), exact, strict=True)
        rows.append([way, *(f"{((x - y).norm() / y.norm()).item():.0e}" for x, y in found)])
    return table(["products", "error of the loss", "error of the gradient"], rows)


def measured() -> str:
    """Milliseconds of the loss with its gradients on the device here; median of five."""
    from statistics import median

    import torch
    from stopwatch import table

    from methods.stague.contrastive import _NTXent, _tile
    from methods.stague.fused_contrastive import FusedNTXent

    def milliseconds(n: int, way: str) -> float:
        a, b = (torch.randn(n, COLUMNS, device="cuda") for _ in range(2))
        a, b = (torch.nn.functional.normalize(z).requires_grad_() for z in (a, b))
        times = []
        for _ in range(6):  # the first compiles
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            tiles = way == "tiles"
            loss = (
                _NTXent.apply(a, b, _tile(n, a.device)) if tiles else FusedNTXent.apply(a, b, way)
            )
            torch.autograd.grad(loss, (a, b))
            end.record()
            torch.cuda.synchronize()
            times.append(start.elapsed_time(end))
        return median(times[1:])

    ways = ["tiles", *WAYS]
    rows = [[f"{n:,}".replace(",", " "), *(milliseconds(n, way) for way in ways)] for n in CELLS]
    return table(["cells", "tiles of torch", *(f"Triton, {way}" for way in WAYS)], rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--markdown", type=Path, help="file to write")
    args = parser.parse_args()
    import torch

    rates = (
        f"{H100.float32 / 1e12:.0f} TFLOP/s in float32, {H100.tf32 / 1e12:.0f} in TF32, "
        f"{H100.bandwidth / 1e12:.2f} TB/s, {H100.exps / 1e12:.1f} x 10^12 exp/s"
    )
    text = [
        f"Milliseconds of an epoch on an {H100.name} ({rates}), predicted, not measured:",
        predictions(H100),
        "Errors of the three kinds of products relative to float64, 2000 cells:",
        errors(),
    ]
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        text += [f"The loss alone, measured on {name}, milliseconds:", measured()]
    else:
        text.append("Nothing was measured: no CUDA device was available.")
    print("\n\n".join(text))
    if args.markdown:
        args.markdown.write_text("\n\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
