"""What each cell of a benchmark (a dataset and a method) is predicted to take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import h5py

from stbench.config.benchmark import UNKNOWN_CELLS, UNKNOWN_GENES, Benchmark
from stbench.runs.cost_model import CostModel, fit_for_here
from stbench.runs.measurements import epochs_of, read_own, read_shipped, shape_of

MEASURED, EXTRAPOLATED, LIMIT, NOTHING = "measured", "extrapolated", "limit", "not trained"


@dataclass(frozen=True)
class CellCost:
    """One fit of a cell.

    Attributes:
        cells, genes: size of the tissue.
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
    genes: int
    epochs: float | None
    device: str
    gpus: int
    seconds: float
    peak_mb: float
    disk_mb: float | None
    asked_mb: int
    basis: str


def shapes(benchmark: Benchmark, results: Path) -> dict[str, tuple[int, int]]:
    """Cells and genes of each dataset: as preprocessed, else as the registry says."""
    return {
        name: shape_of(results / f"preprocessed/{name}.h5ad")
        or (entry.get("cells") or UNKNOWN_CELLS, entry.get("genes") or UNKNOWN_GENES)
        for name, entry in benchmark.datasets.items()
    }


def lost_datasets(benchmark: Benchmark, results: Path) -> dict[str, str]:
    """Why a dataset cannot be had or was refused, for those of which that is known already."""
    reasons = {name: _refusal(results, name) for name in benchmark.datasets}
    return {name: reason for name, reason in reasons.items() if reason}


def predicted_seconds(
    benchmark: Benchmark, results: Path, shipped: Path
) -> dict[tuple[str, str], float]:
    """Seconds of a fit of every cell, by dataset and method, from all that was measured."""
    model, _ = fit_for_here(read_shipped(shipped), read_own(results))
    costs = cell_costs(benchmark, model, results, lost_datasets(benchmark, results))
    return {cell: cost.seconds for cell, cost in costs.items()}


def cell_costs(
    benchmark: Benchmark, model: CostModel, results: Path, lost: Mapping[str, str] | None = None
) -> dict[tuple[str, str], CellCost]:
    """The cost of a fit of every cell, by dataset and method.

    Args:
        benchmark: which cells.
        model: fitted on what was measured.
        results: folder in which preprocessed datasets tell their sizes.
        lost: why a dataset cannot be had, by dataset.
    """
    return {
        (dataset, method): _cell_cost(benchmark, model, dataset, method, shape, lost or {})
        for dataset, shape in shapes(benchmark, results).items()
        for method in benchmark.chosen
    }


def _refusal(results: Path, dataset: str) -> str:
    """What the download or the preparation recorded of a dataset without cells; else nothing."""
    with suppress(FileNotFoundError, ValueError):  # not fetched yet, or being written
        told = json.loads((results / f"raw/{dataset}/status.json").read_text())
        if told["status"] == "error":
            return str(told["reason"])
    with suppress(OSError, KeyError), h5py.File(results / f"data/{dataset}.h5ad") as file:
        facts = file["uns/dataset"]
        if "status" in facts and facts["status"].asstr()[()] == "error":
            return str(facts["reason"].asstr()[()])
    return ""


def _cell_cost(
    benchmark: Benchmark,
    model: CostModel,
    dataset: str,
    method: str,
    shape: tuple[int, int],
    lost: Mapping[str, str],
) -> CellCost:
    gpus = benchmark.gpus(method)
    epochs = epochs_of(benchmark.params(method, dataset))
    learned_as = benchmark.method(method).get("variant_of", method)  # which takes as long
    on_gpu = gpus > 0 and (learned_as, "cuda") in model.curves
    device = "cuda" if on_gpu else "cpu"
    asked = benchmark.mem_mb(method, dataset, 1)
    about = (*shape, epochs, device, gpus)
    cost = model.predict(learned_as, *shape, epochs, device)
    if dataset in lost or method in benchmark.external:
        return CellCost(*about, 0.0, 0.0, 0.0, asked, NOTHING)
    if cost is None:
        seconds = 60.0 * benchmark.minutes(method, dataset)
        return CellCost(*about, seconds, asked, None, asked, LIMIT)
    basis = EXTRAPOLATED if cost.far else MEASURED
    return CellCost(*about, cost.seconds, cost.peak_mb, cost.disk_mb, asked, basis)
