"""Values of an original program to compare with, array by array."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

import numpy as np

from stbench.common.paths import PROJECT

FOLDER = PROJECT / "tests/reference"


class Reference:
    """The arrays of an npz file; a missing array is reported by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with np.load(path, allow_pickle=False) as file:
            self.arrays = {name: file[name] for name in file.files}

    def __getitem__(self, name: str) -> np.ndarray:
        assert name in self.arrays, f"{self.path.name} has no array {name!r}"
        return self.arrays[name]

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def hp(self) -> dict[str, Any]:
        """The hyper-parameters, stored as a printed dict."""
        return ast.literal_eval(str(self["hp"]))

    def check(self, name: str, ours: Any, limit: float) -> None:
        """max |difference| / max |reference| of an array is within the limit."""
        assert_close(ours, self[name], limit, name)


def load_reference(name: str, variable: str) -> Reference:
    """The file ``tests/reference/<name>``, or the one that the environment variable names."""
    return Reference(Path(os.environ.get(variable) or FOLDER / name))


def assert_close(ours: Any, theirs: np.ndarray, limit: float, name: str = "array") -> None:
    """max |ours - theirs| / max |theirs| is within the limit; shapes are equal."""
    ours = ours.detach().cpu().numpy() if hasattr(ours, "detach") else np.asarray(ours)
    assert ours.shape == theirs.shape, f"{name}: shape {ours.shape} is not {theirs.shape}"
    largest = np.abs(theirs).max()
    difference = np.abs(ours.astype(np.float64) - theirs).max()
    assert difference <= limit * largest, (
        f"{name}: differs by {difference / max(largest, 1e-300):.2e} of its largest entry, "
        f"more than {limit:.0e}"
    )
