"""The figures of one dataset: its gallery, its protocols, its training curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stbench.common.errors import InputError
from stbench.common.h5ad import read_elements
from stbench.config.layout import Layout
from stbench.figures.domains import Map, domain_maps
from stbench.figures.figure_set import Album
from stbench.figures.positions import as_drawn
from stbench.figures.style import words_of
from stbench.figures.tissue_maps import add_consensus, add_maps
from stbench.maps.cells_file import CellsFile
from stbench.maps.comparison import CONSENSUS
from stbench.results.assembly import method_titles, one_row_per_fit
from stbench.results.oracle import rows_under
from stbench.scoring.matching import match_labels

MOST_NUMBERS = 3  # of domains of a tissue without a truth with a gallery for each


@dataclass(frozen=True)
class Tissue:
    """What figures need to know of a dataset.

    Attributes:
        name: its id.
        coords: (n_cells, 2) positions as drawn (``stbench.figures.positions``); (0, 2) if the
            dataset is not available.
        truth: (n_cells,) codes of the true domains, -1 = not known; None: no cell has one.
        domains: names of the true domains.
        sections: (n_cells,) the section of each cell; None where the dataset has one.
        unit: of the positions.
        cells: (n_cells,) their names.
    """

    name: str
    coords: np.ndarray
    truth: np.ndarray | None
    domains: list[str]
    sections: pd.Categorical | None = None
    unit: str = ""
    cells: Sequence[str] = ()


def read_tissue(path: Path, drawings: Mapping[str, Mapping[str, Any]] | None = None) -> Tissue:
    """Read a dataset with its truth.

    Args:
        path: of the dataset.
        drawings: ``stbench.config.drawing.drawing_of`` datasets, by id.

    Raises:
        InputError: the file is missing, broken or not a dataset of this pipeline.
    """
    found = read_elements(path, "obs/cluster", "obs/section", "obsm/spatial", "uns/dataset")
    about: dict[str, Any] = found.get("uns/dataset", {})
    if "id" not in about:
        raise InputError(f"{path}: not a dataset of this pipeline; make it with prepare.py")
    if about["status"] != "ok":
        return Tissue(str(about["id"]), np.empty((0, 2)), None, [])
    truth, domains = None, []
    drawing = (drawings or {}).get(str(about["id"]), {})
    if "obs/cluster" in found:
        categories = pd.Categorical(found["obs/cluster"]).remove_unused_categories()
        if (categories.codes >= 0).any():
            names = drawing.get("domain_names", {})
            truth = categories.codes.astype(int)
            domains = [str(names.get(str(d), d)) for d in categories.categories]
    sections = pd.Categorical(found["obs/section"]) if "obs/section" in found else None
    facts = {"y_down": str(drawing.get("y_down", "")).lower(), **about}
    coords = as_drawn(found["obsm/spatial"], facts, sections)
    unit, cells = str(drawing.get("unit", about.get("unit", ""))), found["cells"]
    return Tissue(str(about["id"]), coords, truth, domains, sections, unit, cells)


def add_figures_of(
    album: Album,
    tissue: Tissue,
    results: pd.DataFrame,
    rank_by: str,
    layout: Layout,
    maps: CellsFile | None = None,
) -> None:
    """Add the figures of one dataset; none where it is not available.

    Args:
        album: takes the figures.
        tissue: the dataset.
        results: of ``stbench.results.assembly``.
        rank_by: id of the clusterer that is shown.
        layout: where labels and epochs are, and the fits of joined sections.
        maps: of all methods, if they were joined (``stbench.maps``).
    """
    titles = method_titles(results)
    of_tissue = rows_under(results[results["dataset"] == tissue.name], rank_by)
    if not len(tissue.coords) or not len(of_tissue):
        return
    shown = {m: t for m, t in titles.items() if m in set(of_tissue["method"])}
    how = words_of(rank_by)
    if maps:
        add_consensus(album, tissue.name, tissue.coords, maps, tissue.unit)
    _add_galleries(album, tissue, of_tissue, shown, how=how, layout=layout, maps=maps)
    _add_protocols(album, tissue, of_tissue, shown, how)
    if tissue.truth is not None:
        _add_curves(album, tissue, shown, layout)
    if tissue.sections is not None:
        add_embeddings(album, tissue, of_tissue, shown, layout)


def _add_galleries(
    album: Album,
    tissue: Tissue,
    of_tissue: pd.DataFrame,
    titles: dict[str, str],
    *,
    how: str,
    layout: Layout,
    maps: CellsFile | None,
) -> None:
    from stbench.clustering.label_file import open_labels
    from stbench.figures.gallery import gallery_maps

    numbers = sorted(set(of_tissue["n_domains"]))
    if tissue.truth is None and maps and len(numbers) > MOST_NUMBERS:
        numbers = [maps.n_domains]
    for k in numbers:
        asked = of_tissue[of_tissue["n_domains"] == k]
        stem = f"gallery_{tissue.name}" + (f"_{k}" if len(numbers) > 1 else "")
        if tissue.truth is None and maps and k == maps.n_domains:
            failed = _failures(asked)
            add_maps(
                *(album, tissue.name, tissue.coords, maps, titles, failed),
                unit=tissue.unit,
                stem=stem,
            )
            continue
        shown = gallery_maps(
            *(asked, titles, tissue.truth),
            lambda method: open_labels(layout.labels(tissue.name, method)),
        )
        if tissue.truth is None and maps and CONSENSUS in maps.columns:
            shown = [_matched(one, maps.columns[CONSENSUS]) for one in shown]
        title = f"{tissue.name}: {k} domains ({how})"
        figure = domain_maps(
            *(tissue.coords, shown, title, tissue.truth, tissue.domains), unit=tissue.unit
        )
        caption = (
            "The true domains, then the last epoch of each method, the best first, and of the "
            "controls. Labels take the color of the true domain that they are matched to, one to "
            "one (Hungarian algorithm). Shown is the training seed with the median final ARI, and "
            "of its clusterings the one with the median ARI; the ARI written is the mean over its "
            "clusterings."
            if tissue.truth is not None
            else "No true domains are known: labels of the last epoch of the first training seed."
        )
        album.add(
            figure,
            stem,
            kind="gallery",
            title=title,
            caption=caption,
            alt=f"Maps of {len(tissue.coords)} cells of {tissue.name} by domain: "
            + "; ".join(f"{m.title} {m.note}" for m in shown),
            dataset=tissue.name,
        )


def _matched(one: Map, reference: np.ndarray) -> Map:
    return one if one.labels is None else replace(one, labels=match_labels(reference, one.labels))


def _failures(rows: pd.DataFrame) -> dict[str, str]:
    """Why methods have no labels of the last epoch, by id."""
    final = rows[(rows["protocol"] == "final") & (rows["metric"] == "CHAOS")]
    worst = {method: of_method.iloc[0] for method, of_method in final.groupby("method")}
    ok = set(final.loc[final["status"] == "ok", "method"])
    return {
        str(method): f"{row['status']}: {row['reason']}".rstrip(": ")
        for method, row in worst.items()
        if method not in ok
    }


def _add_protocols(
    album: Album, tissue: Tissue, of_tissue: pd.DataFrame, titles: dict[str, str], how: str
) -> None:
    from stbench.figures.protocols import protocol_plot

    ari = of_tissue[of_tissue["metric"] == "ARI"]
    if not ari["value"].notna().any():
        return
    title = f"{tissue.name}: ARI of each training seed and mean ({how})"
    best = ari[ari["protocol"] == "final"].groupby("method")["value"].mean()
    album.add(
        protocol_plot(ari, titles, title),
        f"protocols_{tissue.name}",
        kind="protocols",
        title=title,
        caption="Small marks are training seeds, large ones their mean; methods by the mean of the "
        "last epoch, controls below the line. A consensus has one score "
        "for all seeds. The true labels choose the best epoch under k-means with one start.",
        alt=f"ARI of {len(titles)} methods on {tissue.name} by protocol; the highest final mean is "
        f"{best.max():.2f}, {titles[best.idxmax()]}.",
        dataset=tissue.name,
    )


def _add_curves(album: Album, tissue: Tissue, titles: dict[str, str], layout: Layout) -> None:
    from stbench.figures.training_curves import training_curves
    from stbench.scoring.epoch_scores import read_epochs_of

    tables = [read_epochs_of(layout.epochs(tissue.name, method)) for method in titles]
    filled = [table for table in tables if len(table) and (table["epoch"] > 0).any()]
    if not filled:
        return
    epochs = pd.concat(filled)
    epochs = epochs[epochs["n_domains"] == epochs["n_domains"].max()]
    if not epochs[["ari", "loss"]].notna().any(axis=None):
        return
    title = f"{tissue.name}: ARI (k-means) and training loss by epoch"
    untold = epochs.groupby("method")["loss"].count().eq(0)
    names = [titles[method] for method in titles if untold.get(method, False)]
    note = f" No loss is reported by {', '.join(names)}." if names else ""
    album.add(
        training_curves(epochs, titles, title),
        f"curves_{tissue.name}",
        kind="curves",
        title=title,
        caption="A line is a training seed; the ARI is the mean over the k-means seeds. Losses of "
        f"methods are not comparable.{note}",
        alt=f"ARI and loss by epoch of {epochs['method'].nunique()} methods on {tissue.name}.",
        dataset=tissue.name,
    )


def add_embeddings(
    album: Album, tissue: Tissue, of_tissue: pd.DataFrame, titles: dict[str, str], layout: Layout
) -> None:
    """The embedding of each method's first fit that succeeded, by section and by true domain."""
    from stbench.figures.integration import embedding_grid
    from stbench.figures.layout import umap

    flat: dict[str, np.ndarray | str] = {}
    for method in titles:
        runs = one_row_per_fit(of_tissue[of_tissue["method"] == method]).sort_values("seed")
        ok = runs[runs["fit_status"] == "ok"]
        if not len(ok):
            flat[method] = "{fit_status}: {fit_reason}".format(**runs.iloc[0]).rstrip(": ")
            continue
        fit = layout.fit(tissue.name, method, ok["seed"].iloc[0]) / "fit.h5ad"
        embedding = read_elements(fit, "obsm/embedding").get("obsm/embedding")
        flat[method] = "labels only, no embedding" if embedding is None else umap(embedding)
    assert tissue.sections is not None
    groupings = {"section": tissue.sections}
    if tissue.truth is not None:
        groupings["domain"] = pd.Categorical.from_codes(tissue.truth, tissue.domains)
    title = f"{tissue.name}: embeddings of all sections together"
    album.add(
        embedding_grid(flat, groupings, titles, title),
        f"integration_embedding_{tissue.name}",
        kind="integration",
        title=title,
        caption="UMAP of the first training seed, above in the colors of the sections, below in "
        "those of the true domains. UMAP bends distances: read the scores beside it.",
        alt=f"UMAP of {len(tissue.coords)} cells for {len(titles)} methods, by section and domain.",
        dataset=tissue.name,
    )
