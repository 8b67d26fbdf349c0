"""Scores of one method on one dataset of joined sections: a row for every seed and metric."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stbench.clustering.label_file import LabelAxes, LabelsReader
from stbench.common.constants import NO_TRUTH, Clusterer
from stbench.common.errors import NotApplicableError
from stbench.common.metric import Metric
from stbench.fitting.output import FitFolder
from stbench.fitting.requirements import require
from stbench.integration.metrics import METRICS, ONE_SECTION, note, undefined
from stbench.scoring.metrics import TRUTH_METRICS, ari

if TYPE_CHECKING:
    import pandas as pd

ENVIRONMENT = "integration"
COLUMNS = {
    "dataset": "str",
    "method": "str",
    "seed": "int64",
    "metric": "str",
    "value": "float64",
    "status": "str",
    "reason": "str",
}


@dataclass(frozen=True)
class Sections:
    """The cells of a dataset of joined sections.

    Attributes:
        section: (n_cells,) codes of the sections, from 0.
        domain: (n_cells,) codes of the true domains, from 0; -1 = not known.
    """

    section: np.ndarray
    domain: np.ndarray


@dataclass(frozen=True)
class Score:
    """A number, or the reason why it is missing; ``reason`` may also note excluded data."""

    value: float = float("nan")
    status: str = "ok"
    reason: str = ""


def score_integration(
    fits: Sequence[FitFolder], reader: LabelsReader, sections: Sections | None, clusterer: Clusterer
) -> pd.DataFrame:
    """Score the embeddings of all training seeds and the joint labels of their last epoch.

    Args:
        fits: one per training seed.
        reader: the open file of labels of the same fits.
        sections: of the dataset; None if it is not available, so that no fit is ok.
        clusterer: the clusterer of the scored labels.

    Returns:
        A table with the columns ``COLUMNS``: for each seed the metrics of
        ``stbench.integration.metrics`` and ``ARI_within``, the ARI of the joint clustering within
        one section, averaged over sections. A failed fit has the rows with its status and reason.
    """
    import pandas as pd

    rows = [
        (reader.axes.dataset, reader.axes.method, fit.seed, metric, s.value, s.status, s.reason)
        for fit in fits
        for metric, s in _scores(fit, reader, sections, clusterer)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def no_scores(fits: Sequence[FitFolder], axes: LabelAxes, reason: str) -> pd.DataFrame:
    """The table of ``score_integration`` where scoring failed: no values, and the reason."""
    import pandas as pd

    rows = [
        (axes.dataset, axes.method, fit.seed, metric, float("nan"), "error", reason)
        for fit in fits
        for metric in (*METRICS, ARI_WITHIN.name)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def ari_within(labels: np.ndarray, sections: Sections) -> Score:
    """Mean over sections of the ARI (Hubert and Arabie 1985) of the joint labels in each.

    Sections with fewer than two known domains are excluded, because their ARI is not meaningful.

    Args:
        labels: (clusterings, n_cells); the mean over clusterings is used.
    """
    scores = []
    names = np.unique(sections.section)
    if len(names) < 2:
        return Score(status="not_applicable", reason=ONE_SECTION)
    if not (sections.domain >= 0).any():
        return Score(status="not_applicable", reason=NO_TRUTH)
    for name in names:
        in_section = (sections.section == name) & (sections.domain >= 0)
        if len(np.unique(sections.domain[in_section])) > 1:
            scores.append(
                np.mean([ari(sections.domain[in_section], row[in_section]) for row in labels])
            )
    left_out = len(names) - len(scores)
    if not scores:
        return Score(status="not_applicable", reason="no section has two domains")
    reason = f"{left_out} of {len(names)} sections have fewer than two domains" if left_out else ""
    return Score(float(np.mean(scores)), reason=reason)


ARI_WITHIN = Metric(
    "ARI_within", "ARI within sections", ari_within, TRUTH_METRICS["ARI"].source, low=-0.5
)


def _scores(
    fit: FitFolder, reader: LabelsReader, sections: Sections | None, clusterer: Clusterer
) -> Iterator[tuple[str, Score]]:
    for metric in (*METRICS, ARI_WITHIN.name):
        if not fit.ok or sections is None:
            yield metric, Score(status=fit.status, reason=fit.reason)
        elif metric == ARI_WITHIN.name:
            yield metric, _labels_score(fit, reader, sections, clusterer)
        else:
            yield metric, _embedding_score(fit, metric, sections)


def _embedding_score(fit: FitFolder, metric: str, sections: Sections) -> Score:
    if fit.embedding is None:
        return Score(
            status="not_applicable", reason="the method provides labels only, no embedding"
        )
    if reason := undefined(metric, sections.section, sections.domain):
        return Score(status="not_applicable", reason=reason)
    try:
        require("scib_metrics", ENVIRONMENT, "scib-metrics")
    except NotApplicableError as error:
        return Score(status="not_applicable", reason=str(error))
    value = METRICS[metric](fit.embedding, sections.section, sections.domain)
    return Score(value, reason=note(metric, sections.section, sections.domain))


def _labels_score(
    fit: FitFolder, reader: LabelsReader, sections: Sections, clusterer: Clusterer
) -> Score:
    axes = reader.axes
    seed, place = axes.training_seeds.index(fit.seed), axes.clusterers.index(clusterer)
    if axes.clusterer_status[seed][place] != "ok":
        reason = axes.clusterer_reason[seed][place]
        return Score(status=axes.clusterer_status[seed][place], reason=reason)
    where = (max(axes.n_domains), fit.seed, clusterer, axes.last_epochs[seed])
    labels = reader.rows(*where)
    if not len(labels):
        return Score(status="not_applicable", reason=reader.note(*where) or "not clustered")
    return ARI_WITHIN(labels, sections)
