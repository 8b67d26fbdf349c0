"""Published scores for the same methods and datasets, beside measured scores."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from stbench.common.errors import InputError
from stbench.results.aggregates import score_table
from stbench.results.assembly import in_order

COLUMNS = ["dataset", "method", "metric", "mean", "sd", "n", "source"]
_ENTRY = ["dataset", "method", "metric"]
COMPARED = [
    *(*_ENTRY, "clusterer", "measured", "measured_sd", "sd_clustering", "n"),
    *("published_low", "published_high", "position", "sources", "status", "reason"),
]


def read_published(path: str | Path) -> pd.DataFrame:
    """Read a table of published scores.

    Raises:
        InputError: the file is missing or lacks a column.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; restore it from the repository")
    table = pd.read_csv(path, dtype={"dataset": str, "method": str, "source": str})
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise InputError(f"{path}: the column {missing[0]!r} is missing")
    return table[COLUMNS]


def published_vs_measured(results: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Measured final scores beside the range of published scores.

    The range spans all sources, extended by two standard deviations on each side where a source
    gives one. Publications use different clusterers, so every clusterer is compared.

    Args:
        results: of ``stbench.results.assembly.assemble``.
        published: of ``read_published``.

    Returns:
        One row per dataset, method, metric and clusterer of the results with a published score:
        ``measured``, ``measured_sd``, ``sd_clustering``, ``n``, ``published_low``,
        ``published_high``, ``position`` (``inside``, ``below`` or ``above``), ``sources``, and
        ``status`` and ``reason`` where nothing was measured. A method without a published score on
        a dataset with other published scores has rows for ARI with empty published range, position
        and sources.
    """
    spread = 2 * published["sd"].fillna(0)
    ends = published.assign(
        published_low=published["mean"] - spread, published_high=published["mean"] + spread
    )
    ranges = ends.groupby(_ENTRY, as_index=False).agg(
        published_low=("published_low", "min"),
        published_high=("published_high", "max"),
        sources=("source", "; ".join),
    )
    with_truth = results[~results["exploratory"]]
    measured = pd.concat(
        score_table(with_truth, metric, "final").assign(metric=metric)
        for metric in sorted(published["metric"].unique())
    )
    measured = measured.rename(columns={"mean": "measured", "sd": "measured_sd"})
    table = measured.merge(ranges, on=_ENTRY, how="left")
    controls = results.loc[results["control"], "method"].unique()
    unpublished = (
        (table["metric"] == "ARI")
        & table["dataset"].isin(published["dataset"])
        & ~table["method"].isin(controls)
    )
    table = table[table["sources"].notna() | unpublished]
    position = pd.Series("inside", index=table.index)
    position[table["measured"] < table["published_low"]] = "below"
    position[table["measured"] > table["published_high"]] = "above"
    position[table["measured"].isna() | table["sources"].isna()] = ""
    table = table.assign(position=position, sources=table["sources"].fillna(""))[COMPARED]
    return in_order(table, [*_ENTRY, "clusterer"])
