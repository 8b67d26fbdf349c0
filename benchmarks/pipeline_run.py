"""A small default run, and the time of each of its jobs inside a method's `fit`."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from stopwatch import REPOSITORY, spend, table

DATASET = "BZ5"  # its raw file is in the repository
JOBS_AT_ONCE = 2


@dataclass(frozen=True)
class Rule:
    """The jobs of one rule: their number, wall-clock seconds, and seconds inside `fit`."""

    jobs: int
    seconds: float
    inside: float

    @property
    def each(self) -> float:
        return self.seconds / self.jobs


def measure(snakemake: str, folder: Path) -> dict[str, Rule]:
    """Run the default configuration on one dataset.

    Returns:
        By rule, in the order of their cost outside of fits.
    """
    spend(
        [
            *(snakemake, "--snakefile", REPOSITORY / "Snakefile", "--directory", folder),
            *("--cores", JOBS_AT_ONCE, "--config", f"datasets=[{DATASET}]"),
        ]
    )
    inside = _inside(folder / "results/fits")
    rules = {}
    for name, jobs in seconds_of_jobs(folder).items():
        rules[name] = Rule(len(jobs), sum(jobs), inside.get(name.removeprefix("train_"), 0.0))
    return dict(sorted(rules.items(), key=lambda item: item[1].inside - item[1].seconds))


def seconds_of_jobs(folder: Path) -> dict[str, list[float]]:
    """Seconds of each job by rule. Snakemake keeps a record of every output file."""
    jobs = {}
    for path in filter(Path.is_file, (folder / ".snakemake/metadata").rglob("*")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record.get("endtime"):
            jobs[record["rule"], str(record["log"])] = record["endtime"] - record["starttime"]
    by_rule = defaultdict(list)
    for (rule, _), seconds in jobs.items():
        by_rule[rule].append(seconds)
    return by_rule


def _inside(fits: Path) -> dict[str, float]:
    """Seconds inside `fit`, by method; those of other settings of a method as `variant`."""
    from stbench.common.h5ad import read_elements

    seconds: dict[str, float] = defaultdict(float)
    for path in fits.glob("*/*/*/seed*/fit.h5ad"):
        method = "variant" if "__" in path.parts[-4] else path.parts[-4]
        seconds[method] += read_elements(path, "uns/fit")["uns/fit"]["seconds"]
    return seconds


def jobs_of(output: str) -> int:
    """The number of jobs in a dry run's output."""
    total = re.search(r"^total +(\d+)$", output, re.MULTILINE)
    if total is None:
        raise RuntimeError(f"no table of jobs in: {output[-500:]}")
    return int(total[1])


def as_markdown(run: dict[str, Rule]) -> str:
    """Costs by rule, and the share outside of fits."""
    total = sum(rule.seconds for rule in run.values())
    inside = sum(rule.inside for rule in run.values())
    rows = [
        (
            name,
            rule.jobs,
            rule.seconds,
            rule.inside,
            _share(rule.seconds - rule.inside, total),
        )
        for name, rule in run.items()
    ]
    return "\n\n".join(
        [
            f"The default configuration on {DATASET} alone, with all published epochs, "
            f"{JOBS_AT_ONCE} jobs at a time: {total:.0f} s of wall time in jobs, {inside:.0f} s of "
            f"them inside `fit`, so {_share(total - inside, total)} are overhead. One tissue of a "
            "thousand cells is the worst case: the cost of a job matters most if fits are short.",
            table(("rule", "jobs", "seconds", "inside fit", "overhead"), rows),
        ]
    )


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %"
