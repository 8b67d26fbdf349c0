"""The figures of a folder, and ``captions.json``, which describes them for the report."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from stbench.common.io import write_json
from stbench.figures.style import save

CAPTIONS = "captions.json"


class Album:
    """Saves figures into a folder and keeps their captions.

    Attributes:
        folder: where the figures are saved.
        captions: by file name without ending: ``title``, ``caption``, ``alt`` (description for
            readers who cannot see the figure), ``dataset`` (None: all) and ``kind``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.captions: dict[str, dict[str, str | None]] = {}

    def add(
        self,
        figure: Figure,
        stem: str,
        *,
        kind: str,
        title: str,
        caption: str,
        alt: str,
        dataset: str | None = None,
    ) -> None:
        """Save a figure as ``<stem>.png`` and ``<stem>.pdf`` and close it."""
        save(figure, self.folder, stem)
        record = {"title": title, "caption": caption, "alt": alt, "dataset": dataset, "kind": kind}
        self.captions[stem] = record

    def write_captions(self) -> None:
        """Write ``captions.json``, figures in the order in which they were added."""
        write_json(self.folder / CAPTIONS, self.captions)
