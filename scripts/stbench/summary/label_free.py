"""One sentence about results that need no true labels and are not those of the last epoch."""

from __future__ import annotations

import pandas as pd

from stbench.results.formatting import signed
from stbench.summary.run import Run

_ENTRY = ["dataset", "method", "clusterer", "n_domains"]
_WORDS = {
    "ARI_consensus": "the consensus of all training seeds",
    "ARI_selected": "the epoch that the data select",
}


def label_free_sentence(run: Run) -> str:
    """In how many entries of methods these are above the last epoch; empty without any."""
    parts = [part for name, words in _WORDS.items() if (part := _above(run, name, words))]
    if not parts:
        return ""
    return f"Without true labels, controls aside: {'; '.join(parts)}."


def _above(run: Run, name: str, words: str) -> str:
    methods = run.results.loc[~run.results["control"], ["dataset", "method"]].drop_duplicates()
    final, other = (
        run.tables[table].merge(methods).set_index(_ENTRY)["mean"] for table in ("ARI_final", name)
    )
    differences: pd.Series = (other - final).dropna()
    if differences.empty:
        return ""
    where = f"in {(differences > 0).sum()} of {len(differences)} entries"
    return f"{words} is above the last epoch {where} (on average {signed(differences.mean())})"
