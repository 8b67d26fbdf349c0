"""A Vitessce configuration that shows the maps of a tissue from its zarr store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stbench.maps.comparison import CONSENSUS

VERSION = "1.0.16"  # of the schema of Vitessce's configurations
SPATIAL = "Spatial"
# Component, its place in a grid of 12 columns: x, y, width, height.
_VIEWS = (("scatterplot", 0, 0, 8, 12), ("obsSets", 8, 0, 4, 6), ("featureList", 8, 6, 4, 6))


def vitessce_configuration(
    name: str, store: str, columns: Iterable[str], embeddings: Iterable[str]
) -> dict[str, Any]:
    """The configuration, to be served beside the store.

    Args:
        name: of the tissue.
        store: address of the zarr store, relative to the configuration.
        columns: of obs with domains; the consensus is shown first if there is one.
        embeddings: names of obsm; their first two columns can be shown.
    """
    ordered = sorted(columns, key=lambda column: column != CONSENSUS)
    points = [("obsm/spatial", SPATIAL), *((f"obsm/{key}", key) for key in embeddings)]
    options = {
        "obsFeatureMatrix": {"path": "X"},
        "obsSets": [{"name": column, "path": f"obs/{column}"} for column in ordered],
        "obsEmbedding": [
            {"path": path, "dims": [0, 1], "embeddingType": kind} for path, kind in points
        ],
    }
    file = {
        "fileType": "anndata.zarr",
        "url": store,
        "options": options,
        "coordinationValues": {"obsType": "cell", "featureType": "gene"},
    }
    scopes = {"dataset": "A", "obsType": "A", "featureType": "A", "embeddingType": "A"}
    layout = [
        {"component": view, "coordinationScopes": scopes, "x": x, "y": y, "w": w, "h": h}
        for view, x, y, w, h in _VIEWS
    ]
    return {
        "version": VERSION,
        "name": name,
        "description": "Domains of each method and their consensus",
        "datasets": [{"uid": "A", "name": name, "files": [file]}],
        "coordinationSpace": {
            "dataset": {"A": "A"},
            "obsType": {"A": "cell"},
            "featureType": {"A": "gene"},
            "embeddingType": {"A": SPATIAL},
        },
        "layout": layout,
        "initStrategy": "auto",
    }
