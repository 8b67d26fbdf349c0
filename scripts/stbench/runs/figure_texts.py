"""Texts of the figures of a run for Snakemake's report, from ``captions.json``.

The file is read when a report is made, since figures do not exist when a run starts.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

_ALL = "All datasets"
_MARKUP = re.compile(r"([\\*`_|])")  # of reStructuredText, in which Snakemake reads captions


class FigureTexts:
    """Category, labels and caption of each figure, by its file name without ending."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "captions.json"

    @cached_property
    def _captions(self) -> dict[str, dict[str, Any]]:
        return json.loads(self.file.read_text(encoding="utf-8"))

    def category(self, name: str) -> str:
        """The dataset of a figure."""
        return self._captions[name]["dataset"] or _ALL

    def subcategory(self, name: str) -> str:
        """The kind of a figure in words."""
        return self._captions[name]["kind"].replace("_", " ")

    def labels(self, name: str) -> dict[str, str]:
        """What identifies a figure in its list."""
        return {"figure": self._captions[name]["title"]}

    def caption(self, name: str) -> str:
        """The caption and the description, as reStructuredText."""
        texts = (self._captions[name][part] for part in ("caption", "alt"))
        return "\n\n".join(_MARKUP.sub(r"\\\1", text) for text in texts)

    def __repr__(self) -> str:
        return str(self.file)
