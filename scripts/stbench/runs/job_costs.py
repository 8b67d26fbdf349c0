"""The jobs of a benchmark and their predicted seconds on one core.

The times of fits are those of the cost model, or a share of the time limit if the method was never
measured. The others are coarse, from the sections "Stages around a fit" and "A real run, job by
job" of benchmarks/RESULTS.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from stbench.common.limits import TRAINED_AGAIN
from stbench.config.benchmark import Benchmark
from stbench.config.layout import SPOTS, Layout
from stbench.config.tasks import DECONVOLUTION, DOMAINS
from stbench.runs.fit_costs import LIMIT, FitCost

UNMEASURED = 0.1  # of its time limit, expected of a fit whose method was never measured


class Job(NamedTuple):
    """One job: its stage, and what identifies it within the stage.

    The stages are ``data`` (a dataset is prepared, simulated, joined or degraded), ``preprocess``,
    ``fit``, ``cluster``, ``score``, ``integration``, ``interactions``, and ``tables`` for all jobs
    that need the scores of several methods.
    """

    stage: str
    dataset: str = ""
    method: str = ""
    seed: int | None = None


TABLES = Job("tables")


class JobCosts:
    """The predicted seconds of each job that is not done.

    Args:
        benchmark: the configuration.
        layout: of the results; existing outputs are done.
        costs: of a fit of each entry.
    """

    def __init__(
        self, benchmark: Benchmark, layout: Layout, costs: Mapping[tuple[str, str], FitCost]
    ) -> None:
        self._benchmark, self._layout, self._costs = benchmark, layout, costs
        self.seconds = cache(self._seconds)

    def _seconds(self, job: Job) -> float:
        """Seconds of a job; 0 if it is done."""
        if job == TABLES:
            return 20.0 + 15.0 * len(self._benchmark.datasets)
        return 0.0 if self._output(job).exists() else self._predicted(job)

    def _output(self, job: Job) -> Path:
        """An output that exists only if the job is done."""
        layout, dataset, method = self._layout, job.dataset, job.method
        match job.stage:
            case "data" if dataset in self._benchmark.pairs:
                return layout.pair(dataset, SPOTS)
            case "data":
                return layout.data(dataset)
            case "preprocess":
                return layout.preprocessed(dataset)
            case "fit":
                assert job.seed is not None
                return layout.fit_status(dataset, method, job.seed)
            case "cluster":
                return layout.labels(dataset, method)
            case "score":
                return layout.scores(dataset, method)
            case "integration":
                return layout.integration(dataset, method)
        return layout.interactions(dataset, method)

    def _predicted(self, job: Job) -> float:
        match job.stage:
            case "data" | "preprocess":
                return 4.0
            case "fit":
                cost = self._costs[job.dataset, job.method]
                return max(cost.seconds * (UNMEASURED if cost.basis == LIMIT else 1), 1.0)
            case "cluster":
                return 2.0 + self._clustering(job)
            case "score":
                return 2.0 + 0.05 * self._thousands(job) * self._labelings(job)
            case "integration":
                return 10.0
        return 33.0 * self._thousands(job) + self._training_again(job)

    def _training_again(self, job: Job) -> float:
        """All seeds of a method with a graph, on shuffled cells, if the threshold needs them."""
        cost, seeds = (
            self._costs[job.dataset, job.method],
            self._benchmark.seeds(job.method, job.dataset),
        )
        needed = self._benchmark.config["interactions"]["threshold_by"] == "null_quantile"
        return len(seeds) * cost.seconds if needed and cost.cells <= TRAINED_AGAIN else 0.0

    def _clustering(self, job: Job) -> float:
        """All clusterers on each result, and k-means on each recorded epoch."""
        config, size = self._benchmark.config, self._thousands(job)
        each = (1.7 + 1.1 * size) * len(config["clusterers"]) / 7
        epochs = self._costs[job.dataset, job.method].epochs or 0
        params = self._benchmark.params(job.method, job.dataset)
        recorded = epochs / params.get("record_every", 1)
        seeds = len(self._benchmark.seeds(job.method, job.dataset))
        return each * self._labelings(job) + 0.013 * size * recorded * seeds

    def _labelings(self, job: Job) -> int:
        """Results of an entry: the last epoch of each seed, and the network before training."""
        seeds = len(self._benchmark.seeds(job.method, job.dataset))
        task = DECONVOLUTION if job.dataset in self._benchmark.pairs else DOMAINS
        return seeds * (2 if self._benchmark.method(task, job.method).get("trainable") else 1)

    def _thousands(self, job: Job) -> float:
        return self._costs[job.dataset, job.method].cells / 1000
