"""The labeled tissues of a results folder, and the maps of their fits."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from stbench.clustering.algorithms import cluster_labels, refine_labels
from stbench.clustering.epochs import kmeans_rows
from stbench.clustering.tissue import read_tissue
from stbench.common.errors import InputError
from stbench.common.h5ad import read_elements
from stbench.common.paths import CONFIG
from stbench.config.registry import dataset_entry, load_registry
from stbench.config.tissues import REAL, SIMULATED, tissue_of
from stbench.fitting.output import FitFolder, read_fit
from stbench.maps.method_maps import MethodMaps


@dataclass(frozen=True)
class LabeledTissue:
    """A labeled tissue.

    Attributes:
        name, unit, technology: of the dataset; a study is one unit.
        kind: real, semi-synthetic or simulated, as in the ranking.
        preprocessed: its file.
        cells: their names.
        coords, components: (n_cells, 2) and (n_cells, d).
        truth: (n_cells,) codes, -1 = not labeled.
        refine: number of neighbors that refine labels.
    """

    name: str
    unit: str
    technology: str
    kind: str
    preprocessed: Path
    cells: list[str]
    coords: np.ndarray
    components: np.ndarray
    truth: np.ndarray
    refine: int

    @property
    def n_domains(self) -> int:
        return int(self.truth.max()) + 1

    def refined(self, labels: np.ndarray) -> np.ndarray:
        return refine_labels(labels, self.coords, self.refine)


def labeled_tissues(results: Path) -> Iterator[LabeledTissue]:
    """Every tissue with labels whose preprocessed file is in a results folder."""
    registry = load_registry(CONFIG / "datasets.yaml")
    for folder in sorted((results / "data").iterdir()):
        data, preprocessed = (
            _newest(results / kind / folder.name, "*.h5ad") for kind in ("data", "preprocessed")
        )
        if data is None or preprocessed is None:
            continue
        found = read_elements(data, "obs/cluster", "uns/dataset")
        about = found["uns/dataset"]
        if about["status"] != "ok" or "obs/cluster" not in found:
            continue
        tissue = read_tissue(preprocessed)
        truth = pd.Categorical(found["obs/cluster"]).remove_unused_categories()
        yield LabeledTissue(
            name=folder.name,
            unit=str(about.get("study") or about.get("donor") or about["id"]),
            technology=str(about["technology"]),
            kind=_kind(folder.name, str(about["technology"]), registry),
            preprocessed=preprocessed,
            cells=list(tissue.cells),
            coords=tissue.coords,
            components=tissue.components,
            truth=truth.codes.astype(int),
            refine=int(about["refine"]),
        )


def _kind(name: str, technology: str, registry: Mapping[str, Any]) -> str:
    """Of a dataset of the registry, or of one that a configuration describes."""
    if name in registry:
        return tissue_of(dataset_entry(name, registry))
    return SIMULATED if technology == "simulated" else REAL


def fits_of(results: Path, tissue: LabeledTissue, method: str) -> list[FitFolder]:
    """The successful fits of a method on a tissue, with its newest parameters and code."""
    key = _newest(results / "fits" / tissue.name / method, "*")
    folders = sorted(key.glob("seed*")) if key else []
    fits = []
    for folder in folders:
        if not (folder / "status.json").is_file():
            continue  # it is still running
        try:
            fit = read_fit(folder, tissue.cells)
        except InputError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        fits += [fit] if fit.ok else []
    return fits


def labels_of(tissue: LabeledTissue, method: str, fits: list[FitFolder]) -> MethodMaps | None:
    """The labels of a method as the pipeline makes them: k-means, 20 starts; or its own."""
    of_seeds: list[np.ndarray] = []
    of_starts = np.empty((0, len(tissue.cells)), int)
    for fit in fits:
        if fit.embedding is None:
            assert fit.own_labels is not None
            rows = labels = fit.own_labels[None].astype(int)
        else:
            labels = cluster_labels(fit.embedding, tissue.n_domains, "kmeans20").labels
            rows = kmeans_rows(fit.embedding, tissue.n_domains)[0]
            if labels is None:
                continue
            labels = labels[None]
        if not of_seeds:
            of_starts = np.stack([tissue.refined(row) for row in rows])
        of_seeds += [tissue.refined(row) for row in labels]
    if not of_seeds:
        return None
    return MethodMaps(method, fits[0].seed, of_seeds[0], np.stack(of_seeds), of_starts)


def _newest(folder: Path, pattern: str) -> Path | None:
    return max(folder.glob(pattern), key=lambda path: path.stat().st_mtime, default=None)
