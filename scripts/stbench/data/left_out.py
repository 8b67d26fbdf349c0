"""What a file itself says about its cells and features: which of them are not analyzed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd

_GENE = "gene expression"
_TYPE_COLUMNS = ("feature_types", "feature_type")  # of 10x
_CONTROLS = re.compile(
    r"blank[-_]?\d.*|blank-.*"  # MERSCOPE, and Xenium before 2023
    r"|negcontrol(probe|codeword)_.*|antisense_.*|(unassigned|deprecated)codeword_.*"  # Xenium
    r"|negprb.*|negative\d+|systemcontrol.*|falsecode.*",  # CosMx
    re.IGNORECASE,
)


def cells_left_out(obs: pd.DataFrame) -> np.ndarray:
    """(n,) the reason why a cell is left out, or empty."""
    reasons = np.full(len(obs), "", dtype=object)
    if "in_tissue" in obs:
        inside = obs["in_tissue"].astype(str).str.strip().str.casefold()
        reasons[inside.isin(("0", "0.0", "false")).to_numpy()] = "not in tissue"
    return reasons


def features_left_out(var: pd.DataFrame) -> np.ndarray:
    """(g,) the reason why a feature is left out, or empty.

    If no feature is of the type Gene Expression, types do not count: a panel of proteins.
    """
    reasons = np.full(len(var), "", dtype=object)
    for column in _TYPE_COLUMNS:
        if column in var:
            types = var[column].astype(str)
            is_gene = (types.str.casefold() == _GENE).to_numpy()
            if is_gene.any():
                reasons[~is_gene] = types[~is_gene]
            break
    controls = np.array([bool(_CONTROLS.fullmatch(str(name))) for name in var.index], dtype=bool)
    reasons[controls & (reasons == "")] = "control"
    return reasons


def in_words(reasons: Iterable[str], what: str) -> list[str]:
    """A remark with the number and the reasons, if any are left out."""
    reasons = list(reasons)
    counted = Counter(reason for reason in reasons if reason)
    if not counted:
        return []
    parts = ", ".join(f"{number} {reason}" for reason, number in sorted(counted.items()))
    return [f"{counted.total()} of {len(reasons)} {what} left out: {parts}"]
