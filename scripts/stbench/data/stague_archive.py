"""STAGUE's archive of datasets: the dataset and the content of each file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.checksums import file_hash
from stbench.common.errors import InputError, one_line
from stbench.data.inventory import facts, surprises

if TYPE_CHECKING:
    from anndata import AnnData

SOURCE = "STAGUE archive"  # its name among the sources of config/datasets.yaml
DRIVE_ID = "15-7aNyrVYNxKbLXh4mvTrhRpr5audw8-"
_LAYOUT = re.compile(r"(?:^|/)(?:DLPFC/raw/adata_(?P<slice>\w+)|(?P<name>[^/]+)/raw/adata)\.h5ad$")


@dataclass(frozen=True)
class Found:
    """One h5ad file of the archive.

    Attributes:
        path: the file.
        dataset: id in the registry, or name in the archive.
        sha256: of the file.
        summary: its content in one line.
        surprises: differences to the registry, one text for each.
    """

    path: Path
    dataset: str
    sha256: str
    summary: str
    surprises: list[str]


def inspect(folder: Path, registry: Mapping[str, Any]) -> list[Found]:
    """Inspect every h5ad file of the unpacked archive.

    The dataset follows from the end of the path, as STAGUE's scripts expect it
    (``DLPFC/raw/adata_<id>.h5ad``, ``<name>/raw/adata.h5ad``).
    """
    files: list[Found] = []
    for path in sorted(folder.rglob("*.h5ad")):
        name = path.relative_to(folder).as_posix()
        if place := _LAYOUT.search(name):
            section = place["slice"]
            file = _look(path, f"DLPFC{section}" if section else place["name"], registry)
            if file.dataset in {other.dataset for other in files}:
                file.surprises.append(f"{name} is {file.dataset} a second time")
            files.append(file)
        else:
            problem = f"{name} is an unknown file"
            files.append(Found(path, name, file_hash(path), "unexpected path", [problem]))
    return files


def absent(found: list[Found], registry: Mapping[str, Any]) -> list[str]:
    """Datasets that the registry expects in the archive but that it does not contain."""
    contained = {file.dataset for file in found}
    return [name for name in registry if _source(name, registry) and name not in contained]


def _source(name: str, registry: Mapping[str, Any]) -> dict[str, Any] | None:
    sources = registry.get(name, {}).get("sources", [])
    return next((source for source in sources if source["name"] == SOURCE), None)


def _look(path: Path, dataset: str, registry: Mapping[str, Any]) -> Found:
    sha256 = file_hash(path)
    source = _source(dataset, registry)
    if source is None:
        summary = _summary(path, ["cluster", "domain", "ground_truth"])[1]
        return Found(path, dataset, sha256, summary, ["not a dataset of the registry"])
    adata, summary = _summary(path, source["options"]["label"])
    if adata is None:
        return Found(path, dataset, sha256, summary, [summary])
    entry = {**registry[dataset], **source, "source": SOURCE}
    differing = surprises(adata, entry)
    if (kind := _kind(adata.X)) != entry["kind"]:
        differing.append(f"X holds {kind}, {entry['kind']} expected")
    return Found(path, dataset, sha256, summary, differing)


def _summary(path: Path, labels: list[str]) -> tuple[AnnData | None, str]:
    """The loaded file, or None, and a summary of its content or the error."""
    from stbench.data.loaders.h5ad import load_file

    try:
        adata = load_file(path, labels)
    except InputError as error:
        return None, one_line(error).removeprefix(f"{path}: ")
    number = facts(adata)
    shape = f"{adata.n_obs} cells x {adata.n_vars} genes, {_kind(adata.X)}"
    return adata, f"{shape}, {number['n_domains']} domains on {number['cells']} labeled cells"


def _kind(x: Any) -> str:
    """The kind of the values, inferred from them: counts, intensities or features."""
    import numpy as np
    import scipy.sparse as sp

    values = x.data if sp.issparse(x) else np.asarray(x)
    if values.size and not (values >= 0).all():  # negative or NaN
        return "features"
    return "counts" if (values == np.rint(values)).all() else "intensities"
