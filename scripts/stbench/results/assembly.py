"""The table of all results: scores joined with what each fit took and where it ran."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.constants import ALL_SEEDS
from stbench.common.errors import InputError, one_line
from stbench.config.methods import is_ranked
from stbench.config.tissues import REAL
from stbench.fitting.output import read_status
from stbench.results.budget import MARK
from stbench.supervisor.provenance import FIELDS

Studies = Mapping[
    str, Mapping[str, Mapping[str, Any]]
]  # stbench.config.benchmark.Benchmark.studies

COUNTS, FEATURES = "counts", "features"  # of ``data``: features are, for example, components
PUBLISHED_SETTINGS = "published settings"  # a study: methods with other than default settings
KEYS = ["dataset", "method", "seed", "n_domains", "clusterer", "protocol", "metric"]
SCORES = [*KEYS, "exploratory", "value", "sd_clustering", "blocks", "epoch", "status", "reason"]
FIT = ["dataset", "method", "seed"]
MEASURED = ["seconds", "peak_rss_mb", "peak_gpu_mb"]
PROVENANCE = ["commit", "device", *FIELDS]
COLUMNS = [
    "dataset",
    "method",
    "title",
    "implementation",
    "budget",
    "control",
    "ranked",
    "deterministic",
    "listed",
    "study",
    "source",
    "tissue",
    "data",
    "unit",
    "seed",
    "n_domains",
    "exploratory",
    "clusterer",
    "protocol",
    "metric",
    "value",
    "sd_clustering",
    "blocks",
    "epoch",
    "status",
    "reason",
    "fit_status",
    "fit_reason",
    *MEASURED,
    *PROVENANCE,
]


def read_scores(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read and stack score files.

    Raises:
        InputError: a file is missing, broken or not a file of scores, or a score is given twice.
    """
    scores = read_stacked(paths, SCORES, "score.py")
    twice = scores[scores.duplicated(KEYS)]
    if len(twice):
        where = ", ".join(str(twice.iloc[0][key]) for key in KEYS)
        raise InputError(f"--scores: the score of {where} is given twice; name each file once")
    return scores


def read_stacked(paths: Iterable[str | Path], columns: list[str], program: str) -> pd.DataFrame:
    """Read and stack the files of scores that a program made.

    Raises:
        InputError: there is none, or one is missing, broken or lacks one of the ``columns``.
    """
    tables = [_read_parquet(Path(path), columns, program) for path in paths]
    if not tables:
        raise InputError(f"--scores: no file of scores; run {program} first")
    return pd.concat(tables, ignore_index=True)


def read_fits(folders: Iterable[str | Path]) -> pd.DataFrame:
    """Read status.json of fit folders: one row per fit with the columns of ``status.json``.

    Provenance is empty for fits from before it was recorded.

    Raises:
        InputError: a status.json is missing, broken or incomplete.
    """
    return pd.DataFrame([_status(Path(folder)) for folder in folders])


def fit_folders(scores: pd.DataFrame, entries: Iterable[Path]) -> list[Path]:
    """The folders of the fits behind these scores.

    Args:
        scores: of ``read_scores``.
        entries: folders ``<dataset>/<method>/<key>``.

    Raises:
        InputError: there is none for a dataset and a method.
    """
    folders = {path.parts[-3:-1]: path for path in entries}
    fits = list(one_row_per_fit(scores)[FIT].itertuples(index=False))
    for fit in fits:
        if (fit.dataset, fit.method) not in folders:
            raise InputError(f"--fits: no folder of {fit.method} on {fit.dataset}")
    return [folders[fit.dataset, fit.method] / f"seed{fit.seed}" for fit in fits]


def assemble(
    scores: pd.DataFrame,
    fits: pd.DataFrame,
    methods: Mapping[str, Mapping[str, Any]],
    shortened: Mapping[str, int] | None = None,
    studies: Studies | None = None,
    tissues: Mapping[str, Mapping[str, str]] | None = None,
) -> pd.DataFrame:
    """Join scores with their fits and the methods' descriptions.

    Args:
        scores: of ``read_scores``.
        fits: of ``read_fits``.
        methods: entry of ``config/methods.yaml`` by method id.
        shortened: epochs of the methods that ``budget: cpu`` trains for fewer epochs than usual, by
            id; ``implementation`` and ``budget`` state them, and ``title`` has a mark.
        studies: which datasets and methods belong to a study and take no part in the ranking.
        tissues: ``tissue``, ``unit`` and ``data`` (``counts``, ``intensities`` or ``features``) of
            each dataset; a dataset that is not listed is real, its own unit, and has counts.

    Returns:
        One row per score with the columns ``COLUMNS``, sorted; ``fit_status`` and ``fit_reason``
        are the fit's own, ``status`` and ``reason`` the score's; ``ranked`` is False for controls
        that do not smooth, which are shown beside the ranking; ``listed`` is the place of the
        method in ``methods``. A score of all training seeds has the seed
        ``ALL_SEEDS``, and the best status of their fits.

    Raises:
        InputError: a fit or a method's description is missing.
    """
    unknown = sorted(set(scores["method"]) - set(methods))
    if unknown:
        raise InputError(f"config/methods.yaml: no entry for {', '.join(unknown)}; add one")
    wanted = [*FIT, *MEASURED, *PROVENANCE, "status", "reason"]
    facts = pd.concat([fits, _all_seeds(fits)], ignore_index=True)[wanted]
    facts = facts.rename(columns={"status": "fit_status", "reason": "fit_reason"})
    joined = scores.merge(facts, on=FIT, how="left", validate="many_to_one", indicator=True)
    lost = joined[joined["_merge"] == "left_only"]
    if len(lost):
        where = "/".join(str(lost.iloc[0][key]) for key in FIT)
        raise InputError(f"--fits: no fit for the scores of {where}; name its folder")
    budget = {name: f"at most {epochs} epochs" for name, epochs in (shortened or {}).items()}
    joined["budget"] = joined["method"].map(budget).fillna("")
    for column, addition in (("title", MARK), ("implementation", ", cpu budget: {}")):
        named = {
            method: str(entry[column])
            + (addition.format(budget[method]) if method in budget else "")
            for method, entry in methods.items()
        }
        joined[column] = joined["method"].map(named)
    described = pd.DataFrame.from_dict(
        {
            method: {
                "control": bool(entry.get("control")),
                "ranked": is_ranked(entry),
                "deterministic": bool(entry.get("deterministic")),
            }
            for method, entry in methods.items()
        },
        orient="index",
    )
    for column in described:
        joined[column] = joined["method"].map(described[column])
    joined["listed"] = joined["method"].map({name: i for i, name in enumerate(methods)})
    joined["study"] = study_of(joined, studies or {})
    joined["source"] = ""  # this run; stbench.results.shipped adds others
    known = tissues or {}
    joined["tissue"] = [known.get(name, {}).get("tissue", REAL) for name in joined["dataset"]]
    joined["data"] = [known.get(name, {}).get("data", COUNTS) for name in joined["dataset"]]
    joined["unit"] = [known.get(name, {}).get("unit", name) for name in joined["dataset"]]
    for column in MEASURED:
        joined[column] = joined[column].astype("float64")
    for column in ("reason", "fit_reason", *PROVENANCE):
        joined[column] = joined[column].fillna("").astype(str)
    return in_order(joined[COLUMNS], KEYS)


def one_row_per_fit(table: pd.DataFrame) -> pd.DataFrame:
    """The first row of each fit; a score of all training seeds together belongs to no fit."""
    return table[table["seed"] != ALL_SEEDS].drop_duplicates(FIT)


def _all_seeds(fits: pd.DataFrame) -> pd.DataFrame:
    """A row for all fits of a method on a dataset together, without cost and provenance."""
    order = fits["status"].map({"ok": 0, "not_applicable": 2}).fillna(1)
    best = fits.loc[order.sort_values(kind="stable").index].drop_duplicates(FIT[:2])
    empty = {**dict.fromkeys(MEASURED, float("nan")), **dict.fromkeys(PROVENANCE, "")}
    return best.assign(seed=ALL_SEEDS, **empty)


def study_of(table: pd.DataFrame, studies: Studies) -> pd.Series:
    """For each row the study it belongs to, or nothing: it takes part in the ranking.

    The studies are ``robustness``, ``sensitivity`` and ``published settings``.
    """
    study = pd.Series("", index=table.index)
    study[table["method"].isin(studies.get("published", {}))] = PUBLISHED_SETTINGS
    study[table["method"].isin(studies.get("variants", {}))] = "sensitivity"
    study[table["dataset"].isin(studies.get("derived", {}))] = "robustness"
    return study


def read_results(path: str | Path) -> pd.DataFrame:
    """Read the table of all results, which has no contributions of blocks: ``blocks`` is None.

    Raises:
        InputError: the file is missing, broken or not such a table.
    """
    needed = [column for column in COLUMNS if column != "blocks"]
    return _read_parquet(Path(path), needed, "aggregate.py").assign(blocks=None)[COLUMNS]


def with_blocks(results: pd.DataFrame, sources: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The results with contributions of blocks of cells, which ``read_results`` does not have.

    Args:
        results: of ``read_results``.
        sources: tables with ``KEYS`` and ``blocks``; of several with the same score the first.
    """
    known = pd.concat([source[[*KEYS, "blocks"]] for source in sources], ignore_index=True)
    known = known[known["blocks"].notna()].drop_duplicates(KEYS)
    rows = results.drop(columns="blocks").merge(known, on=KEYS, how="left", validate="m:1")
    return rows[COLUMNS]


def method_titles(results: pd.DataFrame) -> dict[str, str]:
    """What to call each method, by id: methods by name, then controls in the order of their list.

    Controls are listed from good to trivial.
    """
    methods = results.drop_duplicates("method").set_index("method")
    real, controls = methods[~methods["control"]], methods[methods["control"]]
    order = [*sorted(real.index, key=natural), *controls.sort_values("listed").index]
    return {method: str(methods.loc[method, "title"]) for method in order}


def in_order(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Sort by columns, numbers inside names by their value: BZ5, BZ9, BZ14."""
    return table.sort_values(keys, key=_rank_of_names, kind="stable", ignore_index=True)


def natural(name: str) -> list[Any]:
    """Sort key of a name that takes the numbers inside it as numbers."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def _rank_of_names(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column
    ranks = {name: rank for rank, name in enumerate(sorted(column.unique(), key=natural))}
    return column.map(ranks)


def _read_parquet(path: Path, columns: list[str], program: str) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"{path}: no such file; make it with {program}")
    try:
        table = pd.read_parquet(path)
    except Exception as error:  # pyarrow raises many kinds for a broken file
        raise InputError(f"{path}: not a readable parquet file ({one_line(error)})") from error
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(
            f"{path}: the column {missing[0]!r} is missing; make it again with {program}"
        )
    return table


def _status(folder: Path) -> dict[str, Any]:
    wanted = [*FIT, *MEASURED, "commit", "device"]
    status = read_status(folder, *wanted)
    return {key: status.get(key) for key in (*wanted, "status", "reason", *FIELDS)}
