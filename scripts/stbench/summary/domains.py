"""Sentences about the scores of a method, supported by their intervals."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from stbench.common.constants import NO_TRAINING
from stbench.results.aggregates import BASELINE
from stbench.results.formatting import Row, interval, mean_and_sd, number, seeds, signed
from stbench.results.statistics import BETTER, TOO_FEW_SEEDS, WITHIN_NOISE, WORSE
from stbench.summary.run import Run


def dataset_sentences(run: Run, dataset: str) -> Iterator[str]:
    """A sentence for every method that is not a control; none on a dataset without truth."""
    rows = run.results[run.results["dataset"] == dataset]
    rows = rows[~rows["control"] & ~rows["exploratory"]]
    for method in [method for method in run.titles if method in set(rows["method"])]:
        where = (dataset, method, int(rows["n_domains"].iloc[0]))
        yield sentence(
            run.titles[method],
            dataset,
            final=run.cell("ARI_final", *where),
            baseline=run.row("ARI_final", dataset, BASELINE, where[2]),
            lift=run.cell("lift", *where),
            gain=run.cell("gain", *where),
        ) + _best_control(run, *where)


def sentence(
    title: str, dataset: str, *, final: Row, baseline: Row | None, lift: Row, gain: Row
) -> str:
    """The result of one method on one dataset, with no more claims than its seeds support.

    Args:
        title, dataset: names.
        final: the method's row of ``ARI_final``.
        baseline: the row of smoothed PCA; None if it was not run.
        lift, gain: the method's rows of ``lift`` and ``gain``.
    """
    if pd.isna(final["mean"]):
        reason = f"{final['status']}: {final['reason']}".rstrip(": ")
        return f"On {dataset}, {title} has no score ({reason})."
    failed = "" if final["status"] == "ok" else f"; {final['status']}"
    scores = f"ARI {mean_and_sd(final)}, {seeds(final['n'])}{failed}"
    what = title if NO_TRAINING in gain["reason"] else f"the last epoch of {title}"
    text = f"On {dataset}, {what} ({scores}) "
    if pd.isna(lift["mean"]) or baseline is None:
        return f"{text}cannot be compared with smoothed PCA ({lift['reason']}).{_training(gain)}"
    size = f"lift {signed(lift['mean'])}{interval(lift)}"
    reference = f"smoothed PCA ({number(baseline['mean'])})"
    if lift["verdict"] in (BETTER, WORSE):
        text += f"is {lift['verdict']} than {reference}: {size}."
    elif lift["verdict"] == WITHIN_NOISE:
        text += f"cannot be distinguished from {reference}: {size}{corrected(lift)}."
    else:
        side = "above" if lift["mean"] > 0 else "below"
        text += f"is {side} {reference}: {size}, but {TOO_FEW_SEEDS}."
    return text + _training(gain)


def _best_control(run: Run, dataset: str, method: str, n_domains: int) -> str:
    """The method against the control that is best here, unless that is smoothed PCA."""
    row = run.row("lift_best_control", dataset, method, n_domains)
    if row is None or pd.isna(row["mean"]) or row["best_control"] in ("", BASELINE):
        return ""
    size = f"{signed(row['mean'])}{interval(row)}"
    return f" Against the best control here, {run.titles[row['best_control']]}: {size}."


def corrected(row: Row) -> str:
    """Why an interval without zero is no difference: Holm's correction. Otherwise nothing."""
    if row["low"] <= 0 <= row["high"]:
        return ""
    return f", p = {row['p_holm']:.2g} after Holm's correction for all entries"


def _training(gain: Row) -> str:
    """The effect of training, if it was measured."""
    if pd.isna(gain["mean"]):
        return ""
    size = f"{signed(gain['mean'])}{interval(gain)}"
    if gain["verdict"] in (BETTER, WORSE):
        return f" Training changed the ARI by {size}."
    if gain["verdict"] == WITHIN_NOISE:
        return f" An effect of training cannot be shown: {size}{corrected(gain)}."
    return f" Training changed the ARI by {size}, but {TOO_FEW_SEEDS}."
