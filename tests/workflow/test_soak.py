"""Struck at random moments and resumed each time, a benchmark ends with the same bytes.

No fit that has finished is trained again.

STBENCH_SOAK is the number of strikes (`make soak`: 50), STBENCH_SOAK_SEED chooses their moments.
"""

import os
import random
import time

from workflow.conftest import Workflow, copy_of_the_project, environment
from workflow.soak import Soak, small_disk

STRIKES = int(os.environ.get("STBENCH_SOAK", "5"))
SEED = int(os.environ.get("STBENCH_SOAK_SEED", "0"))
CONFIG = (
    "datasets=[{id: tissue, simulate: {layout: layers, n_cells: 60, n_genes: 20, n_domains: 2}}]",
    "methods=[sedr,pca]",
    "seeds=[0]",
    "clusterers=[kmeans]",
    "rank_by=kmeans",
    "params={sedr: {epochs: 2}}",
    "attempts=8",
)
ARGS = ("results/default/tables", "--retries", "7")


def kinds(rng: random.Random, disk: bool) -> list[str]:
    """What is done: rounds of each kind in a random order, those that need a fit running first."""
    faults = ["snakemake", "stage", *["disk"] * disk]  # a cut of the power is in all changes
    changes = ["move", "mirror", "configuration", "retry"]
    chosen: list[str] = []
    while len(chosen) < STRIKES:
        for some in (["fit", "supervisor"], faults, changes):
            chosen += rng.sample(some, min(len(some), STRIKES // 2))
    return chosen[:STRIKES]


def test_struck_at_random_moments_it_ends_with_the_same_tables(tmp_path):
    rng = random.Random(SEED)
    with small_disk(tmp_path / "run") as disk:
        source = copy_of_the_project(tmp_path / "copy")  # which nobody edits meanwhile
        (tmp_path / "run/here").mkdir()
        flow = Workflow(source, tmp_path / "run/here", environment())
        began = time.monotonic()
        undisturbed = flow.run(*CONFIG, args=ARGS)
        assert undisturbed.returncode == 0, undisturbed.stdout
        seconds = time.monotonic() - began
        soak = Soak(flow, CONFIG, ARGS, flow.tables(), rng)
        soak.clear()
        try:
            for kind in kinds(rng, disk):
                soak.strike(kind)
            soak.finish()
        finally:
            soak.clear()
    print(f"\nan undisturbed run: {seconds:.0f} s; full disks: {'yes' if disk else 'not allowed'}")
    print(*soak.strikes, sep="\n")
    print(
        f"{len(soak.strikes)} strikes, {soak.finished} runs to the end, every table the same, "
        f"{len(soak.trained_twice)} fits trained twice"
    )
    assert len(soak.strikes) == STRIKES and soak.finished
    assert not soak.trained_twice
