"""Draw small faults in the core, one at a time, and count how many the tests notice.

``PYTHONPATH=tests python -m mutants``; the same seed draws the same faults of the same code.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from mutants.core import CORE
from mutants.mutations import Mutation, mutations
from mutants.trial import Trial

PROJECT = Path(__file__).resolve().parents[2]
LEAST = 90  # percent to be killed
Mutant = tuple[str, Mutation]  # file below the project, and the fault in it


def draw(
    project: Path, core: Mapping[str, tuple[str, ...]], only: str, number: int, seed: int
) -> list[Mutant]:
    """A sample of the mutants of the files of the core whose path matches a pattern, in order."""
    files = sorted({path for pattern in core for path in project.glob(pattern)})
    names = [path.relative_to(project).as_posix() for path in files]
    every = [
        (name, mutation)
        for name in names
        if fnmatch(name, f"*{only}*")
        for mutation in mutations((project / name).read_bytes())
    ]
    random.Random(seed).shuffle(every)  # so a smaller sample is a part of a larger one
    return sorted(every[:number])


def checks_of(name: str, core: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The tests of the first pattern that matches a file."""
    return next(tests for pattern, tests in core.items() if fnmatch(name, pattern))


def survivors(
    trial: Trial, mutants: Iterable[Mutant], core: Mapping[str, tuple[str, ...]]
) -> list[Mutant]:
    """The mutants that no test notices; each is printed."""
    alive = []
    for name, mutation in mutants:
        if not trial.kills(name, mutation, checks_of(name, core)):
            alive.append((name, mutation))
            print(described(trial.folder, name, mutation), flush=True)
    return alive


def described(project: Path, name: str, mutation: Mutation) -> str:
    source = (project / name).read_bytes()
    return f"{name}:{mutation.line(source)}: {mutation.shown(source)}"


def verdict(total: int, alive: int, seed: int, seconds: float) -> str:
    killed = total - alive
    share = 100 * killed / total
    return (
        f"{total} mutants, {killed} killed ({share:.0f} %), {alive} survived, seed {seed}, "
        f"{seconds:.0f} s"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 if fewer than 90 % are killed."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--mutants", type=int, default=100, metavar="N", help="default: 100")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--only", default="", metavar="PATTERN", help="files, such as ranking/*")
    parser.add_argument("--list", action="store_true", help="show the mutants, run nothing")
    args = parser.parse_args(arguments)
    mutants = draw(PROJECT, CORE, args.only, args.mutants, args.seed)
    if not mutants:
        parser.error(f"--only {args.only}: no file of the core matches")
    if args.list:
        print(*(described(PROJECT, *mutant) for mutant in mutants), sep="\n")
        return 0
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stbench-mutants-") as folder:
        alive = survivors(Trial(PROJECT, Path(folder) / "project"), mutants, CORE)
    print(verdict(len(mutants), len(alive), args.seed, time.monotonic() - begin))
    return int(100 * (len(mutants) - len(alive)) < LEAST * len(mutants))


def _stop(number: int, frame: object) -> None:
    sys.exit(128 + number)  # on the way the tests are ended and the copy is deleted


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    sys.exit(main())
