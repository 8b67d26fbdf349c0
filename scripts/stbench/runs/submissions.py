"""The jobs of a benchmark in bundles, each of which a cluster receives as one job.

A cluster works better with jobs of minutes to hours than with thousands of short ones. The jobs of
a benchmark are therefore bundled by their predicted time, in four kinds:

``data``    datasets, each with its fastest methods up to their scores, as all else waits for it
``cpu``     other methods with short fits on the CPU, up to their scores
``gpu``     short fits of methods that use a GPU, and nothing else
``scores``  labels and scores of all other methods, and the tables at the end

A fit that takes long is not bundled. A bundle can start when the inputs of all its jobs exist; as
the bundles of a kind are consecutive parts of an order in which each job follows its inputs, no
bundle waits for itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.config.tasks import DOMAINS, INTEGRATION, INTERACTIONS
from stbench.runs.fit_costs import FitCost
from stbench.runs.job_costs import TABLES, Job, JobCosts

LEAST, MOST = 300, 5400  # seconds of a bundle
ALONE = 1800  # seconds of a fit that is not bundled
JOBS = 500  # of a bundle at most: their names are one argument of a command, of at most 128 KiB
SLACK = 2  # requested time, relative to the prediction
FLOORS = {"data": 10, "preprocess": 10, "tables": 30}  # minutes requested at least; others: 2
SUPERVISOR_MINUTES = 10  # time of a job beyond the limit of its fit, to record the outcome


@dataclass(frozen=True)
class Bundle:
    """Jobs that run one after another as one job of the cluster.

    Attributes:
        name: identifies it.
        jobs: in an order in which each follows its inputs.
        seconds: predicted, without jobs that are done.
        minutes: that each job contributes to the time limit.
    """

    name: str
    jobs: tuple[Job, ...]
    seconds: float
    minutes: Mapping[Job, int]


@dataclass(frozen=True)
class Submissions:
    """How the jobs that are not done are submitted.

    Attributes:
        bundles: several jobs each.
        alone: predicted seconds of the fits that are not bundled.
    """

    bundles: Sequence[Bundle]
    alone: Mapping[Job, float]

    def __len__(self) -> int:
        return len(self.bundles) + len(self.alone)

    @cached_property
    def bundle_of(self) -> dict[Job, Bundle]:
        """The bundle of each job that has one."""
        return {job: bundle for bundle in self.bundles for job in bundle.jobs}


def submissions(
    benchmark: Benchmark, layout: Layout, costs: Mapping[tuple[str, str], FitCost]
) -> Submissions:
    """Bundle the jobs of a benchmark that are not done.

    Args:
        benchmark: the configuration.
        layout: of the results; existing outputs are done.
        costs: of a fit of each entry.
    """
    seconds = JobCosts(benchmark, layout, costs).seconds

    def total(jobs: Iterable[Job]) -> float:
        return sum(map(seconds, jobs))

    parts: dict[str, list[list[Job]]] = {"data": [], "cpu": [], "gpu": [], "scores": []}
    alone: dict[Job, float] = {}
    for dataset in _in_order(benchmark):
        whole: list[list[Job]] = []
        for method in _methods(benchmark, dataset):
            on_gpu = costs[dataset, method].gpus > 0
            fits = [Job("fit", dataset, method, seed) for seed in benchmark.seeds(method, dataset)]
            scores = [Job(stage, dataset, method) for stage in _stages(benchmark, dataset, method)]
            short = all(seconds(fit) < ALONE for fit in fits)
            if short and not on_gpu and total(fits + scores) <= MOST:
                whole.append(fits + scores)
                continue
            parts["scores"].append(scores)
            parts["gpu" if on_gpu else "cpu"] += [[fit] for fit in fits if seconds(fit) < ALONE]
            alone |= {fit: seconds(fit) for fit in fits if seconds(fit) >= ALONE}
        first = [Job("data", dataset), Job("preprocess", dataset)]
        for jobs in sorted(whole, key=total):
            if total(first) < LEAST:
                first += jobs
            else:
                parts["cpu"].append(jobs)
        parts["data"].append(first)
    parts["scores"].append([TABLES])
    bundles = [
        Bundle(
            name=f"{kind}-{number}",
            jobs=tuple(jobs),
            seconds=total(jobs),
            minutes=dict(_minutes(benchmark, jobs, seconds)),
        )
        for kind, some in parts.items()
        for number, jobs in enumerate(packed(some, total, LEAST if kind == "data" else MOST), 1)
    ]
    return Submissions(bundles, alone)


def packed(
    parts: Iterable[Sequence[Job]], total: Callable[[Iterable[Job]], float], most: float
) -> list[list[Job]]:
    """Join consecutive parts to bundles: up to ``most`` seconds, but not below ``LEAST``.

    A bundle has at most ``JOBS`` jobs. Parts whose jobs are all done are left out.

    Args:
        parts: jobs that stay together.
        total: seconds of jobs.
        most: seconds of a bundle.
    """
    bundles: list[list[Job]] = []
    filled = math.inf
    for part in parts:
        more = total(part)
        if not more:
            continue
        is_wanted = filled + more <= most or filled < LEAST
        if is_wanted and len(bundles[-1]) + len(part) <= JOBS:
            bundles[-1] += part
            filled += more
        else:
            bundles.append(list(part))
            filled = more
    if filled < LEAST and len(bundles) > 1 and len(bundles[-2]) + len(bundles[-1]) <= JOBS:
        last = bundles.pop()
        bundles[-1] += last
    return bundles


def _in_order(benchmark: Benchmark) -> list[str]:
    """All datasets, each after those that it is made of."""
    order: dict[str, None] = {}

    def add(name: str) -> None:
        if name in benchmark.datasets:
            for part in benchmark.datasets[name].get("parts", []):
                add(part["id"])
            if (base := benchmark.base(name)) != name:
                add(base)
        order.setdefault(name)

    for name in (*benchmark.made, *benchmark.datasets):
        add(name)
    return list(order)


def _methods(benchmark: Benchmark, dataset: str) -> list[str]:
    """The methods that are fitted on a dataset; none on a part that was not chosen itself."""
    chosen = dataset in benchmark.datasets
    return benchmark.methods_of(benchmark.task(dataset), dataset) if chosen else []


def _stages(benchmark: Benchmark, dataset: str, method: str) -> Iterator[str]:
    """The stages after the fits of an entry."""
    if benchmark.task(dataset) == DOMAINS:
        yield "cluster"
    yield "score"
    for task in (INTEGRATION, INTERACTIONS):
        if dataset in benchmark.datasets_of(task) and method in benchmark.methods_of(task, dataset):
            yield task


def _minutes(
    benchmark: Benchmark, jobs: Sequence[Job], seconds: Callable[[Job], float]
) -> Iterator[tuple[Job, int]]:
    """Time for each job, and once for a fit that does not end before its own limit."""
    fits = [job for job in jobs if job.stage == "fit"]
    limits = {fit: SUPERVISOR_MINUTES + benchmark.minutes(fit.method, fit.dataset) for fit in fits}
    longest = max(fits, key=limits.__getitem__, default=None)
    for job in jobs:
        more = limits[job] if job == longest else 0
        least = FLOORS.get(job.stage, 2)
        yield job, max(least, math.ceil(SLACK * seconds(job) / 60)) + more
