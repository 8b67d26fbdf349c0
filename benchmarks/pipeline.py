"""Cost of the pipeline itself: everything outside of a method's `fit`.

    python benchmarks/pipeline.py [--markdown FILE]        three to four minutes on two cores

Starts of programs, Snakemake's own work, a real run job by job, the stages around a fit on
simulated tissues, and from these the overhead of the larger configurations. All programs use one
thread. Seconds are CPU seconds, unless stated otherwise.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from stopwatch import REPOSITORY, SCRIPTS, spend, table

sys.path.insert(0, str(SCRIPTS))

import pipeline_prediction as prediction
import pipeline_run as small_run
import pipeline_stages as stages

from stbench.config.tasks import DOMAINS

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
CONFIGURATIONS = ("config", "real", "paper")
REPEATS = 5
ALLOWED_START = 0.3  # seconds more than bare Python
SPATIAL_SIZES = (1000, 5000, 20000, 50000)
NO_OP = """
rule all:
    input: expand("{i}.o", i=range(100))
rule one:
    output: "{i}.o"
    shell: "> {output}"
"""


def starts() -> str:
    """CPU seconds of each program's `--help` beyond bare Python, best of five."""
    programs = sorted(path.name for path in SCRIPTS.glob("*.py"))
    commands = {name: [sys.executable, SCRIPTS / name, "--help"] for name in programs}
    bare, best = float("inf"), dict.fromkeys(programs, float("inf"))
    for _ in range(REPEATS):
        for name, command in commands.items():
            bare = min(bare, spend([sys.executable, "-c", "pass"]).cpu)
            best[name] = min(best[name], spend(command).cpu)
    more = {name: seconds - bare for name, seconds in best.items()}
    slow = [name for name, seconds in more.items() if seconds > ALLOWED_START]
    rows = [(f"`{name}`", more[name]) for name in sorted(more, key=more.__getitem__, reverse=True)]
    verdict = "none is above" if not slow else f"above: {', '.join(slow)};"
    return "\n\n".join(
        [
            f"`--help` of each program of scripts/, seconds more than bare Python's {bare:.3f} "
            f"(best of {REPEATS}); {verdict} {ALLOWED_START} s. The slowest five:",
            table(("program", "seconds more"), rows[:5]),
        ]
    )


def snakemake(folder: Path) -> str:
    """An empty job, and the graph of jobs of each configuration."""
    (folder / "Snakefile").write_text(NO_OP, encoding="utf-8")
    quiet = ("--cores", 1, "--quiet=all")
    one = spend([SNAKEMAKE, *quiet, "0.o"], folder)
    all_of_them = spend([SNAKEMAKE, *quiet], folder)
    a_job = (all_of_them.cpu - one.cpu) / 98  # one of the hundred already existed
    rows = []
    for name in CONFIGURATIONS:
        command = [SNAKEMAKE, "-n", "--quiet=rules", "--snakefile", REPOSITORY / "Snakefile"]
        command += ["--directory", folder, "--configfile", REPOSITORY / f"config/{name}.yaml"]
        spent = spend(command)
        rows.append((f"`config/{name}.yaml`", small_run.jobs_of(spent.output), spent.cpu))
    return "\n\n".join(
        [
            f"Snakemake runs a rule's shell command from its own process: an empty job "
            f"costs {1000 * a_job:.0f} ms. Starting it takes {one.cpu:.1f} s. Dry runs:",
            table(("configuration", "jobs", "seconds"), rows),
        ]
    )


def stage_tables(measured: Mapping[int, stages.Stages]) -> str:
    """Costs of stages by number of cells, with their share of STAGUE's training."""
    small, large = (measured[size] for size in stages.SIZES)
    rows = [
        ("simulate, s", small.simulate, large.simulate),
        ("preprocess, s", small.preprocess, large.preprocess),
        ("a fit without computation, s", small.start, large.start),
        ("peak memory of these and of STAGUE, MiB", small.peak_mb, large.peak_mb),
        ("an epoch of STAGUE, s", small.epoch, large.epoch),
        ("writing its embedding, share", *(_percent(m.writing / m.epoch) for m in (small, large))),
        (
            "clustering it (k-means, 5 seeds), share",
            *(_percent(m.clustering / m.epoch) for m in (small, large)),
        ),
        ("scoring a control, s", small.score, large.score),
    ]
    rows += [
        (
            f"clustering a control by {', '.join(names)}, s",
            small.cluster[names],
            large.cluster[names],
        )
        for names in small.cluster
    ]
    spatial = stages.spatial_costs(SPATIAL_SIZES)
    return "\n\n".join(
        [
            f"Simulated tissues of {stages.GENES} genes; shares are of the training.",
            table(("", *(f"{size} cells" for size in measured)), rows),
            "CHAOS, PAS and ASW of one labeling with seven domains, seconds; the memory is that of "
            "the whole process. Of more than 20 000 cells ASW is the mean of a sample:",
            table(("cells", "CHAOS", "PAS", "ASW", "MiB"), spatial),
        ]
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--markdown", type=Path, help="file to write (default: print)")
    target = parser.parse_args().markdown

    benchmarks = prediction.benchmarks()
    clusterers = [prediction.KMEANS]
    clusterers += [tuple(benchmark.config["clusterers"]) for benchmark in benchmarks.values()]
    stague = benchmarks["real"].method(DOMAINS, "stague")["params"]
    with tempfile.TemporaryDirectory() as scratch:
        folders = {
            name: Path(scratch) / name for name in ("snakemake", "run", *map(str, stages.SIZES))
        }
        for folder in folders.values():
            folder.mkdir()
        text = ["### Starting programs", starts(), "### Snakemake", snakemake(folders["snakemake"])]
        run = small_run.measure(SNAKEMAKE, folders["run"])
        measured = {
            size: stages.measure(size, clusterers, stague, folders[str(size)])
            for size in stages.SIZES
        }
    text += ["### A real run, job by job", small_run.as_markdown(run)]
    text += ["### Stages around a fit", stage_tables(measured)]
    text += ["### Overhead of the larger configurations"]
    text += [prediction.as_markdown(benchmarks, measured, run)]
    page = "\n\n".join(text) + "\n"
    if target:
        target.write_text(page, encoding="utf-8")
    else:
        print(page)


if __name__ == "__main__":
    main()
