"""The domains that are searched for markers: the true domains, then those of the methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from stbench.clustering.label_file import LabelsReader, open_labels
from stbench.common.errors import InputError, NotApplicableError
from stbench.markers.differential_expression import Domains
from stbench.scoring.matching import match_labels
from stbench.scoring.shown_labels import shown_labels

TRUTH = "truth"
CONSENSUS, CONSENSUS_TITLE = "consensus", "the consensus of methods"
RECOMMENDED = "recommended"  # the map of one method, where there is no consensus
MAIN = (CONSENSUS, RECOMMENDED)
_NONE = np.empty(0, int)


def true_domains(
    truth: pd.Categorical | None, n_domains: int, named: Mapping[str, str] | None = None
) -> Domains:
    """The true domains, with the names of ``named`` where it has one; none if no cell has one."""
    if truth is None or not (truth.codes >= 0).any():
        return Domains(TRUTH, "true domains", n_domains, _NONE, [], [], "no true domains are known")
    names = [str((named or {}).get(str(name), name)) for name in truth.categories]
    codes = truth.codes.astype(int)
    return Domains(TRUTH, "true domains", len(names), codes, names, [""] * len(names))


def main_domains(
    columns: Mapping[str, np.ndarray],
    n_domains: int,
    note: str,
    recommended: tuple[str, str],
    truth: Domains,
) -> Domains:
    """The consensus domains of all methods or, without one, those of the recommended map.

    They are numbered from 1 as in the file of cells.

    Args:
        columns: (n_cells,) labels from 0 by column, of ``stbench.maps.cells_file.read_cells_file``.
        n_domains: wanted.
        note: what the consensus is made of, or why there is none.
        recommended: column and display name of the recommended method.
        truth: of ``true_domains``.
    """
    labels, name, title = columns.get(CONSENSUS), CONSENSUS, CONSENSUS_TITLE
    if labels is None and recommended[0] in columns:
        labels, name = columns[recommended[0]], RECOMMENDED
        title = f"the recommended map, {recommended[1]}"
    if labels is None:
        return Domains(CONSENSUS, CONSENSUS_TITLE, n_domains, _NONE, [], [], note)
    count = int(labels.max()) + 1
    names = [str(i + 1) for i in range(count)]
    shares = mostly(labels, count, truth)
    return Domains(name, title, n_domains, labels, names, shares, note)


def mapped_domains(
    columns: Mapping[str, np.ndarray], n_domains: int, titles: Mapping[str, str], truth: Domains
) -> Iterator[Domains]:
    """The domains of each method in the file of cells, with the numbers that they have there.

    Args:
        columns: (n_cells,) labels from 0 by column, of ``stbench.maps.cells_file.read_cells_file``.
        n_domains: wanted.
        titles: display names of the methods, by id, in order.
        truth: of ``true_domains``.
    """
    for method, title in titles.items():
        if (codes := columns.get(method)) is None:
            why = "no map; the reason is in methods.csv"
            yield Domains(method, title, n_domains, _NONE, [], [], why)
            continue
        names = [str(i + 1) for i in range(int(codes.max()) + 1)]
        shares = mostly(codes, len(names), truth)
        yield Domains(method, title, n_domains, codes, names, shares)


def method_domains(
    scores: pd.DataFrame,
    titles: Mapping[str, str],
    rank_by: str,
    labels: Mapping[str, Path],
    truth: Domains,
) -> Iterator[Domains]:
    """The domains of each method and number of domains, chosen as in the figures.

    They are those of the last epoch, of the training seed with the median final ARI, and of its
    clustering with the median ARI (``stbench.figures.gallery``). Domains are numbered from 1 in the
    order of the true domains that they are matched to one to one, so maps use the same colors.

    Args:
        scores: of ``stbench.results.assembly.read_scores``, of one dataset.
        titles: display names of the methods, by id, in order.
        rank_by: id of the clusterer.
        labels: files of labels by method.
        truth: of ``true_domains``.

    Raises:
        InputError: a method has no file of labels or no score by that clusterer.
    """
    for method, title in titles.items():
        rows = scores[(scores["method"] == method) & (scores["clusterer"] == rank_by)]
        if method not in labels or not len(rows):
            raise InputError(f"--labels: no labels and scores of {method} by {rank_by}")
        with open_labels(labels[method]) as reader:
            for k in sorted(set(rows["n_domains"])):
                none = Domains(method, title, int(k), _NONE, [], [])
                yield _domains_of_method(rows[rows["n_domains"] == k], none, reader, truth)


def _domains_of_method(
    rows: pd.DataFrame, none: Domains, reader: LabelsReader, truth: Domains
) -> Domains:
    """``none`` with the domains of the method, or with a note on why there are none."""
    true_codes = truth.codes if truth.available else None
    try:
        codes, note = final_labels(rows, true_codes, reader)
    except NotApplicableError as error:
        return replace(none, note=str(error))
    if true_codes is not None:
        codes = match_labels(true_codes, codes)
    count = int(codes.max()) + 1
    names = [str(i + 1) for i in range(count)]
    shares = mostly(codes, count, truth)
    return replace(none, codes=codes, names=names, mostly=shares, note=note)


def mostly(codes: np.ndarray, count: int, truth: Domains) -> list[str]:
    """For domains 0 .. count - 1, the most frequent true domain of their labeled cells.

    Args:
        codes: (n_cells,) domains of a method.
        truth: of ``true_domains``.
    """
    shares = []
    for code in range(count):
        inside = truth.codes[codes == code] if truth.available else _NONE
        cells = np.bincount(inside[inside >= 0], minlength=1)
        first = int(cells.argmax())
        share = cells[first] / max(cells.sum(), 1)
        shares.append(f"{truth.names[first]} ({share:.0%})" if cells.sum() else "")
    return shares


def final_labels(
    rows: pd.DataFrame, truth: np.ndarray | None, reader: LabelsReader
) -> tuple[np.ndarray, str]:
    """Labels (n_cells,) of the last epoch of the median run, and a note on them.

    Args:
        rows: scores of one dataset, method, number of domains and clusterer.
        truth: (n_cells,) codes, -1 = not known; None: no truth.

    Raises:
        NotApplicableError: there are no labels; the message is the reason.
    """
    labels, row = shown_labels(rows, truth, reader)
    score = "" if truth is None else f"ARI {round(row['value'], 2) + 0:.2f}, "
    return labels, f"{score}training seed {int(row['seed'])}"
