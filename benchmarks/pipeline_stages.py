"""Seconds of the stages around a fit on simulated tissues of two sizes, and their interpolation.

All are CPU seconds of one thread, which hardly depend on other programs on the machine.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from stopwatch import script

EPOCHS = {1000: 30, 5000: 6}  # of STAGUE by cells, enough to estimate one
SIZES = tuple(EPOCHS)
GENES = 200


@dataclass(frozen=True)
class Stages:
    """CPU seconds on one tissue.

    Attributes:
        cells: size of the tissue.
        simulate, preprocess: the program.
        start: a fit of the control `pca`, without computation.
        epoch: one epoch of STAGUE, not recorded.
        writing, clustering: of one epoch's embedding: to the trajectory; by k-means, five seeds.
        cluster: the cluster program for one control, by clusterers.
        score: the score program for one control.
        peak_mb: peak memory of these programs.
    """

    cells: int
    simulate: float
    preprocess: float
    start: float
    epoch: float
    writing: float
    clustering: float
    cluster: dict[tuple[str, ...], float]
    score: float
    peak_mb: int


def measure(
    cells: int, clusterers: Sequence[tuple[str, ...]], stague: Mapping[str, Any], folder: Path
) -> Stages:
    """Run every stage on a simulated tissue.

    Args:
        cells: its size.
        clusterers: lists of clusterers to time the cluster program with.
        stague: parameters of STAGUE.
        folder: an empty folder to work in.
    """
    data, preprocessed = folder / "data.h5ad", folder / "preprocessed.h5ad"
    sizes = ("--n-cells", cells, "--n-genes", GENES)
    simulate = script("simulate.py", "--id", "tissue", *sizes, "--output", data)
    preprocess = script("preprocess.py", "--input", data, "--output", preprocessed)
    control = folder / "control"
    start = script("fit.py", "--method", "pca", "--input", preprocessed, "--output", control)
    _write_status(control, start.cpu)

    more_epochs = EPOCHS[cells]
    trained = [folder / f"stague{epochs}" for epochs in (0, more_epochs)]
    for path, epochs in zip(trained, (1, more_epochs + 1), strict=True):
        params = json.dumps({**stague, "epochs": epochs})
        more = ("--record",) if path is trained[1] else ()
        spent = script(
            *("fit.py", "--method", "stague", "--input", preprocessed, "--output", path),
            *("--params", params, "--device", "cpu", *more),
        )
        _write_status(path, spent.cpu)
        trained_mb = spent.peak_mb
    writing, clustering = epoch_costs(trained[1] / "trajectory.h5")
    short, long = (
        json.loads((path / "status.json").read_text(encoding="utf-8"))["seconds"]
        for path in trained
    )

    common = ("--dataset", "tissue", "--method", "pca")
    labels, cluster = folder / "labels.h5", {}
    for names in clusterers:
        cluster[names] = script(
            *("cluster.py", "--fits", control, "--preprocessed", preprocessed, *common),
            *("--clusterers", *names, "--output", labels),
        ).cpu
    score = script(
        *("score.py", "--data", data, "--labels", labels, *common, "--trainable", "false"),
        *("--output", folder / "scores.parquet", "--epochs", folder / "epochs.parquet"),
    )
    return Stages(
        cells=cells,
        simulate=simulate.cpu,
        preprocess=preprocess.cpu,
        start=start.cpu,
        epoch=(long - short) / more_epochs - writing,
        writing=writing,
        clustering=clustering,
        cluster=cluster,
        score=score.cpu,
        peak_mb=max(simulate.peak_mb, preprocess.peak_mb, trained_mb),
    )


def _write_status(folder: Path, seconds: float) -> None:
    """Write the status as the supervisor would; fit.py runs without it here."""
    status = {"status": "ok", "reason": "", "seed": 0, "seconds": seconds}
    (folder / "status.json").write_text(json.dumps(status), encoding="utf-8")


def epoch_costs(trajectory: Path) -> tuple[float, float]:
    """CPU seconds of writing an epoch's embedding, and of clustering it with five seeds."""
    from stbench.clustering.epochs import kmeans_rows
    from stbench.fitting.trajectory import TrajectoryRecorder, read_embedding, read_epochs

    epochs = read_epochs(trajectory)
    embeddings = [read_embedding(trajectory, i) for i in range(len(epochs))]
    kmeans_rows(embeddings[0], 5)  # imports scikit-learn
    copy = trajectory.with_name("copy.h5")

    def write() -> None:
        with TrajectoryRecorder(copy, len(embeddings[0])) as record:
            for epoch, embedding in zip(epochs.tolist(), embeddings, strict=True):
                record(epoch, embedding)

    def cluster() -> None:
        for embedding in embeddings:
            kmeans_rows(embedding, 5)

    return tuple(cpu_seconds(task) / len(embeddings) for task in (write, cluster))  # type: ignore


def cpu_seconds(task: Callable[[], object]) -> float:
    """CPU seconds of this process for a task."""
    began = time.process_time()
    task()
    return time.process_time() - began


def between(small: float, large: float, cells: int, power: int = 1) -> float:
    """The cost for a number of cells: a + b cells^power through the values at the two sizes."""
    low, high = (size**power for size in SIZES)
    return max(small, small + (large - small) * (cells**power - low) / (high - low))


def spatial_costs(sizes: Sequence[int]) -> list[tuple[int, float, float, float, int]]:
    """Cells, CPU seconds of CHAOS, PAS and ASW of one labeling with seven domains, and MiB."""
    import numpy as np

    from stbench.scoring.spatial_metrics import asw, chaos, pas

    random = np.random.default_rng(0)
    rows = []
    for n in sizes:
        coords = random.random((n, 2)) * n**0.5
        labels = (7 * coords[:, 0] / n**0.5).astype(int)
        spent = [cpu_seconds(partial(metric, coords, labels)) for metric in (chaos, pas, asw)]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        rows.append((n, *spent, peak))
    return rows  # type: ignore[return-value]
