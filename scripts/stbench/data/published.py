"""A published dataset from its raw files; if a source cannot be loaded, the next one is used."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError, one_line
from stbench.config.registry import dataset_entry, origins, source_entry
from stbench.data.download import Downloader
from stbench.data.fetch import fetch_dataset, read_status
from stbench.data.inventory import differences, surprises

if TYPE_CHECKING:
    from anndata import AnnData

_WIDTH = 240  # maximal length of the reason why a source was not used


def published_dataset(
    name: str, raw: Path, registry: Mapping[str, Any], mirrors: Sequence[Path]
) -> AnnData:
    """Load and check a dataset of the registry from its folder of raw files.

    If they cannot be loaded, the next sources are fetched and tried.

    Args:
        name: id of the dataset.
        raw: the folder that ``fetch_dataset`` wrote.
        registry: with the allowed sources.
        mirrors: folders that are searched for files of further sources before any URL.

    Returns:
        The dataset as returned by ``validate``. Its note names the unused sources, and differences
        to the registry if this project has never read the source.

    Raises:
        InputError: the download failed, or no source can be loaded.
    """
    if dataset_entry(name, registry)["origin"] != "files":
        raise InputError(f"{name}: is simulated; create it with simulate.py")
    status = read_status(raw)
    if status["status"] != "ok":
        raise InputError(f"{name}: {status['reason']}")
    folder, unused = raw, list(status.get("skipped", []))
    other = raw.with_name(f".{raw.name}.other")
    failed: list[str] = []
    try:
        while True:
            source = status["source"]
            try:
                return _from_source(name, folder, registry, unused)
            except InputError as error:
                reason = one_line(error).removeprefix(f"{name}: ")
            unused.append({"source": source, "reason": reason})
            failed.append(reason)
            rest = _after(source, registry[name]["sources"])
            try:
                if not rest:
                    raise InputError("")
                entry = {"id": name, "sources": rest}
                status = fetch_dataset(entry, other, mirrors, Downloader(origins(registry)))
            except InputError as error:
                failed.append(one_line(error).removeprefix(f"{name}: "))
                raise InputError(f"{name}: {'; or '.join(filter(None, failed))}") from None
            folder = other
            unused += status["skipped"]
    finally:
        shutil.rmtree(other, ignore_errors=True)


def _from_source(
    name: str, folder: Path, registry: Mapping[str, Any], unused: Sequence[Mapping[str, str]]
) -> AnnData:
    from stbench.data.loaders import load
    from stbench.data.validation import validate

    status = read_status(folder)
    entry = source_entry(name, status["source"], registry)
    entry["sha256"] = ",".join(file["sha256"] for file in status["files"])
    adata = load(entry["loader"], folder, entry.get("options", {}))
    dataset = validate(adata, entry)
    if unexpected := surprises(dataset, entry):
        raise InputError(f"{unexpected[0]}; if you trust the file, correct config/datasets.yaml")
    others = [f"{other['source']} was not used: {_short(other['reason'])}" for other in unused]
    facts = dataset.uns["dataset"]
    facts["note"] = "; ".join(filter(None, [facts["note"], *differences(dataset, entry), *others]))
    return dataset


def _after(source: str, sources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    names = [candidate["name"] for candidate in sources]
    return list(sources[names.index(source) + 1 :]) if source in names else []


def _short(reason: str) -> str:
    return textwrap.shorten(reason, _WIDTH, placeholder=" ...")
