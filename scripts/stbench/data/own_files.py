"""A section of the user, from a file or folder as its platform wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stbench.common.checksums import combined_hash
from stbench.common.errors import InputError, one_line, read_or_refuse
from stbench.common.labels import categories
from stbench.data.given_interactions import NotInThisSectionError, add_given
from stbench.data.left_out import cells_left_out, features_left_out, in_words
from stbench.data.log_values import LARGEST_LOG, is_logged
from stbench.data.overlaps import check_apart
from stbench.data.validation import validate
from stbench.platforms.anndata_store import PAIRS, TRIPLES
from stbench.platforms.detection import platform_of
from stbench.platforms.positions import no_column

if TYPE_CHECKING:
    from anndata import AnnData

MANY_GENES = 5000  # with more, 3000 variable genes are chosen, unless `hvg` says otherwise


def read_own(path: Path, entry: Mapping[str, Any]) -> AnnData:
    """All cells and features of a file of the user.

    Args:
        path: a file or folder of a known platform.
        entry: keys of an own section; ``layer``, ``raw``, ``table``, ``x``, ``y`` and ``section``
            count. With ``section: {column: value}``: only the cells of that section. In a joined
            dataset they are named ``<id>_<cell>``.

    Returns:
        ``X`` (n, g) as in the file, in the chosen layer; full ``obs`` and ``var``, both with the
        column ``left_out``: why a cell or feature is not analyzed, or empty;
        ``obsm['spatial']`` (n, 2) float64; ``uns['platform']``: ``name``, ``unit`` (um, px or
        empty) and ``y_down`` (image coordinates, which grow downwards). Repeated names of features
        are made unique.

    Raises:
        InputError: the file is of no known platform, broken, or lacks a requested part.
    """
    adata = _read(path.expanduser(), entry)
    adata.uns = {"platform": adata.uns["platform"]}
    return adata


def own_dataset(entry: Mapping[str, Any]) -> AnnData:
    """Load and check a section of the user, for the pipeline and for ``scripts/stague.py``.

    Args:
        entry: of ``stbench.config.registry.dataset_entry``, completed by
            ``stbench.config.own_files.with_file``.

    Returns:
        See ``validate``. The note says what was left out and changed; ``uns['dataset']`` also has
        ``platform`` and ``y_down`` (true or false).

    Raises:
        InputError: one line with dataset, field, problem and remedy.
    """
    path, name = Path(entry["path"]), entry["id"]
    platform = platform_of(path)
    try:
        adata = _read(path, entry)
        labels = {
            key: _labels(adata.obs, entry[key], key, path)
            for key in ("label", "celltype")
            if key in entry
        }
        mixed = []
        if "section" not in entry:
            mixed = check_apart(adata, [entry[key] for key in labels], str(path))
        remarks = [f"read as {platform.NAME}"] if path.is_dir() else []
        remarks += mixed
        remarks += adata.uns["remarks"]
        left_out = in_words(adata.obs["left_out"], "cells")
        left_out += in_words(adata.var["left_out"], "features")
        remarks += left_out
        kept = (adata.obs["left_out"] == "").to_numpy(), (adata.var["left_out"] == "").to_numpy()
        used = _used(adata, *kept, labels)
        _check_kind(
            used.X, entry["kind"], adata.uns["logged"], partial(_elsewhere, platform, entry)
        )
    except InputError as error:
        raise InputError(f"{name}: {one_line(error).removeprefix(f'{name}: ')}") from error
    entry = {**entry, "hvg": entry["hvg"]}
    if entry["hvg"] is None:
        entry["hvg"] = entry["kind"] == "counts" and used.n_vars > MANY_GENES
        if entry["hvg"]:
            remarks.append(
                f"3000 variable genes of {used.n_vars} are used, as for all panels above "
                f"{MANY_GENES} genes (hvg: false uses all)"
            )
    if entry.get("filter_cell") and not entry["hvg"]:
        raise InputError(
            f"{name}: filter_cell: {entry['filter_cell']}: genes are only left out where variable "
            "ones are chosen; set hvg: true, or remove filter_cell"
        )
    facts = adata.uns["platform"]
    if entry["unit"] == "unknown" and facts["unit"]:
        entry["unit"] = facts["unit"]
    used.uns["remarks"] = remarks
    files = platform.files(path, entry)
    try:
        dataset = validate(used, {**entry, "source": path.name, "sha256": combined_hash(files)})
    except InputError as error:
        raise InputError("; ".join([str(error), *left_out])) from error
    try:
        of_truth = add_given(dataset, used)
    except InputError as error:
        is_part = isinstance(entry.get("section"), Mapping)
        if not (is_part and isinstance(error, NotInThisSectionError)):
            raise InputError(f"{name}: {error}") from error
        dataset.obsp.pop(PAIRS, None)
        of_truth = [f"true interactions left out: {error}"]
    about = dataset.uns["dataset"]
    about["platform"], about["y_down"] = facts["name"], str(facts["y_down"]).lower()
    about["note"] = "; ".join(filter(None, [about["note"], *of_truth, *_remarks(dataset, entry)]))
    return dataset


def _read(path: Path, entry: Mapping[str, Any]) -> AnnData:
    """As ``read_own``, with what the platform's module adds to ``uns``."""
    from anndata.utils import make_index_unique

    platform = platform_of(path)
    fault = f"{path}: not readable as {platform.NAME}"
    adata = read_or_refuse(lambda: platform.read(path, entry), fault, "write it again")
    if adata.X.dtype.kind not in "biuf":
        raise InputError(f"X: {adata.X.dtype.name}, not numbers; provide a numeric matrix")
    adata.uns = {"libraries": [], "library_column": "", "logged": False, "remarks": [], **adata.uns}
    if repeated := int(adata.var_names.duplicated().sum()):
        adata.var_names = make_index_unique(adata.var_names)
        adata.uns["remarks"].append(f"{repeated} repeated gene names were made unique")
    adata.obs["left_out"] = cells_left_out(adata.obs)
    features = entry.get("kind") == "features"
    adata.var["left_out"] = "" if features else features_left_out(adata.var)
    if isinstance(entry.get("section"), Mapping):
        ((column, value),) = entry["section"].items()
        sections = _labels(adata.obs, column, "section", path)
        if absent := int((sections.codes < 0).sum()):
            adata.uns["remarks"].append(f"{absent} cells of the file have no section in {column}")
        adata = adata[np.asarray(sections == str(value))].copy()
        if not adata.n_obs:
            known = ", ".join(sections.categories[:10])
            raise InputError(f"section: {column}: no cell has {value!r}; the values are {known}")
    return adata


def _labels(obs: pd.DataFrame, column: str, field: str, path: Path) -> pd.Categorical:
    if column not in obs:
        raise no_column(column, field, [name for name in obs if name != "left_out"], str(path))
    return categories(obs[column])


def _used(
    adata: AnnData, cells: np.ndarray, genes: np.ndarray, labels: Mapping[str, pd.Categorical]
) -> AnnData:
    """The cells and features that are analyzed, in the form of the loaders."""
    from anndata import AnnData

    var = adata.var.loc[genes].drop(columns="left_out")
    names = {"label": "cluster", "celltype": "celltype"}
    obs = pd.DataFrame(
        {names[key]: values[cells] for key, values in labels.items()},
        index=adata.obs_names[cells],
    )
    x = adata.X
    x = sp.csr_matrix(x) if sp.issparse(x) else x
    truth = {name: value[cells][:, cells] for name, value in adata.obsp.items() if name == PAIRS}
    used = AnnData(
        x[cells][:, genes],
        obs=obs,
        var=var,
        obsm={"spatial": adata.obsm["spatial"][cells]},
        obsp=truth,
    )
    used.uns = {name: value for name, value in adata.uns.items() if name == TRIPLES}
    return used


def _check_kind(x: Any, kind: str, marked: bool, elsewhere: Callable[[], list[str]]) -> None:
    """Refuse values that would be log-transformed twice, and name the counts of the file.

    Args:
        x: (n, g).
        kind: of the entry.
        marked: whether the file says that they are log-transformed.
        elsewhere: returns the options that read counts.

    Raises:
        InputError: they are log-transformed, or they are no counts and the file has counts.
    """
    data = x.data if sp.issparse(x) else np.asarray(x)
    broken = data != np.rint(data)
    if kind == "features" or not broken.any():
        return
    if not np.isfinite(data).all() or (data < 0).any():
        if kind == "counts" and (found := elsewhere()):
            raise InputError(
                "X: has negative, infinite or missing values, so these are not counts; the file "
                f"has whole numbers: {' or '.join(found)}"
            )
        return  # refused by ``validate``
    logged = is_logged(x) or (marked and float(data.max()) < LARGEST_LOG)
    found = elsewhere() if logged or kind == "counts" else []
    if not logged and not found:
        return
    said = f"{broken.sum()} values are not whole numbers (for example {data[broken].flat[0]:g})"
    what = "were log-transformed, which this project does itself" if logged else "are not counts"
    counts = f"the file has whole numbers: {' or '.join(found)}" if found else "provide the counts"
    other = "" if logged else ", or set kind: intensities"
    raise InputError(f"X: {said}: they {what}; {counts}{other}")


def _elsewhere(platform: Any, entry: Mapping[str, Any]) -> list[str]:
    """The options that read counts; only files of AnnData have any."""
    search = getattr(platform, "counts_elsewhere", None)
    return search(Path(entry["path"]), entry) if search else []


def _remarks(dataset: AnnData, entry: Mapping[str, Any]) -> list[str]:
    """Notes on positions and labels of a checked dataset."""
    remarks = []
    spatial = pd.DataFrame(dataset.obsm["spatial"])
    if shared := int(spatial.duplicated(keep=False).sum()):
        remarks.append(f"{shared} of {dataset.n_obs} cells share a place with another cell")
    wanted = entry["n_domains"]
    if "cluster" in dataset.obs and isinstance(wanted, int):
        labels = dataset.obs["cluster"].nunique()
        if labels != wanted and not isinstance(entry.get("section"), Mapping):
            remarks.append(f"the labels name {labels} domains, n_domains is {wanted}")
    return remarks
