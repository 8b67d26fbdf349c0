"""What a fit of each entry of a benchmark (a dataset and a method) is predicted to take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import h5py

from stbench.config.benchmark import Benchmark
from stbench.config.layout import SPOTS, Layout
from stbench.config.tasks import DECONVOLUTION
from stbench.runs.cost_model import CostModel, fit_for_here
from stbench.runs.measurements import epochs_of, measured_as, read_own, read_shipped, size_of

MEASURED, EXTRAPOLATED, LIMIT, NOTHING = "measured", "extrapolated", "limit", "not trained"


@dataclass(frozen=True)
class FitCost:
    """One fit.

    Attributes:
        cells, genes, spots: size of the tissue; of a pair the cells of its reference and the spots.
        epochs: of its training, None where there are none.
        device: what the prediction is for: ``cpu``, or ``cuda`` where it was measured on a GPU.
        gpus: how many it asks for.
        seconds, peak_mb: predicted; of a method that was never measured the most it is allowed.
        disk_mb: of its folder; None where it was never measured.
        asked_mb: memory that its job asks for at first.
        basis: ``measured``, ``extrapolated`` (to a much larger tissue), ``limit`` (the method was
            never measured) or ``not trained`` (no data, or a result that was made elsewhere).
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
    """The size of each dataset (``Benchmark.size``): as it was made, else as the registry says."""
    return {name: size_of(layout, name) or benchmark.size(name) for name in benchmark.datasets}


def lost_datasets(benchmark: Benchmark, layout: Layout) -> dict[str, str]:
    """Why a dataset is not available or was refused, for those of which that is known already."""
    reasons = {name: _refusal(layout, name) for name in benchmark.datasets}
    return {name: reason for name, reason in reasons.items() if reason}


def predicted_seconds(
    benchmark: Benchmark, layout: Layout, shipped: Path
) -> dict[tuple[str, str], float]:
    """Seconds of a fit of every entry, by dataset and method, from all that was measured."""
    model, _ = fit_for_here(read_shipped(shipped), read_own(layout))
    costs = fit_costs(benchmark, model, layout, lost_datasets(benchmark, layout))
    return {entry: cost.seconds for entry, cost in costs.items()}


def fit_costs(
    benchmark: Benchmark, model: CostModel, layout: Layout, lost: Mapping[str, str] | None = None
) -> dict[tuple[str, str], FitCost]:
    """The cost of a fit of every entry, by dataset and method.

    Args:
        benchmark: which entries.
        model: fitted on what was measured.
        layout: of the results, where the datasets that were made have their sizes.
        lost: why a dataset is not available, by dataset.
    """
    size = sizes(benchmark, layout)
    lost = lost or {}
    return {
        entry: _fit_cost(benchmark, None if entry[0] in lost else model, entry, size[entry[0]])
        for entry in benchmark.entries()
    }


def _refusal(layout: Layout, dataset: str) -> str:
    """What the download or the preparation recorded of a dataset without cells; else nothing."""
    with suppress(FileNotFoundError, ValueError):  # not fetched yet, or being written
        told = json.loads((layout.raw(dataset) / "status.json").read_text(encoding="utf-8"))
        if told["status"] == "error":
            return str(told["reason"])
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
    task = benchmark.task(dataset)
    name = benchmark.method(task, method).get("variant_of", method)  # which takes as long
    measured = measured_as(task, name)
    on_gpu = empty.gpus > 0 and (measured, "cuda") in model.curves
    device = "cuda" if on_gpu else "cpu"
    cost = model.predict(measured, *size, empty.epochs, device)
    if cost is None:
        seconds = 60.0 * benchmark.minutes(method, dataset)
        return replace(empty, seconds=seconds, peak_mb=empty.asked_mb, disk_mb=None, basis=LIMIT)
    basis = EXTRAPOLATED if cost.far else MEASURED
    seconds, peak_mb, disk_mb = cost.seconds, cost.peak_mb, cost.disk_mb
    found = replace(empty, seconds=seconds, peak_mb=peak_mb, disk_mb=disk_mb)
    return replace(found, device=device, basis=basis)


def _nothing(benchmark: Benchmark, entry: tuple[str, str], size: tuple[int, int]) -> FitCost:
    """The cost where nothing is trained."""
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
