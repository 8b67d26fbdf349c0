"""Functions that the loaders share: assembly of a dataset from its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stbench.common.errors import InputError
from stbench.common.labels import categories, label_of

if TYPE_CHECKING:
    from anndata import AnnData

_LAYERS = {"L1", "L2", "L3", "L4", "L5", "L6", "WM"}


def assemble(
    x: Any,
    cells: Iterable[Any] | None,
    genes: Iterable[Any] | None,
    spatial: Any,
    cluster: Any = None,
    celltype: Any = None,
) -> AnnData:
    """Create the AnnData of a dataset from parts with the same order of cells.

    Args:
        x: (n, g) dense or sparse, as published.
        cells: names; None: ``cell_1`` ...
        genes: names; None: ``gene_1`` ...
        spatial: (n, 2) coordinates.
        cluster: (n,) true domains, missing where unknown, or None.
        celltype: (n,) cell types, or None.

    Raises:
        InputError: the parts differ in length.
    """
    from anndata import AnnData

    n, g = x.shape
    obs = pd.DataFrame(index=_names(cells, n, "cell"))
    var = pd.DataFrame(index=_names(genes, g, "gene"))
    spatial = np.asarray(spatial)
    for field, part in (("coordinates", spatial), ("cluster", cluster), ("celltype", celltype)):
        if part is not None and len(part) != n:
            raise InputError(
                f"{field}: {len(part)} values for {n} cells; the files do not belong together"
            )
    if cluster is not None:
        obs["cluster"] = categories(cluster)
    if celltype is not None:
        obs["celltype"] = categories(celltype)
    return AnnData(x, obs=obs, var=var, obsm={"spatial": spatial})


def layer_names(values: Any) -> list[str | None]:
    """Cortical layers in one spelling: ``Layer1`` becomes ``L1``; ``WM`` is unchanged."""
    labels = [label_of(value) for value in np.asarray(values, dtype=object)]
    return [label and label.replace("Layer", "L") for label in labels]


def visium_section(
    counts: tuple[Any, Sequence[str], Iterable[Any] | None],
    positions: Path,
    layers: Path,
    section: str,
) -> AnnData:
    """A Visium section of the human cortex, joined by barcode; ``uns['remarks']`` names mismatches.

    Args:
        counts: (spots x genes, barcodes, names of genes).
        positions: 10x's table of positions of this section.
        layers: table barcode, section, layer of all sections.
        section: the section's name in that table.
    """
    x, barcodes, genes = counts
    spatial = visium_positions(positions, barcodes)
    labels = barcode_layers(layers, section)
    adata = assemble(x, barcodes, genes, spatial, list(labels.reindex(barcodes)))
    unlabeled = int(adata.obs["cluster"].isna().sum())
    unused = len(labels) - (adata.n_obs - unlabeled)
    if unlabeled == adata.n_obs:
        raise InputError(f"{layers.name}: none of its {len(labels)} barcodes is among the spots")
    remarks = [f"{unlabeled} of {adata.n_obs} spots have no layer"] * (unlabeled > 0)
    remarks += [f"{unused} barcodes with a layer have no counts"] * (unused > 0)
    adata.uns["remarks"] = remarks
    return adata


def visium_positions(file: Path | IO[bytes], barcodes: Sequence[str], name: str = "") -> np.ndarray:
    """Pixel coordinates (x = column, y = row) of the spots, joined by barcode.

    Reads 10x's table of positions: barcode, in tissue, row, column, pixel row, pixel column; with
    or without a header.

    Args:
        file: the table, or a stream of it.
        barcodes: the spots.
        name: of the table, if it is a stream.
    """
    name = name or Path(str(file)).name
    table = pd.read_csv(file, header=None, index_col=0, dtype=str)
    table = table.drop(index="barcode", errors="ignore")
    _check_unique(table.index, name)
    table = table.reindex(barcodes)
    if table[5].isna().any():
        missing = table.index[table[5].isna()]
        raise InputError(f"{name}: no position for {len(missing)} spots, for example {missing[0]}")
    return table[[5, 4]].to_numpy().astype(np.float64)


def barcode_layers(path: Path, section: str) -> pd.Series:
    """Layers of one section's spots from the table of all sections, by barcode."""
    table = pd.read_csv(path, sep="\t", header=None, dtype=str, keep_default_na=False)
    layers = table[table[1] == section].set_index(0)[2]
    if layers.empty:
        raise InputError(f"{path.name}: no labels for section {section}")
    _check_unique(layers.index, path.name)
    labels = pd.Series(layer_names(layers), index=layers.index, dtype=object).dropna()
    if unknown := sorted(set(labels) - _LAYERS):
        raise InputError(
            f"{path.name}: section {section} has an unknown layer {unknown[0]!r}; "
            f"known: {', '.join(sorted(_LAYERS))}"
        )
    return labels


def _check_unique(barcodes: pd.Index, name: str) -> None:
    repeated = barcodes[barcodes.duplicated()]
    if len(repeated):
        raise InputError(
            f"{name}: {len(repeated)} barcodes occur twice, for example {repeated[0]}; "
            "provide one section"
        )


def column(table: pd.DataFrame, name: str, where: str) -> pd.Series:
    """A column, or an error that lists the available columns."""
    if name not in table.columns:
        names = ", ".join(map(str, table.columns)) or "none"
        raise InputError(f"{where}: no column {name!r}; available: {names}")
    return table[name]


def _names(given: Iterable[Any] | None, n: int, stem: str) -> pd.Index:
    if given is None:
        return pd.Index([f"{stem}_{i + 1}" for i in range(n)])
    names = [str(name) for name in given]
    if len(names) != n:
        raise InputError(f"{stem} names: {len(names)} names for {n} {stem}s")
    return pd.Index(names)
