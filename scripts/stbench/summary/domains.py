"""What numbers and intervals allow to be said about a method, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from stbench.results.aggregates import BASELINE
from stbench.results.formatting import Row, interval, mean_and_sd, number, seeds, signed
from stbench.results.statistics import BETTER, WITHIN_NOISE, WORSE
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
        )


def sentence(
    title: str, dataset: str, *, final: Row, baseline: Row | None, lift: Row, gain: Row
) -> str:
    """What the run says of one method on one dataset, claiming no more than its seeds allow.

    Args:
        title, dataset: names.
        final: the method's row of ``ARI_final``.
        baseline: that of smoothed PCA, None where it was not run.
        lift, gain: the method's rows of ``lift`` and ``gain``.
    """
    if pd.isna(final["mean"]):
        why = f"{final['status']}: {final['reason']}".rstrip(": ")
        return f"On {dataset} {title} has no score ({why})."
    told = f"On {dataset} {title}'s last epoch (ARI {mean_and_sd(final)}, {seeds(final['n'])}) "
    if final["status"] != "ok":
        told = told.replace(") ", f"; {final['status']}) ")
    if pd.isna(lift["mean"]) or baseline is None:
        return f"{told}cannot be compared with smoothed PCA ({lift['reason']}).{_training(gain)}"
    size = f"lift {signed(lift['mean'])}{interval(lift)}"
    other = f"smoothed PCA ({number(baseline['mean'])})"
    if lift["verdict"] == WITHIN_NOISE:
        told += f"is not better than {other}: {size}, within the noise."
    elif lift["verdict"] in (BETTER, WORSE):
        told += f"is {lift['verdict']} than {other}: {size}, beyond the noise."
    else:
        side = "above" if lift["mean"] > 0 else "below"
        told += f"lies {side} {other}: {size}, but {_too_few(lift['n'])}."
    return told + _training(gain)


def _training(gain: Row) -> str:
    """What training added, where that could be observed."""
    if pd.isna(gain["mean"]):
        return ""
    sure = {BETTER: "beyond the noise", WORSE: "beyond the noise", WITHIN_NOISE: WITHIN_NOISE}
    word = sure.get(gain["verdict"], f"but {_too_few(gain['n'])}")
    return f" Training itself changed ARI by {signed(gain['mean'])}{interval(gain)}, {word}."


def _too_few(n: int) -> str:
    return f"{seeds(n)} {'is' if n == 1 else 'are'} too few to be sure"
