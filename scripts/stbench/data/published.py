"""A published dataset from its raw files; a source that cannot be loaded gives way to the next."""

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

_WIDTH = 240  # of the reason for which a source was not used


def published_dataset(
    name: str, raw: Path, registry: Mapping[str, Any], mirrors: Sequence[Path]
) -> AnnData:
    """Load and check a dataset of the registry from its folder of raw files.

    Where these cannot be loaded, the sources after the one they came from are fetched and tried.

    Args:
        name: id of the dataset.
        raw: the folder that ``fetch_dataset`` wrote.
        registry: with the sources that may be used.
        mirrors: where files of further sources are looked for before any URL.

    Returns:
        The dataset as ``validate`` makes it. Its note names the sources that were not used, and
        what differs from the registry in a source that was never seen.

    Raises:
        InputError: the download failed, or no source can be loaded.
    """
    if dataset_entry(name, registry)["origin"] != "files":
        raise InputError(f"{name}: is simulated; simulate.py makes it whole")
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
                there = {"id": name, "sources": rest}
                status = fetch_dataset(there, other, mirrors, Downloader(origins(registry)))
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
    made = validate(adata, entry)
    if found := surprises(made, entry):
        raise InputError(f"{found[0]}; if you trust the file, correct config/datasets.yaml")
    others = [f"{one['source']} was not used: {_short(one['reason'])}" for one in unused]
    facts = made.uns["dataset"]
    facts["note"] = "; ".join(filter(None, [facts["note"], *differences(made, entry), *others]))
    return made


def _after(source: str, sources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    names = [one["name"] for one in sources]
    return list(sources[names.index(source) + 1 :])


def _short(reason: str) -> str:
    return textwrap.shorten(reason, _WIDTH, placeholder=" ...")
