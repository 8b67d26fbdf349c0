"""One fixed color and marker for each method, in every figure and in the report.

Imports no matplotlib, so that the report can use it for its swatches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

# Chosen by search. All pairs differ by at least 35 in CIELAB, also for readers without red or
# without green cones (Machado et al. 2009; 2.3 is just noticeable), and each has a contrast of at
# least 2.5 : 1 with white.
METHOD_COLORS = ("#0000ff", "#cc9900", "#00aa77", "#aa0000", "#00aadd", "#881166", "#5577ff")
METHOD_MARKERS = ("o", "s", "^", "D", "v")
CONTROL_MARKERS = ("X", "P")
_OTHER_MARKERS = ("*", "p")  # of methods that are not listed here

# The place in a list decides the style, so new methods belong at the end. Those that are often
# compared are first, because each of the first seven has a color of its own.
_METHODS = (
    "stague", "sedr", "banksy", "graphst", "stagate", "spaceflow", "spagcn", "ccst", "scanit",
    "cellcharter", "mender", "nichepca", "graphpca", "spatialleiden", "sigra", "spatialfusion",
    "deeplinc", "rasp", "novae", "squidpy_utag", "squidpy_cellcharter", "stlearn", "bayesspace",
    "bass", "drsc", "leiden_pca", "ward", "tangram", "nnls",
)  # fmt: skip
_CONTROLS = (
    "pca", "coordinates", "jittered_truth", "smoothed_pca", "random", "bands", "harmony",
    "smoothed_expression", "smoothed_pca8", "smoothed_harmony", "smoothed_pca30", "mean_reference",
    "shuffled_truth", "leiden_smoothed_pca",
)  # fmt: skip


@dataclass(frozen=True)
class MethodStyle:
    """How a method is drawn.

    Attributes:
        color: ``#rrggbb``.
        marker: of matplotlib: ``o``, ``s``, ``^``, ``D`` or ``v`` for a method, ``X`` or ``P`` for
            a control, ``*`` or ``p`` for a method that this file does not list.
    """

    color: str
    marker: str


def method_styles(ids: Iterable[str]) -> dict[str, MethodStyle]:
    """The style of each method, by id. It depends on nothing but the id.

    A variant (``<method>__<change>``) has the style of its method. A method that is not listed
    above gets one of 14 styles by a hash of its id.
    """
    return {name: _style(name.partition("__")[0]) for name in ids}


def _style(method: str) -> MethodStyle:
    for listed, markers in ((_METHODS, METHOD_MARKERS), (_CONTROLS, CONTROL_MARKERS)):
        if method in listed:
            return _at(listed.index(method), markers)
    number = hashlib.sha256(method.encode()).digest()[0]
    return _at(number % (len(METHOD_COLORS) * len(_OTHER_MARKERS)), _OTHER_MARKERS)


def _at(place: int, markers: tuple[str, ...]) -> MethodStyle:
    row, column = divmod(place, len(METHOD_COLORS))
    return MethodStyle(METHOD_COLORS[column], markers[row])
