"""One look for all pictures, and pictures that are the same bytes for the same results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from stbench.io import atomic_file

# The first seven are those of Okabe and Ito; the others were added one by one, each as far as
# possible from all before it and from the grey below, also to eyes without red or green cones.
DOMAIN_COLOURS = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442",
    "#771100", "#ccee99", "#553355", "#0077ee", "#003399", "#cc3344", "#bbaa55",
    "#aacc99", "#772233", "#443377", "#aaddff", "#aa3300", "#2299ee",
]  # fmt: skip
UNLABELLED = "#dddddd"
FAILED_FACE, FAILED_TEXT = "#eeeeee", "#a03020"
QUIET = "#666666"
PROTOCOL_COLOURS = {"oracle": "#e69f00", "final": "#0072b2", "untrained": "#999999"}

CLUSTERER_WORDS = {
    "kmeans": "k-means",
    "kmeans20": "k-means, best of 20 starts",
    "gmm": "Gaussian mixture",
    "own": "the methods' own labels",
}

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "savefig.dpi": 150,
}


def apply_style() -> None:
    """Set the look of all figures made from here on; draws to files, never to a screen."""
    mpl.use("Agg")
    for key, value in _STYLE.items():
        mpl.rcParams[key] = value  # type: ignore[index]


def domain_colours(n_domains: int) -> list[str]:
    """Colours of domains 0 .. n - 1; beyond twenty come plain hues, no longer safe for all eyes."""
    if n_domains <= len(DOMAIN_COLOURS):
        return DOMAIN_COLOURS[:n_domains]
    import seaborn as sns

    return DOMAIN_COLOURS + sns.husl_palette(n_domains - len(DOMAIN_COLOURS)).as_hex()


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write ``<name>.png`` and ``<name>.pdf`` without time stamps and close the figure."""
    import matplotlib.pyplot as plt

    for ending, metadata in (("png", {"Software": None}), ("pdf", {"CreationDate": None})):
        with atomic_file(folder / f"{name}.{ending}") as temporary:
            figure.savefig(temporary, metadata=metadata, bbox_inches="tight")
    plt.close(figure)
