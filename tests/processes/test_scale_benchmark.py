"""benchmarks/scale.py: what it reads from a fit, and its table."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import pytest

from helpers.programs import run_here, run_main
from stbench.common.errors import run_cli
from stbench.common.paths import PROJECT, SCRIPTS

PROGRAM = PROJECT / "benchmarks/scale.py"
specification = importlib.util.spec_from_file_location("scale_benchmark", PROGRAM)
assert specification is not None
assert specification.loader is not None
scale = importlib.util.module_from_spec(specification)
sys.modules[specification.name] = scale  # where dataclasses look for their module
specification.loader.exec_module(scale)


def test_an_epoch_is_what_lies_between_the_ends_of_two() -> None:
    # Start-up, then four epochs of one step; what comes later is another stage.
    assert scale.epoch_times([9, 11, 13, 15, 95, 99], 1) == (0, 2)
    # Epochs of two steps: half a second between them, two seconds in all.
    ends = [9, 9.5, 11, 11.5, 13, 13.5, 15, 15.5]
    assert scale.epoch_times(ends, 2) == (0.5, 2)


def test_exponents_of_what_grows() -> None:
    def fits(memory: float, seconds: float) -> list[object]:
        sizes = (500, 5000, 10000, 20000)
        return [
            scale.Measured("m", n, 400 + 1e-4 * (n - 500) ** memory, 1e-6 * n**seconds, 1.0)
            for n in sizes
        ]

    assert scale.exponents(fits(1, 1)) == pytest.approx((1, 1))
    assert scale.exponents(fits(2, 1.5)) == pytest.approx((2, 1.5))
    failed = scale.Measured("m", 40000, 8000, failure="oom: too much")
    assert scale.exponents([*fits(1, 2), failed]) == pytest.approx((1, 2))
    assert all(math.isnan(number) for number in scale.exponents([failed, failed]))


@pytest.fixture
def run(monkeypatch):
    """The program in this process, from tissues of 60 cells on; fits are processes as ever."""
    start = scale.run

    def here(program: str, *arguments: object) -> None:
        if program == "run_fit.py":
            start(program, *arguments)
        else:
            done = run_here(SCRIPTS / program, *arguments)
            assert done.returncode == 0, done.stderr

    monkeypatch.setattr(scale, "BASE_CELLS", 60)
    monkeypatch.setattr(scale, "run", here)
    words = (PROGRAM, "--methods", "scanit", "--genes", 20)
    return lambda *options: run_main(lambda: run_cli(scale.main), *words, *options)


def test_a_line_for_each_size(run, tmp_path: Path) -> None:
    page = tmp_path / "scale.md"
    done = run("--cells", 80, "--markdown", page)
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1:-1] for line in page.read_text().splitlines() if "| ok" in line]
    assert [(row[0].strip(), int(row[1])) for row in rows] == [("scanit", 60), ("scanit", 80)]
    assert all(float(cell) > 0 for row in rows for cell in row[2:5])
    assert page.read_text() == done.stdout


def test_failures_are_named(run) -> None:
    done = run("--cells", 80, "--mem-mb", 150)
    assert done.returncode == 1
    assert "| scanit | 80 |" in done.stdout
    assert "oom: more than the 150 MB of memory" in done.stdout
    assert done.stderr.strip() == "error: 2 fits failed: scanit at 60, scanit at 80"
    assert "must be above 60" in run("--cells", 40).stderr
