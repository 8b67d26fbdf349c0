"""How often the 95 % interval of a difference of two methods contains the true difference.

    python benchmarks/interval_coverage.py --trials 1000

Sections of four bands are made, on which two methods err at random places. Half of the errors
belong to the section (another section has others), half to the training seed. Errors are
independent between cells, or smooth with a correlation length given as a part of the section's
side. The true difference is the mean over all sections. The table is Markdown (docs/scores.md).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from stbench.results.statistics import Sample, difference
from stbench.scoring.block_bootstrap import ari_contributions
from stbench.scoring.blocks import spatial_blocks
from stbench.scoring.metrics import ari

N_CELLS, N_DOMAINS = 500, 4
N_WAVES = 40
LEVELS = (-0.9, -1.1)  # two methods, of which the second errs less


SEEDS, LENGTHS = (2, 3, 5, 10), (0.0, 0.05, 0.1)


def errors(coords: np.ndarray, length: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, cells) normal values, smooth with this correlation length (0: independent)."""
    if not length:
        return rng.normal(size=(n, len(coords)))
    waves = rng.normal(0, 1 / length, (n, 2, N_WAVES))
    phases = rng.uniform(0, 2 * np.pi, (n, 1, N_WAVES))
    return np.sqrt(2 / N_WAVES) * np.cos(coords @ waves + phases).sum(axis=2)


def one_method(
    coords: np.ndarray,
    true: np.ndarray,
    blocks: np.ndarray,
    level: float,
    length: float,
    n_seeds: int,
    rng: np.random.Generator,
) -> Sample:
    """Half of the errors belong to the section and half to the seed, which also has a level."""
    of_section, of_seed = (errors(coords, length, n, rng) for n in (1, n_seeds))
    noise = level + 0.1 * rng.normal(size=(n_seeds, 1))
    wrong = (of_section + of_seed) / np.sqrt(2) + noise > 0
    labels = np.where(wrong, (true + 1) % N_DOMAINS, true)
    return Sample(
        np.array([ari(true, one) for one in labels]),
        np.full(n_seeds, np.nan),
        np.array([ari_contributions(true, one[None], blocks) for one in labels]),
    )


def coverage(n_seeds: int, length: float, n_trials: int, seed: int = 0) -> float:
    """The share of intervals that contain the mean difference over many sections.

    Args:
        n_seeds: training seeds of each method.
        length: correlation length of errors, for a section of side 1; 0: independent.
        n_trials: number of sections.
        seed: of the random numbers.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_trials):
        coords = rng.random((N_CELLS, 2))
        true = (coords[:, 0] * N_DOMAINS).astype(int)
        blocks = spatial_blocks(coords)
        samples = [
            one_method(coords, true, blocks, level, length, n_seeds, rng) for level in LEVELS
        ]
        found.append(difference(*samples))
    expected = np.mean([one.mean for one in found])
    return float(np.mean([one.low <= expected <= one.high for one in found]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=1000, help="sections per row (default 1000)")
    args = parser.parse_args()
    print(f"| correlation length | {' | '.join(f'{n} seeds' for n in SEEDS)} |")
    print(f"|--:|{'--:|' * len(SEEDS)}")
    for length in LENGTHS:
        found = [f"{coverage(n, length, args.trials):.3f}" for n in SEEDS]
        print(f"| {length:g} | {' | '.join(found)} |", flush=True)


if __name__ == "__main__":
    main()
