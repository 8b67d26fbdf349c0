"""What is known of a user's file or folder at start: platform, size, columns and sections.

The modules that read files are loaded only if a configuration has a file of the user.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError
from stbench.config.registry import joined_entry

if TYPE_CHECKING:
    from stbench.platforms.detection import Platform

_MANY = 10**9  # a file with a larger stated number of cells or genes is not trusted
_MANY_SECTIONS = 100
_OPTIONS = ("layer", "raw", "table", "x", "y")
_TEXT, _PACKED = {".csv", ".tsv", ".txt", ".mtx"}, {".gz", ".bz2", ".xz"}
_COLUMNS = ("label", "celltype", "x", "y")


def with_file(entry: dict[str, Any]) -> dict[str, Any]:
    """Complete the description of a user's section by what its file says.

    Technology, number of cells and genes are added where they are known. With ``section: column``
    the result is a joined dataset with a part for each value of the column. Files that do not exist
    or cannot be read are not reported here: see ``check_own_files``, and the loader, which reports
    a broken file for its dataset only.

    Raises:
        InputError: a folder of no known platform or without a needed file, or a column that does
            not exist.
    """
    if entry["origin"] == "joined":
        return joined_entry(entry["id"], [_part(part) for part in entry["parts"]])
    if entry["origin"] != "path" or not Path(entry["path"]).exists():
        return entry
    from stbench.platforms.detection import platform_of

    where, path = f"dataset {entry['id']!r}", Path(entry["path"])
    try:
        platform = platform_of(path)
        _check_options(platform, path, entry)
        platform.files(path, entry)
        _check_columns(platform, path, entry)
        entry = {**entry, **_technology(platform, path, entry), **_size(platform, path, entry)}
        if isinstance(entry.get("section"), str):
            return _sections(platform, path, entry)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    return entry


def check_own_files(entries: Iterable[Mapping[str, Any]]) -> None:
    """Raise InputError if a file is missing or is a matrix alone, also of a joined section."""
    for entry in entries:
        check_own_files(entry.get("parts", []))
        if entry["origin"] != "path":
            continue
        path, where = Path(entry["path"]), f"config: datasets: {entry['id']!r}: {entry['path']}"
        if not path.exists():
            raise InputError(f"{where}: no such file")
        if _is_matrix_alone(path):
            raise InputError(
                f"{where}: a matrix without positions of the cells; name the folder that its "
                "platform wrote, or an h5ad file"
            )


def _is_matrix_alone(path: Path) -> bool:
    """Whether a file is a table of text, or a matrix as 10x writes it."""
    packed = path.suffix in _PACKED
    if not path.is_file() or Path(path.stem if packed else path.name).suffix in _TEXT:
        return path.is_file()
    import h5py

    try:
        with h5py.File(path) as file:
            return "matrix" in file and "obs" not in file
    except OSError:  # the loader reports a broken file, for its dataset alone
        return False


def files_of(entry: Mapping[str, Any]) -> list[Path]:
    """The files that are read for a user's section; a folder of a store counts as a whole.

    Raises:
        InputError: there is no such file, or the folder is of no known platform.
    """
    from stbench.platforms.detection import platform_of

    path = Path(entry["path"])
    return platform_of(path).files(path, entry)


def _part(entry: dict[str, Any]) -> dict[str, Any]:
    part = with_file(entry)
    if part["origin"] == "joined":
        raise InputError(f"dataset {entry['id']!r}: section: a section of join cannot be split")
    return part


def _check_options(platform: Platform, path: Path, entry: Mapping[str, Any]) -> None:
    for key in _OPTIONS:
        if key in entry and key not in platform.OPTIONS:
            raise InputError(f"{path}: {key}: not for {platform.NAME}; leave the key out")


def _check_columns(platform: Platform, path: Path, entry: Mapping[str, Any]) -> None:
    section = entry.get("section")
    wanted = {key: entry[key] for key in _COLUMNS if key in entry}
    if section is not None:
        wanted["section"] = section if isinstance(section, str) else next(iter(section))
    if not wanted:
        return
    try:
        columns = platform.columns(path, entry)
    except Exception:  # a broken file
        return
    from stbench.platforms.positions import no_column

    for key, name in wanted.items():
        if name not in columns:
            raise no_column(name, key, columns, str(path))


def _technology(platform: Platform, path: Path, entry: Mapping[str, Any]) -> dict[str, str]:
    technology = platform.technology(path)
    return {"technology": technology} if technology and entry["technology"] == "unknown" else {}


def _size(platform: Platform, path: Path, entry: Mapping[str, Any]) -> dict[str, int]:
    try:
        cells, genes = platform.shape(path, entry)
    except Exception:  # a broken file
        return {}
    known = 0 < cells < _MANY and 0 < genes < _MANY
    return {"cells": cells, "genes": genes} if known else {}


def _sections(platform: Platform, path: Path, entry: dict[str, Any]) -> dict[str, Any]:
    """The joined dataset of the sections that a column names; one section is not joined."""
    from stbench.common.labels import categories

    column = entry["section"]
    try:
        values = categories(platform.column(path, entry, column))
    except Exception:  # a broken file
        return entry
    sizes = values.value_counts().loc[values.categories]
    if not 0 < len(sizes) <= _MANY_SECTIONS:
        raise InputError(
            f"{path}: section: {column} has {len(sizes)} different values; name a column with "
            f"1 to {_MANY_SECTIONS} sections"
        )
    if len(sizes) == 1:
        only = {"section": {column: sizes.index[0]}}
        return {**entry, **only, "given": {**entry["given"], **only}}
    names = _part_names(entry["id"], list(sizes.index))
    parts = []
    for value, cells in sizes.items():
        changed = {"id": names[value], "section": {column: value}}
        given = {**entry["given"], **changed}
        parts.append({**entry, **changed, "given": given, "cells": int(cells)})
    return joined_entry(entry["id"], parts)


def _part_names(name: str, values: list[str]) -> dict[str, str]:
    """Ids of the parts by value: ``<id>_<value>`` with letters that an id may have."""
    names = {value: f"{name}_{re.sub(r'[^A-Za-z0-9._-]', '-', value)}"[:64] for value in values}
    if len(set(names.values())) < len(names):
        return {value: f"{name[:56]}_{number}" for number, value in enumerate(values, start=1)}
    return names
