"""Identity of the shared files of ``results/``: short keys of the recipes that make them.

A key is a hash of everything that determines the content of a file: contents of the user's files,
published checksums, parameters, and the code of the stage. It is known before the file is made,
and it is part of the path: a file has to be made if its path does not exist. Descriptions, paths
and times are not part of a key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stbench.common.code_hash import code_hash
from stbench.common.paths import ENVIRONMENTS, SCRIPTS, gene_statistics_file
from stbench.config.drawing import DRAWING
from stbench.config.own_files import files_of
from stbench.config.registry import loaders
from stbench.config.schema import load_yaml
from stbench.config.tasks import is_pair

KEY_LENGTH = 10  # two of 1000 recipes of one method and dataset agree with probability 5e-7

Entry = Mapping[str, Any]

# Keys of an entry that do not affect cells, genes and positions of a dataset. All other keys
# count, so that a new option cannot be forgotten.
_DESCRIPTION = (
    *("id", "name", "title", "technology", "organism", "donor", "study", "tissue", "unit"),
    *("licence", "citation", "note", "cells", "genes", "n_cells", "n_spots", "reference_is"),
    *("origin", "path", "given", *DRAWING),
)
# They determine the truth or the labels of a clustering, which have separate keys.
_NOT_DATA = ("label", "celltype", "refine")
_LOADERS = "stbench/data/loaders/"
_IMPORTED_LOADERS = {"visium_regions": ("tenx", "features")}  # by other loaders; a test compares
_OWN_FILES = tuple(  # they read files of users only
    f"stbench/{name}.py"
    for name in (
        *("config/own_files", "data/own_files", "data/left_out", "data/log_values"),
        *("data/overlaps", "platforms/anndata_zarr", "platforms/cosmx", "platforms/detection"),
        *("platforms/joined_tables", "platforms/merscope", "platforms/space_ranger"),
        *("platforms/spatialdata_zarr", "platforms/tables", "platforms/wkb", "platforms/xenium"),
        "platforms/zarr_store",
    )
)


@dataclass(frozen=True)
class Identity:
    """Keys of datasets and of files that are made of them.

    Attributes:
        entries: description of every dataset by id: chosen, joined, and part of a pair.
        file_hash: function that hashes a file of the user.
        scripts: the folder of programs.
    """

    entries: Mapping[str, Entry]
    file_hash: Callable[[str], str]
    scripts: Path = SCRIPTS

    def raw(self, dataset: str) -> str:
        """Key of the published files of a dataset, if any; their URLs do not count."""
        sources = self.entries[dataset].get("sources", [])
        return key_of(sources=[_files(source) for source in sources])

    def data(self, dataset: str) -> str:
        """Key of the cells, genes and positions of a dataset, and of its number of domains."""
        return self._data(self.entries[dataset])

    def truth(self, dataset: str) -> str:
        """Key of a dataset with the true labels of its cells."""
        return self._truth(self.entries[dataset])

    def stage(self, program: str, *more: str, **recipe: Any) -> str:
        """Key of the output of a program.

        Args:
            program: in the folder of programs, such as ``cluster.py``.
            more: other files of that folder that it runs without importing them.
            recipe: keys of its inputs, and its parameters.
        """
        return key_of(code=self._code(program, *more), **recipe)

    def contents(self, files: Iterable[str | Path]) -> list[tuple[str, str]]:
        """Name and hash of files of the user, for a recipe."""
        return [(Path(file).name, self.file_hash(str(file))) for file in files]

    def method_code(self, programs: Sequence[str], environment: str) -> str:
        """Hash of a method: its code, and the package versions of its own environment.

        The environment that all stages share does not count: a new version of a package for
        figures must not cause new training. fit.h5ad records the versions of a fit.

        Args:
            programs: the program that fits and the file of the method, below ``scripts/``.
            environment: its name in ``envs/``.
        """
        pins: Any = None
        if environment != "default":
            pins = load_yaml(ENVIRONMENTS / f"{environment}.yaml")["dependencies"]
        return _hash({"code": self._code(*programs), "pins": pins})

    def _code(self, *programs: str) -> str:
        return _code_hash(programs, self.scripts)

    def _data(self, entry: Entry) -> str:
        origin = entry["origin"]
        if origin == "degraded":
            program = "degrade_deconvolution.py" if is_pair(entry) else "degrade.py"
            # The truth of the remaining cells determines n_domains, as in joined sections.
            of = self.truth(entry["derived_from"])
            return self.stage(program, of=of, degrade=entry["degrade"])
        if origin == "joined":
            parts = [(part["id"], self._truth(part)) for part in entry["parts"]]
            number = given_number(entry)
            given = {} if number is None else {"n_domains": number}
            return self.stage("join.py", parts=parts, **given)
        if origin == "planted":
            (original,) = entry["parts"]
            return self.stage("plant.py", of=self._truth(original), plant=entry["plant"])
        if origin == "simulate":
            return self.stage("simulate.py", simulate=self._tissue(entry["simulate"]))
        if origin == "pair":
            return self._pair(entry)
        return key_of(code=self._code_of_prepare(entry), **self._recipe(entry))

    def _tissue(self, simulate: Entry) -> Entry:
        """The parameters of a tissue, with the content of the table of genes that it uses."""
        if not simulate.get("reference"):
            return simulate
        table = gene_statistics_file(simulate["reference"])
        return {**simulate, "reference": self.contents([table])}

    def _truth(self, entry: Entry) -> str:
        columns = [entry.get("label"), entry.get("celltype")]
        return key_of(data=self._data(entry), columns=columns)

    def _pair(self, entry: Entry) -> str:
        """Key of a pair: its own options, and the contents or recipes of its two parts."""
        parts = {part: self._part(entry[part]) for part in ("spots", "reference") if part in entry}
        options = {key: value for key, value in self._recipe(entry).items() if key not in parts}
        return self.stage("prepare_deconvolution.py", parts=parts, **options)

    def _part(self, part: str | Entry) -> dict[str, Any]:
        """All options of a user's file count: methods get the cell types of a reference."""
        if isinstance(part, str):
            return self._recipe(self.entries[part])
        options = {key: value for key, value in part.items() if key != "path"}
        return {"content": self.file_hash(part["path"]), **options}

    def _recipe(self, entry: Entry) -> dict[str, Any]:
        """An entry without descriptions, with contents in place of paths and URLs."""
        recipe = _without_words(entry)
        if "simulate" in entry:
            recipe["simulate"] = self._tissue(entry["simulate"])
        if "path" in entry:
            folder = Path(entry["path"])
            files = files_of(entry)
            recipe["content"] = [
                [file.relative_to(folder).as_posix(), self.file_hash(str(file))] for file in files
            ]
        if "path" in entry and entry["n_domains"] is None:
            recipe["label"] = entry["label"]  # its number of values is that of the domains
        if "sources" in entry:
            recipe["sources"] = [
                {**_without_words(source), "files": _files(source)} for source in entry["sources"]
            ]
        return recipe

    def _code_of_prepare(self, entry: Entry) -> str:
        """Hash of the code that reads a dataset, without the loaders of other formats."""
        used = {source["loader"] for source in entry.get("sources", [])}
        used |= {more for name in used for more in _IMPORTED_LOADERS.get(name, ())}
        others = tuple(f"{_LOADERS}{name}.py" for name in loaders() if name not in used)
        if "sources" in entry:
            others += _OWN_FILES
        return _code_hash(("prepare.py",), self.scripts, others)


def given_number(entry: Entry) -> int | None:
    """The number of domains that was given for a file which is split into sections, else None.

    Args:
        entry: of a joined dataset.
    """
    parts = entry["parts"]
    columns = {
        (part.get("path"), *part["section"])
        for part in parts
        if isinstance(part.get("section"), Mapping)
    }
    given = {part["n_domains"] for part in parts if isinstance(part["n_domains"], int)}
    split = len(columns) == len(given) == 1 and all("section" in part for part in parts)
    return given.pop() if split else None


def key_of(**recipe: Any) -> str:
    """A short key of a recipe of JSON values; 1 and 1.0 are one value."""
    return _hash(recipe)[:KEY_LENGTH]


def settings_name(params: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> str:
    """The name of parameters in a path: a known name, else eight characters of their hash.

    Args:
        params: all parameters of a method on a dataset.
        known: parameters by name, such as ``default`` and ``published``; the first match counts.
    """
    for name, named in known.items():
        if named == params:
            return name
    return _hash(params)[:8]


@cache
def _code_hash(programs: tuple[str, ...], scripts: Path, leave_out: tuple[str, ...] = ()) -> str:
    return code_hash([scripts / program for program in programs], scripts, leave_out)


def _without_words(entry: Entry) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in (*_DESCRIPTION, *_NOT_DATA)}


def _files(source: Entry) -> list[Any]:
    """The files of a source: their names in the folder of raw files, and their checksums."""
    return [
        [Path(file["name"]).name, file.get("sha256"), file.get("blob")] for file in source["files"]
    ]


def _hash(value: Any) -> str:
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
