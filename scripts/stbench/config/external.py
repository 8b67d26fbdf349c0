"""Results that were made elsewhere: where they lie, and what they are called.

A result is a folder with a folder for each dataset, and in that, where there are several training
seeds, one for each (``seed0``, ``seed1``, ...). What may lie there says
``stbench.fitting.external_result``. Nothing heavy is imported here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError

IMPLEMENTATION = "external"
LABELS, EMBEDDING, CELLS, GRAPH = "labels.tsv", "embedding.npy", "cells.tsv", "graph.npz"
FILES = (LABELS, EMBEDDING, CELLS, GRAPH)
SEED_FOLDER = re.compile(r"seed\d+")


def entry(name: str) -> dict[str, Any]:
    """An external result as an entry of ``config/methods.yaml``.

    It counts as trained, though nobody saw how: its epochs cannot be observed.
    """
    return {
        "title": name,
        "implementation": IMPLEMENTATION,
        "citation": "not told",
        "licence": "not told",
        "trainable": True,
    }


def check_external(external: Mapping[str, str], methods: Iterable[str]) -> None:
    """Make sure that every result has a folder and a name of its own.

    Args:
        external: folder by name.
        methods: the ids of the methods.

    Raises:
        InputError: one line that names the entry of the configuration.
    """
    for name, folder in external.items():
        where = f"config: external: {name}"
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise InputError(f"{where}: use lower-case letters, digits and _, a letter first")
        if name in methods:
            raise InputError(f"{where}: a method has this name; choose another")
        if not Path(folder).is_dir():
            raise InputError(f"{where}: {folder}: no such folder")


def seeds_given(root: str | Path, dataset: str, seeds: Sequence[int]) -> list[int]:
    """The training seeds that a result counts for on a dataset.

    All of them where it has a folder for any; otherwise there is one result, of the first seed.
    """
    return list(seeds) if _seed_folders(root, dataset) else list(seeds[:1])


def result_folder(root: str | Path, dataset: str, seed: int) -> Path:
    """The folder that has, or would have, the files of one dataset and training seed."""
    folder = Path(root) / dataset
    return folder / f"seed{seed}" if _seed_folders(root, dataset) else folder


def result_files(folder: Path) -> list[Path]:
    """Those of the files in such a folder that are there."""
    return [folder / name for name in FILES if (folder / name).is_file()]


def gives_graph(root: str | Path, dataset: str, seeds: Sequence[int]) -> bool:
    """Whether a cell graph is there for a dataset."""
    folders = {result_folder(root, dataset, seed) for seed in seeds}
    return any((folder / GRAPH).is_file() for folder in folders)


def _seed_folders(root: str | Path, dataset: str) -> list[Path]:
    found = (Path(root) / dataset).glob("seed*")
    return [path for path in found if SEED_FOLDER.fullmatch(path.name) and path.is_dir()]
