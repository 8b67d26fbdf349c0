"""The Python interface: what other code may import, and what later versions keep.

* Metrics: ``score``, and ``METRICS`` with each of them alone.
* Protocols: ``oracle``, ``select_epoch`` (with ``smoothed_components``), ``consensus_labels``.
* Clusterers: ``cluster_labels``, ``refine_labels``.
* Simulator: ``Tissue``, ``simulate``.
* STAGUE and the controls: ``preprocess``, ``fit``, ``METHODS``.

Everything works on numpy arrays and AnnData, and reads no configuration. docs/python-api.md has
examples. The pipeline does not import this package.
"""

from stbench.api.labels import score
from stbench.api.methods import METHODS, fit
from stbench.api.tissues import preprocess
from stbench.clustering.algorithms import ClusterResult, cluster_labels, refine_labels
from stbench.clustering.consensus import consensus_labels
from stbench.clustering.selection import select_epoch, smoothed_components
from stbench.common.errors import InputError, NotApplicableError
from stbench.data.simulation import simulate
from stbench.data.simulation.tissue import Tissue
from stbench.fitting.interface import Fit
from stbench.scoring.metrics import METRICS
from stbench.scoring.protocols import oracle

__all__ = [
    "METHODS",
    "METRICS",
    "ClusterResult",
    "Fit",
    "InputError",
    "NotApplicableError",
    "Tissue",
    "cluster_labels",
    "consensus_labels",
    "fit",
    "oracle",
    "preprocess",
    "refine_labels",
    "score",
    "select_epoch",
    "simulate",
    "smoothed_components",
]
