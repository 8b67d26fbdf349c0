"""One style for all figures, and files that are byte-identical for the same results."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stbench.common.io import atomic_file

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

# The first seven are those of Okabe and Ito. The others were added one by one: each is as different
# as possible from all before it and from the gray below, also for color-blind readers.
DOMAIN_COLORS = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442",
    "#771100", "#ccee99", "#553355", "#0077ee", "#003399", "#cc3344", "#bbaa55",
    "#aacc99", "#772233", "#443377", "#aaddff", "#aa3300", "#2299ee",
]  # fmt: skip
UNLABELED = "#dddddd"
# Pale, so that the word in the square stays readable; they also differ in gray level.
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
PROTOCOL_COLORS = {
    "oracle": "#e69f00",
    "oracle_reclustered": "#d55e00",
    "final": "#0072b2",
    "selected": "#009e73",
    "consensus": "#cc79a7",
    "untrained": "#999999",
}
# Costs of a fit: color and mark of each kind of measurement.
SERIES = {
    "CPU": ("#0072b2", "o"),
    "GPU": ("#d55e00", "^"),
    "host memory": ("#0072b2", "o"),
    "GPU memory": ("#d55e00", "^"),
}

_CLUSTERER_WORDS = {
    "kmeans": "k-means, one start",
    "kmeans20": "k-means, best of 20 starts",
    "gmm": "Gaussian mixture",
    "own": "the methods' own labels",
}

_MOST_PIXELS = 1800.0  # of a png, from left to right

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same on every machine
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.hashsalt": "stbench",  # else the ids inside are random
    "axes.axisbelow": True,
    "text.parse_math": False,  # names of data and labels may hold $; it is no formula there
}


def words_of(clusterer: str) -> str:
    """A clusterer in words."""
    return _CLUSTERER_WORDS.get(clusterer, clusterer)


def apply_style() -> None:
    """Set the style of all later figures; they are drawn to files, never to a screen."""
    mpl.use("Agg")
    for key, value in _STYLE.items():
        mpl.rcParams[key] = value  # type: ignore[index]


def domain_colors(n_domains: int) -> list[str]:
    """Colors of domains 0 .. n - 1; those after the twentieth are not safe for color blindness."""
    if n_domains <= len(DOMAIN_COLORS):
        return DOMAIN_COLORS[:n_domains]
    import seaborn as sns

    return DOMAIN_COLORS + sns.husl_palette(n_domains - len(DOMAIN_COLORS)).as_hex()


def quick_dot(color: str, label: str, marker: str = "o") -> Line2D:
    """One mark for a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], marker=marker, ls="", color=color, mec="none", label=label)


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
    """Remove the axes of a panel, as for a map."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write ``<name>.png`` and ``<name>.pdf`` without time stamps and close the figure.

    A figure of lines and texts alone is also written as ``<name>.svg``, with a clear background.
    The resolution is 150 dots per inch, less for a wide png, so that pages with many figures stay
    small.
    """
    import matplotlib.pyplot as plt

    _embed_outlines_only()
    dpi = {"png": min(150.0, _MOST_PIXELS / figure.get_figwidth()), "pdf": 150.0}
    endings: dict[str, dict[str, Any]] = {
        "png": {"metadata": {"Software": None}, "dpi": dpi["png"]},
        "pdf": {"metadata": {"CreationDate": None}, "dpi": dpi["pdf"]},
    }
    if not any(artist.get_rasterized() for artist in figure.findobj()):
        endings["svg"] = {"metadata": {"Date": None, "Creator": None}, "transparent": True}
    for ending, how in endings.items():
        with atomic_file(folder / f"{name}.{ending}") as temporary:
            figure.savefig(temporary, format=ending, bbox_inches="tight", **how)
        figure.set_layout_engine("none")  # the layout is computed once
    plt.close(figure)


@cache
def _embed_outlines_only() -> None:
    """Leave out of embedded fonts the tables for the layout of text, which a pdf does not use.

    Cutting them to the letters of each figure took more than a third of the time of all figures
    of a small run.
    """
    from fontTools.subset import Options

    Options._drop_tables_default = [*Options._drop_tables_default, "GDEF", "GPOS", "GSUB"]
