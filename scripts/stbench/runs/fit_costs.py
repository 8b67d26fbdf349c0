"""Predicted cost of a fit of each entry of a benchmark (a dataset and a method)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from stbench.config.benchmark import Benchmark
from stbench.config.layout import SPOTS, Layout
from stbench.config.tasks import DECONVOLUTION
from stbench.runs.cost_model import CostModel, fit_for_here
from stbench.runs.measurements import epochs_of, measured_as, read_own, read_shipped, size_of

MEASURED, EXTRAPOLATED, LIMIT, NOTHING = "measured", "extrapolated", "limit", "not trained"
TOO_LARGE = "too large"


@dataclass(frozen=True)
class FitCost:
    """One fit.

    Attributes:
        cells, genes, spots: size of the tissue; for a pair, cells of the reference and spots.
        epochs: of its training; None if it has none.
        device: of the prediction: ``cuda`` if the method was measured on a GPU, else ``cpu``.
        gpus: number of GPUs that it requests.
        seconds, peak_mb: predicted; the limits of the job if the method was never measured.
        disk_mb: of its folder; None if the method was never measured.
        asked_mb: memory that the first attempt of its job requests.
        basis: ``measured``, ``extrapolated`` (to a much larger tissue), ``limit`` (the method was
            never measured), ``not trained`` (no data, or an external result) or ``too large`` (the
            method declines a tissue of more cells than its ``max_cells``).
    """

    cells: int
    genes: int | None
    spots: int | None
    epochs: float | None
    device: str
    gpus: int
    seconds: float
    peak_mb: float
    disk_mb: float | None
    asked_mb: int
    basis: str


def sizes(benchmark: Benchmark, layout: Layout) -> dict[str, tuple[int, int]]:
    """The size of each dataset (``Benchmark.size``): of its file, else of the registry."""
    return {name: size_of(layout, name) or benchmark.size(name) for name in benchmark.datasets}


def lost_datasets(benchmark: Benchmark, layout: Layout) -> dict[str, str]:
    """Datasets that are known to be unavailable or invalid, with the reason."""
    reasons = {name: _refusal(layout, name) for name in benchmark.datasets}
    return {name: reason for name, reason in reasons.items() if reason}


def costs_here(
    benchmark: Benchmark, layout: Layout, shipped: Path
) -> dict[tuple[str, str], FitCost]:
    """The cost of a fit of every entry, by dataset and method, from all measurements."""
    model, _ = fit_for_here(read_shipped(shipped), read_own(layout))
    return fit_costs(benchmark, model, layout, lost_datasets(benchmark, layout))


def predicted_seconds(
    benchmark: Benchmark, layout: Layout, shipped: Path
) -> dict[tuple[str, str], float]:
    """Seconds of a fit of every entry, by dataset and method, from all measurements."""
    costs = costs_here(benchmark, layout, shipped)
    return {entry: cost.seconds for entry, cost in costs.items()}


def fit_costs(
    benchmark: Benchmark, model: CostModel, layout: Layout, lost: Mapping[str, str] | None = None
) -> dict[tuple[str, str], FitCost]:
    """The cost of a fit of every entry, by dataset and method.

    Args:
        benchmark: defines the entries.
        model: fitted to the measurements.
        layout: of the results; prepared datasets give their sizes.
        lost: unavailable datasets, with the reason.
    """
    size = sizes(benchmark, layout)
    lost = lost or {}
    return {
        entry: _fit_cost(benchmark, None if entry[0] in lost else model, entry, size[entry[0]])
        for entry in benchmark.entries()
    }


def _refusal(layout: Layout, dataset: str) -> str:
    """The failure that the download or the preparation of a dataset recorded; empty if none."""
    import h5py

    with suppress(FileNotFoundError, ValueError):  # not fetched yet, or being written
        status = json.loads((layout.raw(dataset) / "status.json").read_text(encoding="utf-8"))
        if status["status"] == "error":
            return str(status["reason"])
    kinds = {layout.data(dataset): "dataset", layout.pair(dataset, SPOTS): "pair"}
    for path, kind in kinds.items():
        with suppress(OSError, KeyError), h5py.File(path) as file:
            facts = file[f"uns/{kind}"]
            if "status" in facts and facts["status"].asstr()[()] == "error":
                return str(facts["reason"].asstr()[()])
    return ""


def _fit_cost(
    benchmark: Benchmark, model: CostModel | None, entry: tuple[str, str], size: tuple[int, int]
) -> FitCost:
    """The cost of one fit; ``model`` None: the dataset is not available."""
    dataset, method = entry
    empty = _nothing(benchmark, entry, size)
    if model is None or method in benchmark.external:
        return empty
    most = benchmark.params(method, dataset).get("max_cells")
    if most is not None and size[0] > most:
        return replace(empty, basis=TOO_LARGE)
    task = benchmark.task(dataset)
    name = benchmark.method(task, method).get("variant_of", method)  # equally long
    measured = measured_as(task, name)
    on_gpu = empty.gpus > 0 and (measured, "cuda") in model.curves
    device = "cuda" if on_gpu else "cpu"
    cost = model.predict(measured, *size, empty.epochs, device)
    if cost is None:
        seconds = 60.0 * benchmark.minutes(method, dataset)
        return replace(empty, seconds=seconds, peak_mb=empty.asked_mb, disk_mb=None, basis=LIMIT)
    basis = EXTRAPOLATED if cost.far else MEASURED
    seconds, peak_mb, disk_mb = cost.seconds, cost.peak_mb, cost.disk_mb
    predicted = replace(empty, seconds=seconds, peak_mb=peak_mb, disk_mb=disk_mb)
    return replace(predicted, device=device, basis=basis)


def _nothing(benchmark: Benchmark, entry: tuple[str, str], size: tuple[int, int]) -> FitCost:
    """The cost of an entry that is not trained."""
    dataset, method = entry
    task = benchmark.task(dataset)
    is_pair = task == DECONVOLUTION
    return FitCost(
        cells=size[0],
        genes=None if is_pair else size[1],
        spots=size[1] if is_pair else None,
        epochs=epochs_of(benchmark.params(method, dataset)),
        device="cpu",
        gpus=benchmark.gpus(task, method),
        seconds=0.0,
        peak_mb=0.0,
        disk_mb=0.0,
        asked_mb=benchmark.mem_mb(method, dataset, 1),
        basis=NOTHING,
    )
