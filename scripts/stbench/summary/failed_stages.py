"""Maps, choices and markers of tissues that failed; their files record it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stbench.runs.retry import MAPS_FACTS, first_error, recorded_failure


class FailedStage(NamedTuple):
    """What failed of a dataset, and the file or folder without a result."""

    path: Path
    dataset: str
    what: str
    reason: str


def failed_stages(
    maps: Sequence[Path], choosing: Sequence[Path], markers: Sequence[Path]
) -> list[FailedStage]:
    """The failures in files of ``domains.py`` and folders of ``choose.py`` and ``markers.py``.

    Raises:
        InputError: a file is not readable.
    """
    found = [FailedStage(one, one.stem, "maps", recorded_failure(one, MAPS_FACTS)) for one in maps]
    tables = (("choice", choosing, "number_of_domains.csv"), ("markers", markers, "genes.csv"))
    for what, folders, table in tables:
        found += [FailedStage(one, one.name, what, first_error(one / table)) for one in folders]
    return [one for one in found if one.reason]
