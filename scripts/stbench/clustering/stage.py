"""From fits to one file of labels. The truth is never used here."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stbench.clustering.algorithms import ClusterResult, cluster_labels
from stbench.clustering.consensus import STARTS, consensus_labels, last_third
from stbench.clustering.epochs import (
    EpochLabels,
    cluster_epochs,
    kmeans_rows,
    read_epoch_labels,
    settings_of,
    write_epoch_labels,
)
from stbench.clustering.label_file import NO_EPOCH, LabelAxes, LabelsWriter, labels_writer
from stbench.clustering.mclust import mclust_missing
from stbench.clustering.selection import select_epoch, smoothed_components
from stbench.clustering.tissue import Tissue, read_tissue
from stbench.common.constants import EPOCHS_UNSEEN, UNTRAINED_EPOCH, Clusterer
from stbench.common.errors import InputError, NotApplicableError
from stbench.common.h5ad import cells_digest
from stbench.common.parallel import Map, worker_map
from stbench.fitting.output import FitFolder, read_fit, read_status

UNOBSERVED_RESULT = 1  # the epoch of a result whose training was not observed
LABELS_ONLY = "the method's own labels; it provides no embedding"
NO_OWN_LABELS = "the method provides an embedding, not labels"


class EpochsClustered(NamedTuple):
    """The cost of clustering the epochs of one fit; NaN if the training time is not known."""

    seed: int
    n_epochs: int
    seconds: float
    training_seconds: float


def cluster_fits(
    folders: Sequence[str | Path],
    preprocessed: str | Path,
    dataset: str,
    method: str,
    clusterers: Sequence[Clusterer],
    *,
    output: str | Path,
    processes: int = 1,
    keep_trajectories: bool = False,
    refine: int = 0,
    nearest_wins: bool = False,
) -> list[EpochsClustered]:
    """Cluster the fits of one method on one dataset and write their labels.

    Every clusterer is run on the last and the untrained epoch; epochs in between are clustered only
    by k-means. From their labels follow the epoch that the data select and the consensus of all
    training seeds. Labels of epochs are stored in the folders of the fits, and trajectories are
    removed after all labels are written. Labels do not depend on the number of processes.

    Args:
        folders: folders of the fits, one per training seed.
        preprocessed: the dataset of the fits.
        dataset, method: ids.
        clusterers: ids of ``stbench.common.constants.CLUSTERERS``.
        output: the file of labels.
        processes: how many work at once.
        keep_trajectories: leave the embeddings of the epochs where they are.
        refine: number of neighbors that refine labels; 0: none.
        nearest_wins: how refinement breaks ties; see ``majority``.

    Returns:
        The cost of clustering the epochs, for each fit whose epochs were clustered in this call.

    Raises:
        InputError: a file is missing or broken, or two fits have the same seed.
    """
    tissue = replace(read_tissue(preprocessed, refine), nearest_wins=nearest_wins)
    fits = sorted((read_fit(folder, tissue.cells) for folder in folders), key=lambda fit: fit.seed)
    seeds = [fit.seed for fit in fits]
    if len(set(seeds)) < len(seeds):
        raise InputError(f"--fits: two fits have the same seed ({', '.join(map(str, seeds))})")

    with worker_map(processes) as mapper:
        pairs = [_labels_of_epochs(fit, tissue, mapper) for fit in fits]
        recorded = [labels for labels, _ in pairs]
        axes = _axes(
            *(fits, recorded, tissue),
            dataset=dataset,
            method=method,
            clusterers=list(dict.fromkeys(clusterers)),
        )
        with labels_writer(output, axes) as writer:
            for fit, labels in zip(fits, recorded, strict=True):
                if labels is not None and "kmeans" in axes.clusterers:
                    _put_epochs(writer, fit, labels)
            _put_selected(writer, fits, recorded, tissue)
            _put_ends(writer, axes, fits, tissue, mapper)
            for k in axes.n_domains:
                writer.put_consensus(k, _consensus(axes, fits, recorded, tissue, k))
            for fit in fits:
                if fit.losses is not None:
                    writer.put_losses(fit.seed, fit.losses)
    if not keep_trajectories:
        for fit in fits:
            if fit.ok and fit.epoch_labels.is_file():
                fit.trajectory.unlink(missing_ok=True)
    return [clustered for _, clustered in pairs if clustered is not None]


def write_no_labels(
    folders: Sequence[str | Path],
    preprocessed: str | Path,
    dataset: str,
    method: str,
    clusterers: Sequence[Clusterer],
    *,
    output: str | Path,
    reason: str,
) -> None:
    """Write a file of labels without any, so that its scores give the reason.

    Fits that did not succeed keep their own status and reason; all others have an error.

    Args:
        folders, preprocessed, dataset, method, clusterers, output: as of ``cluster_fits``.
        reason: why the fits could not be clustered.
    """
    tissue = read_tissue(preprocessed)
    by_seed = {int(Path(folder).name.removeprefix("seed")): folder for folder in folders}
    seeds, kinds = sorted(by_seed), list(dict.fromkeys(clusterers))
    ends = [_failure_of(by_seed[seed]) for seed in seeds]
    whole = [end or ("error", reason) for end in ends]
    of_fits = [end or ("error", f"clustering: {reason}") for end in ends]
    axes = LabelAxes(
        dataset=dataset,
        method=method,
        cells_digest=cells_digest(tissue.cells),
        n_cells=len(tissue.cells),
        n_domains=tissue.n_domains,
        training_seeds=seeds,
        clusterers=kinds,
        epochs=[UNOBSERVED_RESULT],
        observed=False,
        last_epochs=[NO_EPOCH] * len(seeds),
        status=[status for status, _ in of_fits],
        reason=[why for _, why in of_fits],
        epochs_reason=[""] * len(seeds),
        clusterer_status=[[status] * len(kinds) for status, _ in whole],
        clusterer_reason=[[why] * len(kinds) for _, why in whole],
    )
    with labels_writer(output, axes) as writer:
        for k in axes.n_domains:
            writer.put_consensus(k, ClusterResult(None, "error", reason))


def _failure_of(folder: str | Path) -> tuple[str, str] | None:
    """Status and reason of a fit that did not succeed."""
    with suppress(InputError):  # a broken status is the reason why nothing was clustered
        status = read_status(folder)
        if status["status"] != "ok":
            return status["status"], status["reason"] or ""
    return None


def _labels_of_epochs(
    fit: FitFolder, tissue: Tissue, mapper: Map
) -> tuple[EpochLabels | None, EpochsClustered | None]:
    """Labels of the recorded epochs, if any, and their cost if they were clustered in this call."""
    if not fit.ok or not tissue.n_domains:
        return None, None
    settings = settings_of(tissue.n_domains)
    kept = read_epoch_labels(fit.epoch_labels, settings)
    if kept is not None or not fit.trajectory.is_file():
        return kept and _refined(kept, tissue), None
    began = time.perf_counter()
    labels = cluster_epochs(fit.trajectory, tissue.n_domains, mapper)
    seconds = time.perf_counter() - began
    write_epoch_labels(fit.epoch_labels, labels, settings)
    clustered = EpochsClustered(fit.seed, len(labels.epochs), seconds, fit.seconds)
    return _refined(labels, tissue), clustered


def _refined(labels: EpochLabels, tissue: Tissue) -> EpochLabels:
    for rows in labels.labels.values():
        tissue.refine(rows.reshape(-1, rows.shape[-1]))
    return labels


def _axes(
    fits: Sequence[FitFolder],
    recorded: Sequence[EpochLabels | None],
    tissue: Tissue,
    *,
    dataset: str,
    method: str,
    clusterers: list[Clusterer],
) -> LabelAxes:
    last, epochs_reason, epochs = [], [], set()
    for fit, labels in zip(fits, recorded, strict=True):
        trained = [] if labels is None else [int(e) for e in labels.epochs if e > UNTRAINED_EPOCH]
        last.append((trained[-1] if trained else UNOBSERVED_RESULT) if fit.ok else NO_EPOCH)
        unseen = fit.epochs_gone if labels is None else EPOCHS_UNSEEN
        epochs_reason.append("" if trained or not fit.ok else unseen)
        epochs |= {*trained, last[-1]} - {NO_EPOCH}
        if fit.untrained is not None or (labels is not None and UNTRAINED_EPOCH in labels.epochs):
            epochs.add(UNTRAINED_EPOCH)
    no_mclust = mclust_missing() if "mclust" in clusterers else ""
    whole = [[_of_clusterer(fit, name, no_mclust) for name in clusterers] for fit in fits]
    return LabelAxes(
        dataset=dataset,
        method=method,
        cells_digest=cells_digest(tissue.cells),
        n_cells=len(tissue.cells),
        n_domains=tissue.n_domains,
        training_seeds=[fit.seed for fit in fits],
        clusterers=clusterers,
        epochs=sorted(epochs) or [UNOBSERVED_RESULT],
        observed=any(fit.ok and not why for fit, why in zip(fits, epochs_reason, strict=True)),
        last_epochs=last,
        status=[fit.status for fit in fits],
        reason=[fit.reason for fit in fits],
        epochs_reason=epochs_reason,
        clusterer_status=[[status for status, _ in row] for row in whole],
        clusterer_reason=[[reason for _, reason in row] for row in whole],
    )


def _of_clusterer(fit: FitFolder, clusterer: Clusterer, no_mclust: str) -> tuple[str, str]:
    """Status and reason of a clusterer on a fit as a whole."""
    if not fit.ok:
        return fit.status, fit.reason
    reason = ""
    if clusterer == "own" and fit.own_labels is None:
        reason = NO_OWN_LABELS
    elif clusterer == "mclust" and fit.embedding is not None:
        reason = no_mclust
    return ("not_applicable" if reason else "ok"), reason


def _put_epochs(writer: LabelsWriter, fit: FitFolder, recorded: EpochLabels) -> None:
    for k in recorded.labels:
        both = (recorded.choosing(k), recorded.held_out(k))
        for epoch, rows, held_out in zip(recorded.epochs.tolist(), *both, strict=True):
            writer.put(k, fit.seed, "kmeans", epoch, rows=rows)
            writer.put_held_out(k, fit.seed, epoch, held_out)


def _put_selected(
    writer: LabelsWriter,
    fits: Sequence[FitFolder],
    recorded: Sequence[EpochLabels | None],
    tissue: Tissue,
) -> None:
    """The epoch of each training seed that the data select."""
    if not any(recorded):
        return
    points = smoothed_components(tissue.components, tissue.coords)
    for fit, labels in zip(fits, recorded, strict=True):
        if labels is None:
            continue
        for k in labels.labels:
            epoch = select_epoch(labels.epochs, labels.choosing(k), points)
            if epoch is not None:
                writer.put_selected(k, fit.seed, epoch)


def _consensus(
    axes: LabelAxes,
    fits: Sequence[FitFolder],
    recorded: Sequence[EpochLabels | None],
    tissue: Tissue,
    k: int,
) -> ClusterResult:
    """The consensus of all training seeds for ``k`` domains."""
    gone = [why for why in axes.epochs_reason if why not in ("", EPOCHS_UNSEEN)]
    if gone:
        return ClusterResult(None, "not_applicable", gone[0])
    labelings = [
        _labelings(fit, labels, tissue, k)
        for fit, labels in zip(fits, recorded, strict=True)
        if fit.ok
    ]
    seeds = sum(len(rows) > 0 for rows in labelings)
    if not seeds:
        return ClusterResult(None, "not_applicable", "no labels to join")
    rows = np.concatenate(labelings)
    try:
        labels = consensus_labels(rows, k)
    except NotApplicableError as error:
        return ClusterResult(None, "not_applicable", str(error))
    parts = f"{len(rows)} labeling{'s' * (len(rows) > 1)} of {seeds} training seed"
    return ClusterResult(labels, reason=f"consensus of {parts}{'s' * (seeds > 1)}")


def _labelings(fit: FitFolder, recorded: EpochLabels | None, tissue: Tissue, k: int) -> np.ndarray:
    """The labels (n_labelings, n_cells) with which a fit takes part in the consensus."""
    if recorded is not None and recorded.epochs[-1] > UNTRAINED_EPOCH:
        rows = recorded.choosing(k)[last_third(recorded.epochs)].reshape(-1, len(tissue.cells))
    elif fit.embedding is not None:
        rows = tissue.refine(kmeans_rows(fit.embedding, k, STARTS)[0])
    else:
        # A method gets one number of domains, the largest (scripts/fit.py).
        assert fit.own_labels is not None
        rows = tissue.refine(fit.own_labels[None].copy())[: int(k == tissue.n_domains[-1])]
    return rows[rows[:, 0] >= 0]


@dataclass(frozen=True)
class _Task:
    """One embedding for one clusterer."""

    n_domains: int
    seed: int
    clusterer: Clusterer
    epoch: int
    embedding: np.ndarray


def _put_ends(
    writer: LabelsWriter,
    axes: LabelAxes,
    fits: Sequence[FitFolder],
    tissue: Tissue,
    mapper: Map,
) -> None:
    """Labels of the last and the untrained epoch by every clusterer, and the methods' own."""
    tasks = list(_tasks(axes, fits))
    for task, (rows, note) in zip(tasks, mapper(_cluster_task, tasks), strict=True):
        tissue.refine(rows)
        writer.put(task.n_domains, task.seed, task.clusterer, task.epoch, rows=rows, note=note)
    for fit, last in zip(fits, axes.last_epochs, strict=True):
        if fit.own_labels is not None and axes.n_domains:
            _put_own(writer, axes, fit, last, tissue)


def _put_own(
    writer: LabelsWriter, axes: LabelAxes, fit: FitFolder, last: int, tissue: Tissue
) -> None:
    """Write the labels that a method provides. Without an embedding they are used for all
    clusterers, so that such a method can be ranked."""
    assert fit.own_labels is not None
    rows = tissue.refine(fit.own_labels[None].copy())
    # A method gets one number of domains, the largest (scripts/fit.py).
    *other_numbers, n_domains = axes.n_domains
    for clusterer in axes.clusterers:
        if clusterer == "own" or fit.embedding is None:
            note = "" if clusterer == "own" else LABELS_ONLY
            writer.put(n_domains, fit.seed, clusterer, last, rows=rows, note=note)
            for k in other_numbers:
                note = f"the method was run with {n_domains} domains"
                writer.put(k, fit.seed, clusterer, last, rows=rows[:0], note=note)


def _tasks(axes: LabelAxes, fits: Sequence[FitFolder]) -> Iterator[_Task]:
    for fit, last, status in zip(fits, axes.last_epochs, axes.clusterer_status, strict=True):
        ends = [(UNTRAINED_EPOCH, fit.untrained), (last, fit.embedding)]
        for clusterer, usable in zip(axes.clusterers, status, strict=True):
            if clusterer == "own" or usable != "ok":
                continue
            for epoch, embedding in ends:
                if embedding is not None:
                    for k in axes.n_domains:
                        yield _Task(k, fit.seed, clusterer, epoch, embedding)


def _cluster_task(task: _Task) -> tuple[np.ndarray, str]:
    """Labels (clustering seeds, n_cells), none if the clusterer gives none, and its note."""
    if task.clusterer == "kmeans":
        return kmeans_rows(task.embedding, task.n_domains)
    result = cluster_labels(task.embedding, task.n_domains, task.clusterer)
    if result.labels is None:
        return np.empty((0, len(task.embedding)), np.int16), result.reason
    return result.labels[None], result.reason
