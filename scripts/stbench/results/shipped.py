"""Results that come with the project, measured elsewhere, beside those of a run.

A folder of shipped results has ``scores.parquet`` (the columns of ``results.parquet``),
``labels.h5`` and ``manifest.json``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from stbench.common.checksums import file_hash
from stbench.common.errors import InputError
from stbench.config.benchmark import load_benchmark
from stbench.config.keys import keys_of
from stbench.results.assembly import KEYS, in_order, read_results

SCORES, LABELS, MANIFEST = "scores.parquet", "labels.h5", "manifest.json"
SHIPPED, STALE = "shipped", "shipped, stale"  # of the column ``source``; empty: of this run
MARK = "‡"  # at the end of the titles of shipped entries
Entry = tuple[str, str]  # dataset, method


@dataclass(frozen=True)
class Shipped:
    """Shipped results.

    Attributes:
        results: of ``stbench.results.assembly.read_results``. Final ARIs under the clusterer that
            ranked have the ``blocks`` of the shipped labels, those of the first training seed.
        manifest: ``made`` (date), ``commit``, ``machine``, ``config`` (of the run), ``files`` (by
            name their SHA-256), ``entries`` (by dataset and method, of
            ``stbench.verdict.merging.keys_of_entry``), ``tissues`` (by dataset,
            ``stbench.verdict.tissues.FACTS``),
            ``unfinished`` (``datasets`` and ``methods`` left out, each with what is scored),
            ``scored_by_earlier_code`` (number of entries that other code clustered or scored than
            the last ones).
    """

    results: pd.DataFrame
    manifest: Mapping[str, Any]


def read_shipped(folder: str | Path) -> Shipped:
    """Read shipped results.

    Raises:
        InputError: a file is missing, broken, or not the one that the manifest describes.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(f"{path}: no such file; shipped results have one (scripts/ship.py)")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        hashes = manifest["files"]
        for name in (SCORES, LABELS):
            if file_hash(folder / name) != hashes[name]:
                raise InputError(f"{folder / name}: not the file that {MANIFEST} describes")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a readable manifest ({error})") from error
    results = read_results(folder / SCORES)
    rank_by = manifest["config"]["rank_by"]
    return Shipped(_with_blocks(results, folder / LABELS, rank_by), manifest)


def _with_blocks(results: pd.DataFrame, labels: Path, rank_by: str) -> pd.DataFrame:
    """The results with contributions of blocks of cells, where the labels have any."""
    with h5py.File(labels) as file:
        known = {
            (dataset, method): rows.attrs["blocks"]
            for dataset, methods in file.items()
            for method, rows in methods.items()
            if "blocks" in rows.attrs
        }
    names = ["dataset", "method", "clusterer", "protocol", "metric", "value"]
    column = [
        known.get((dataset, method))
        if kind == [rank_by, "final", "ARI"] and not np.isnan(value)
        else None
        for dataset, method, *kind, value in results[names].itertuples(index=False, name=None)
    ]
    return results.assign(blocks=pd.Series(column, results.index, dtype=object))


def stale_entries(
    manifest: Mapping[str, Any], config_dir: Path, root: Path = Path("results")
) -> set[Entry]:
    """The shipped entries that this version of the project would fit again.

    The key of a fit covers the data, the parameters and the code of the method, so an entry is
    stale if one of them changed after it was measured, or the truth, or the way that labels are
    refined.

    Args:
        manifest: of ``Shipped``.
        config_dir: folder with ``methods.yaml`` and ``datasets.yaml``.
        root: the results folder.
    """
    entries = manifest["entries"]
    config = dict(manifest["config"])
    datasets = [name for name in config["datasets"] if dataset_name(name) in entries]
    try:
        benchmark = load_benchmark({**config, "datasets": datasets}, config_dir, need_files=False)
    except InputError:  # the configuration of then is not one of this version
        return {(dataset, method) for dataset, methods in entries.items() for method in methods}
    keys, current = keys_of(benchmark, root), set(benchmark.entries("domains"))

    def is_stale(dataset: str, method: str, made: Mapping[str, Any]) -> bool:
        if (dataset, method) not in current or keys.fit(dataset, method) != made["fit"]:
            return True
        now = {
            "data": keys.data(dataset),
            "refine": [benchmark.refine(dataset), benchmark.nearest_wins(method)],
        }
        return any(made.get(name, value) != value for name, value in now.items())

    return {
        (dataset, method)
        for dataset, methods in entries.items()
        for method, made in methods.items()
        if is_stale(dataset, method, made)
    }


def check_comparable(folder: Path, datasets: Collection[str], rank_by: str) -> None:
    """Check that shipped methods can be ranked in a run: a method that was never run must not rank
    as if it had failed.

    Args:
        folder: of the shipped results.
        datasets: of the run.
        rank_by: the clusterer that ranks.

    Raises:
        InputError: a dataset or the clusterer has no shipped results.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    known, clusterers = manifest["entries"], manifest["config"]["clusterers"]
    if others := [name for name in datasets if name not in known]:
        raise InputError(
            f"shipped: no results of {', '.join(others)} are shipped, so other methods cannot be "
            f"compared there; leave them out, or set `shipped: false`. Shipped: {', '.join(known)}"
        )
    if rank_by not in clusterers:
        raise InputError(
            f"shipped: no results under the clusterer {rank_by} are shipped; set `rank_by` to one "
            f"of {', '.join(clusterers)}, or `shipped: false`"
        )


def beside(own: pd.DataFrame, shipped: Shipped, stale: Collection[Entry] = ()) -> pd.DataFrame:
    """The results of a run and below them the shipped ones of other methods on its datasets.

    Entries of studies are left out. The titles of shipped entries have the mark ``MARK``.

    Args:
        own: of ``stbench.results.assembly.assemble``.
        shipped: of ``read_shipped``.
        stale: of ``stale_entries``.

    Raises:
        InputError: nothing was shipped of any dataset of the run.
    """
    rows = shipped.results
    there = rows["dataset"].isin(own["dataset"]) & rows["clusterer"].isin(own["clusterer"])
    if not there.any():
        known = ", ".join(shipped.manifest["entries"])
        raise InputError(f"shipped results have no scores of these datasets; they have {known}")
    rows = rows[there & ~rows["method"].isin(own["method"]) & (rows["study"] == "")]
    entries = zip(rows["dataset"], rows["method"], strict=True)
    source = [STALE if entry in stale else SHIPPED for entry in entries]
    rows = rows.assign(source=source, title=rows["title"] + MARK)
    # Blocks of a stale entry may be of other cells.
    rows["blocks"] = rows["blocks"].where(rows["source"] != STALE, None)
    return in_order(pd.concat([own, rows], ignore_index=True), KEYS)


def with_source(table: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """A table with the column ``source`` after ``method``, if it has methods that were shipped.

    Args:
        table: any; without a column ``dataset`` a row of a method with one stale entry is stale.
        results: of ``beside``.
    """
    if "method" not in table or "source" in table or not results["source"].any():
        return table
    by = [name for name in ("dataset", "method") if name in table]
    sources = results.groupby(by)["source"].max()  # "" < SHIPPED < STALE
    keys = pd.MultiIndex.from_frame(table[by]) if len(by) > 1 else pd.Index(table["method"])
    column = sources.reindex(keys).fillna("").to_numpy()
    marked = table.copy()
    marked.insert(int(table.columns.get_indexer(["method"])[0]) + 1, "source", column)
    return marked


def shipped_note(results: pd.DataFrame) -> str:
    """A sentence or two that explain the mark; empty if no entry was shipped."""
    rows = results[results["source"].isin([SHIPPED, STALE])]
    if not len(rows):
        return ""
    where = ", ".join(sorted(set(rows["device_name"]) - {""}))
    commits = ", ".join(sorted({commit[:7] for commit in rows["commit"]} - {""}))
    note = f"{MARK} shipped with the project, not run here: commit {commits}, on {where}."
    changed = rows[rows["source"] == STALE].drop_duplicates("method")
    titles = "; ".join(title.replace(MARK, "") for title in sorted(changed["title"]))
    if len(changed) > 1 and len(changed) == rows["method"].nunique():
        titles = "all of them"
    return f"{note} Code, parameters or data changed since (stale): {titles}." if titles else note


def dataset_name(dataset: Any) -> str:
    """The id of an entry of ``datasets`` of a configuration."""
    return str(dataset["id"] if isinstance(dataset, Mapping) else dataset)
