"""Repetitions of published runs: measured scores beside the scores that the authors published.

A demonstration is one training run with one clustering, not a mean. Its score is comparable with
the published score only for the same data and settings; this is checked and reported here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stbench.clustering.label_file import open_labels
from stbench.common.errors import InputError, NotApplicableError
from stbench.common.text import wrapped
from stbench.scoring.metrics import TRUTH_METRICS

COMPARABLE, NOT_COMPARABLE, NOT_MEASURED = "COMPARABLE", "NOT COMPARABLE", "NOT MEASURED"


@dataclass(frozen=True)
class Demonstration:
    """A published run and its settings: a section ``demonstrations`` of a configuration.

    Attributes:
        title: display name.
        method, dataset: ids.
        source: the registry's name of the files that the published run used.
        seed, epochs, clusterer: of the published run.
        reported: the source of its scores in ``resources/published/scores.csv``.
        stand_in: id of the dataset that replaces an unavailable one; "": none.
    """

    title: str
    method: str
    dataset: str
    source: str
    seed: int
    epochs: int
    clusterer: str
    reported: str
    stand_in: str = ""


@dataclass(frozen=True)
class Labeling:
    """One clustering of one fit: (n_cells,) labels from 0, of the embedding after ``epoch``."""

    labels: np.ndarray
    epoch: int


@dataclass(frozen=True)
class Outcome:
    """A repeated demonstration.

    Attributes:
        demonstration: the published run.
        published: the published scores, by metric.
        dataset: id of the dataset that was used; "" if none was available.
        about: description of these data: source, cells, genes, domains.
        measured: by metric; empty if nothing was measured.
        epoch: the measured epoch.
        differences: why measured and published scores are not comparable; empty if they are.
        missing: why nothing was measured; empty if something was.
    """

    demonstration: Demonstration
    published: Mapping[str, float]
    dataset: str = ""
    about: str = ""
    measured: Mapping[str, float] = field(default_factory=dict)
    epoch: int = -1
    differences: Sequence[str] = ()
    missing: str = ""

    @property
    def verdict(self) -> str:
        if self.missing:
            return NOT_MEASURED
        return NOT_COMPARABLE if self.differences else COMPARABLE

    @property
    def reason(self) -> str:
        return self.missing or "; ".join(self.differences)


def published_scores(one: Demonstration, published: pd.DataFrame) -> dict[str, float]:
    """The published scores of a demonstration, by metric.

    Args:
        published: of ``stbench.results.published.read_published``.

    Raises:
        InputError: the table has no such scores.
    """
    wanted = {"dataset": one.dataset, "method": one.method, "source": one.reported}
    rows = published[(published[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    if rows.empty:
        where = f"{one.method} on {one.dataset}"
        raise InputError(
            f"demonstrations: no published score of {where} has the source {one.reported!r}"
        )
    values = rows.set_index("metric")["mean"]
    return {name: float(values[name]) for name in TRUTH_METRICS if name in values}


def choose(one: Demonstration, facts: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """The dataset to use ("" for none), and the reason if it is not the published dataset.

    Args:
        facts: ``uns['dataset']`` of the datasets of this run, by id.
    """
    why = _unavailable(one.dataset, facts)
    if not why:
        return one.dataset, ""
    if not one.stand_in:
        return "", why
    also = _unavailable(one.stand_in, facts)
    return ("", f"{why}; {also}") if also else (one.stand_in, why)


def _unavailable(dataset: str, facts: Mapping[str, Mapping[str, Any]]) -> str:
    if dataset not in facts:
        return f"{dataset}: not a dataset of this run"
    description = facts[dataset]
    if description["status"] == "ok":
        return ""
    return f"{dataset}: {description['reason'] or description['status']}"


def differences(one: Demonstration, facts: Mapping[str, Any], reason: str, epoch: int) -> list[str]:
    """Why the scores of this run are not comparable with the published ones.

    Args:
        facts: ``uns['dataset']`` of the dataset that was used.
        reason: why this is not the published dataset; "" if it is.
        epoch: the last epoch of this run.
    """
    items = []
    if reason:
        items.append(f"{facts['id']} replaced {one.dataset}: different cells, different labels")
        items.append(reason)
    elif facts["source"] != one.source:
        items.append(
            f"{one.dataset} is from {facts['source']}; the published run used the files of "
            f"{one.source}"
        )
        items += filter(None, [facts.get("note")])
    if epoch != one.epochs:
        items.append(f"trained for {epoch} epochs; the published run was trained for {one.epochs}")
    return items


def last_labeling(path: Path, one: Demonstration) -> Labeling:
    """The labels of the last epoch from the demonstration's clusterer (k-means: its first seed).

    Args:
        path: file of labels of the method on the dataset that is used.

    Raises:
        NotApplicableError: there are no labels; the message is the reason.
        InputError: the file is missing or broken.
    """
    with open_labels(path) as reader:
        axes = reader.axes
        if one.seed not in axes.training_seeds:
            raise NotApplicableError(f"seed {one.seed} was not trained")
        if one.clusterer not in axes.clusterers:
            raise NotApplicableError(f"{one.clusterer} is not a clusterer of this run")
        i, j = axes.training_seeds.index(one.seed), axes.clusterers.index(one.clusterer)
        for status, reason in (
            (axes.status[i], axes.reason[i]),
            (axes.clusterer_status[i][j], axes.clusterer_reason[i][j]),
        ):
            if status != "ok":
                raise NotApplicableError(f"{status}: {reason}".rstrip(": "))
        where = (axes.n_domains[-1], one.seed, one.clusterer, axes.last_epochs[i])
        rows = reader.rows(*where)
        if not len(rows):
            raise NotApplicableError(reader.note(*where) or "not clustered")
        return Labeling(rows[0].astype(int), axes.last_epochs[i])


def measure(truth: np.ndarray, labels: np.ndarray, metrics: Sequence[str]) -> dict[str, float]:
    """Agreement over the cells that have a true label.

    Args:
        truth: (n_cells,) codes, -1 = not known.
        labels: (n_cells,).
        metrics: names of ``stbench.scoring.metrics.TRUTH_METRICS``.
    """
    labeled = truth >= 0
    return {name: TRUTH_METRICS[name](truth[labeled], labels[labeled]) for name in metrics}


def comparison_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row for each published score, measured or not."""
    rows = [
        {
            "demonstration": o.demonstration.title,
            "method": o.demonstration.method,
            "metric": metric,
            "measured": o.measured.get(metric, np.nan),
            "published": value,
            "verdict": o.verdict.lower(),
            "reason": o.reason,
            "dataset": o.dataset,
            "published_dataset": o.demonstration.dataset,
            "seed": o.demonstration.seed,
            "epochs": o.epoch if o.measured else np.nan,
            "clusterer": o.demonstration.clusterer,
            "reported_by": o.demonstration.reported,
        }
        for o in outcomes
        for metric, value in o.published.items()
    ]
    return pd.DataFrame(rows).astype({"epochs": "Int64"})


def comparison_text(outcomes: Sequence[Outcome]) -> str:
    """The comparison as text, with the verdict before any number."""
    return "\n\n".join("\n".join(_lines(outcome)) for outcome in outcomes) + "\n"


def _lines(outcome: Outcome) -> Iterator[str]:
    one = outcome.demonstration
    yield one.title
    reason = outcome.reason or "same data source, seed, number of epochs and clusterer"
    yield wrapped(f"{outcome.verdict}: {reason}", "  ", "    ")
    yield f"  {'':<12}{'measured':>10}{'published':>12}"
    for metric, value in outcome.published.items():
        measured = f"{outcome.measured[metric]:.3f}" if outcome.measured else "-"
        yield f"  {metric:<12}{measured:>10}{value:>12.4g}"
    if outcome.measured:
        how = f"{one.method}, seed {one.seed}, epoch {outcome.epoch}, {one.clusterer}"
        yield wrapped(f"measured on {outcome.about}: {how}", "  ", "    ")
    yield wrapped(f"published for {one.dataset} by {one.reported}", "  ", "    ")
