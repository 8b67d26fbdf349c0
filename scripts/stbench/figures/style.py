"""One look for all pictures, and pictures that are the same bytes for the same results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stbench.common.io import atomic_file

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

# The first seven are those of Okabe and Ito; the others were added one by one, each as far as
# possible from all before it and from the grey below, also to eyes without red or green cones.
DOMAIN_COLOURS = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442",
    "#771100", "#ccee99", "#553355", "#0077ee", "#003399", "#cc3344", "#bbaa55",
    "#aacc99", "#772233", "#443377", "#aaddff", "#aa3300", "#2299ee",
]  # fmt: skip
UNLABELLED = "#dddddd"
# Pale, so that the word in the cell stays readable; from dark to light they differ in grey too.
FAILURE_FACES = {
    "oom": "#e8b7a0",
    "timeout": "#f3dc9b",
    "error": "#d9c3e3",
    "nan": "#c3dcec",
    "killed": "#c9c9c9",
    "n/a": "#f3f3f3",
}
FAILED_TEXT = "#8a2415"
QUIET, INK, GRID = "#666666", "#333333", "#e5e5e5"
PROTOCOL_COLOURS = {"oracle": "#e69f00", "final": "#0072b2", "untrained": "#999999"}
# What a fit took: colour and mark of each kind of measurement.
SERIES = {
    "CPU": ("#0072b2", "o"),
    "GPU": ("#d55e00", "^"),
    "host memory": ("#0072b2", "o"),
    "GPU memory": ("#d55e00", "^"),
}

CLUSTERER_WORDS = {
    "kmeans": "k-means",
    "kmeans20": "k-means, best of 20 starts",
    "gmm": "Gaussian mixture",
    "own": "the methods' own labels",
}

_MOST_PIXELS = 1800.0  # of a png, from left to right

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "axes.axisbelow": True,
    "text.parse_math": False,  # names of data and labels may hold $; it is no formula there
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


def quick_dot(colour: str, label: str, marker: str = "o") -> Line2D:
    """The mark of a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], marker=marker, ls="", color=colour, mec="none", label=label)


def legend_below(figure: Figure, handles: Sequence[Line2D], note: str = "") -> None:
    """A legend below all axes, in as many columns as fit, with a note as its last line."""
    longest = max((len(str(handle.get_label())) for handle in handles), default=1)
    fitting = int((figure.get_figwidth() - 0.2) / (0.3 + 0.068 * longest))
    columns = max(1, min(len(handles), fitting))
    legend = figure.legend(
        handles=list(handles), loc="outside lower left", ncols=columns, fontsize=8,
        handletextpad=0.1, columnspacing=1.2, title=note or None, title_fontsize=7.5,
        alignment="left",
    )  # fmt: skip
    legend.get_title().set_color(QUIET)


def label_rows(ax: Axes, labels: Sequence[str]) -> None:
    """Name the rows 0, 1, ... from top to bottom."""
    ax.set_yticks(range(len(labels)), list(labels))
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def no_frame(ax: Axes) -> None:
    """A panel without axes, of a map."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write ``<name>.png`` and ``<name>.pdf`` without time stamps and close the figure.

    Both at 150 dots per inch, a wide png at fewer, so that pages which show many stay small.
    """
    import matplotlib.pyplot as plt

    dpi = {"png": min(150.0, _MOST_PIXELS / figure.get_figwidth()), "pdf": 150.0}
    for ending, metadata in (("png", {"Software": None}), ("pdf", {"CreationDate": None})):
        with atomic_file(folder / f"{name}.{ending}") as temporary:
            figure.savefig(temporary, dpi=dpi[ending], metadata=metadata, bbox_inches="tight")
        figure.set_layout_engine("none")  # the layout is found once
    plt.close(figure)
