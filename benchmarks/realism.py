"""Real sections and simulated tissues, compared by what makes tissue hard for methods.

    python benchmarks/realism.py --markdown realism.md

Measures sections whose files are in a mirror folder (STBENCH_MIRROR) or on the network, and every
simulated dataset of the registry with several seeds, of which the mean is shown. The numbers are
those of stbench.data.simulation.realism; `pca` and `smoothed_pca` are the ARI of these controls by
k-means (20 starts). Sections that are not available are named and left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
SCRIPTS = PROJECT / "scripts"
sys.path.insert(0, str(SCRIPTS))

from stbench.common.errors import InputError, run_cli  # noqa: E402
from stbench.common.io import atomic_file  # noqa: E402
from stbench.common.paths import CONFIG  # noqa: E402
from stbench.config.registry import (  # noqa: E402
    choose_sources,
    dataset_entry,
    load_registry,
    origins,
)

if TYPE_CHECKING:
    from anndata import AnnData

REAL = ("BZ5", "BZ9", "BZ14", "V1_0410", "osmFISH", "DLPFC151510", "DLPFC151673_5k")
SOURCES = {"DLPFC151510": "feiyoung/DR.SC (500 genes)"}  # small, and in the mirror
GROUPS = {"files": "real", "drawn": "simulated", "reference": "simulated with a reference"}
COLUMNS = {
    "Moran's I of genes": 3,
    "10 %": 3,
    "90 %": 3,
    "Moran's I of totals": 2,
    "same type": 2,
    "zeros": 2,
    "CV of totals": 2,
    "domain share": 3,
    "pca": 2,
    "smoothed_pca": 2,
}
"""Measured numbers and their decimals."""


def group_of(entry: dict[str, Any]) -> str:
    if entry["origin"] == "files":
        return "files"
    return "reference" if entry["simulate"].get("reference") else "drawn"


def tissues(entry: dict[str, Any], registry: dict[str, Any], seeds: int) -> Iterator[AnnData]:
    """A published section, or a simulated dataset with its seed and the next ones."""
    from stbench.data.download import Downloader
    from stbench.data.fetch import fetch_dataset, mirror_folders
    from stbench.data.published import published_dataset
    from stbench.data.simulation import Tissue, simulate

    if entry["origin"] == "simulate":
        first = entry["simulate"].get("seed", 0)
        for seed in range(first, first + seeds):
            yield simulate(Tissue(**entry["simulate"] | {"seed": seed}), entry["id"])
        return
    mirrors = mirror_folders(None)
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / entry["id"] / "raw"
        fetch_dataset(entry, raw, mirrors, Downloader(origins(registry)))
        yield published_dataset(entry["id"], raw, registry, mirrors)


def measure(adata: AnnData) -> list[float]:
    """The numbers of one tissue, in the order of ``COLUMNS``."""
    from stbench.data.simulation.realism import realism

    found = realism(adata)
    low, median, high = np.quantile(found.moran, [0.1, 0.5, 0.9])
    genes = [median, low, high, found.moran_of_totals]
    cells = [found.same_type, found.zeros, found.total_cv, np.median(found.domain_share)]
    return [*genes, *cells, *controls(adata)]


def controls(adata: AnnData) -> list[float]:
    """ARI of the components, and of their means over 15 neighbors."""
    from sklearn.cluster import KMeans

    from methods.smoothed_pca import smoothed
    from stbench.data.preprocessing import preprocess
    from stbench.scoring.metrics import ari

    labeled = adata.obs["cluster"].notna().to_numpy()
    truth = adata.obs["cluster"][labeled].cat.codes.to_numpy()
    ready = preprocess(adata)
    components = np.asarray(ready.obsm["X_pca"], dtype=np.float64)
    means = smoothed(components, ready.obsm["spatial"], 15)
    clusters = KMeans(len(np.unique(truth)), n_init=20, random_state=0)
    return [ari(truth, clusters.fit_predict(each)[labeled]) for each in (components, means)]


def table(rows: Sequence[tuple[str, Sequence[float]]], first: str) -> str:
    """A Markdown table of numbers without a leading zero."""
    head = [first, *COLUMNS]
    lines = [f"| {' | '.join(head)} |", f"|---{'|--:' * len(COLUMNS)}|"]
    for name, numbers in rows:
        texts = [number_text(x, n) for x, n in zip(numbers, COLUMNS.values(), strict=True)]
        lines.append(f"| {name} | {' | '.join(texts)} |")
    return "\n".join(lines)


def number_text(number: float, decimals: int) -> str:
    if np.isnan(number):
        return "-"
    text = f"{round(number, decimals) + 0.0:.{decimals}f}"  # no -0
    return text.replace("0.", ".", 1) if abs(number) < 1 else text


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--datasets", nargs="+", help="ids of config/datasets.yaml")
    parser.add_argument("--seeds", type=int, default=5, help="of each simulated dataset [5]")
    parser.add_argument("--markdown", type=Path, help="file to write")
    args = parser.parse_args()

    registry = choose_sources(load_registry(CONFIG / "datasets.yaml"), SOURCES)
    simulated = [name for name, entry in registry.items() if "simulate" in entry]
    rows: list[tuple[str, list[float]]] = []
    groups: dict[str, list[list[float]]] = {}
    for name in args.datasets or [*REAL, *simulated]:
        entry = dataset_entry(name, registry)
        try:
            numbers = [measure(adata) for adata in tissues(entry, registry, args.seeds)]
        except InputError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        rows.append((f"`{name}`", np.mean(numbers, axis=0).tolist()))
        groups.setdefault(group_of(entry), []).extend(numbers)
        print(name, flush=True)
    ranges = [
        (f"{GROUPS[group]}, {word}", bound(numbers, axis=0).tolist())
        for group, numbers in groups.items()
        for word, bound in (("least", np.nanmin), ("most", np.nanmax))
    ]
    text = f"{table(rows, 'dataset')}\n\n{table(ranges, 'range over tissues')}\n"
    print(text)
    if args.markdown:
        with atomic_file(args.markdown) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run_cli(main)
