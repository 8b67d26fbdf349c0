"""External results, computed outside the pipeline: their folders and names.

A result is a folder with a folder for each dataset and, for several training seeds, in that a
folder for each seed (``seed0``, ``seed1``, ...). ``stbench.fitting.external_result`` describes the
files. No large package is imported here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.config.tasks import DOMAINS

IMPLEMENTATION = "external"
LABELS, EMBEDDING, CELLS, GRAPH = "labels.tsv", "embedding.npy", "cells.tsv", "graph.npz"
FILES = (LABELS, EMBEDDING, CELLS, GRAPH)
SEED_FOLDER = re.compile(r"seed\d+")
# Maps and columns of the project's own, and how maps of a method are called beside it.
_OWN_NAMES = (
    *("consensus", "truth", "disagreement", "left_out", "recommended"),
    *("cell", "x", "y"),  # of the table of cells
)
_ENDINGS = ("_selected", "_consensus")


def entry(name: str) -> dict[str, Any]:
    """An external result as an entry of ``config/methods.yaml``.

    It counts as trainable, but its epochs cannot be observed.
    """
    return {
        "title": name,
        "implementation": IMPLEMENTATION,
        "citation": "not provided",
        "licence": "not provided",
        "trainable": True,
    }


def check_external(external: Mapping[str, str], methods: Collection[str]) -> None:
    """Check that every result has a folder and a unique name.

    Args:
        external: folder by name.
        methods: the ids of the methods.

    Raises:
        InputError: one line that names the entry of the configuration.
    """
    taken = {*_OWN_NAMES, *(f"{one}{end}" for one in (*methods, *external) for end in _ENDINGS)}
    for name, folder in external.items():
        where = f"config: external: {name}"
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise InputError(f"{where}: use lower-case letters, digits and _, a letter first")
        if name in methods:
            raise InputError(f"{where}: a method has this name; choose another")
        if name in taken:
            raise InputError(f"{where}: a map or column of results has this name; choose another")
        if not Path(folder).is_dir():
            raise InputError(f"{where}: {folder}: no such folder")


def check_used(external: Mapping[str, str], tasks: Collection[str]) -> None:
    """Check that external results, which are results of domains, have a dataset of that task.

    Raises:
        InputError: there is none, so that they would be ignored.
    """
    if external and DOMAINS not in tasks:
        raise InputError(
            f"config: external: {', '.join(external)}: no dataset of the task {DOMAINS} is chosen, "
            "and results of other tasks cannot be added"
        )


def seeds_given(root: str | Path, dataset: str, seeds: Sequence[int]) -> list[int]:
    """The training seeds of a result on a dataset.

    All seeds if it has a folder for any of them; otherwise there is one result, of the first seed.
    """
    return list(seeds) if _seed_folders(root, dataset) else list(seeds[:1])


def result_folder(root: str | Path, dataset: str, seed: int) -> Path:
    """The folder for the files of one dataset and training seed; it may not exist."""
    folder = Path(root) / dataset
    return folder / f"seed{seed}" if _seed_folders(root, dataset) else folder


def result_files(folder: Path) -> list[Path]:
    """The existing files of a result in such a folder."""
    return [folder / name for name in FILES if (folder / name).is_file()]


def gives_graph(root: str | Path, dataset: str, seeds: Sequence[int]) -> bool:
    """Whether a result has a cell graph for a dataset."""
    folders = {result_folder(root, dataset, seed) for seed in seeds}
    return any((folder / GRAPH).is_file() for folder in folders)


def _seed_folders(root: str | Path, dataset: str) -> list[Path]:
    paths = (Path(root) / dataset).glob("seed*")
    return [path for path in paths if SEED_FOLDER.fullmatch(path.name) and path.is_dir()]
