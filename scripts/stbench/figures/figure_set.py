"""The figures of a folder, and ``captions.json``, which describes them for the report."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.text import Text

from stbench.common.io import write_json
from stbench.figures.style import save

CAPTIONS = "captions.json"


class Album:
    """Saves figures into a folder and keeps their captions.

    Attributes:
        folder: where the figures are saved.
        captions: by file name without ending: ``title``, ``caption``, ``alt`` (description for
            readers who cannot see the figure), ``dataset`` (None: all), ``kind`` and
            ``smallest_text`` (in points).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.captions: dict[str, dict[str, str | float | None]] = {}

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
        smallest = _smallest_text(figure)
        save(figure, self.folder, stem)
        words = {"title": title, "caption": caption, "alt": alt, "dataset": dataset, "kind": kind}
        self.captions[stem] = {**words, "smallest_text": smallest}

    def write_captions(self) -> None:
        """Write ``captions.json``, figures in the order in which they were added."""
        write_json(self.folder / CAPTIONS, self.captions)


def _smallest_text(figure: Figure) -> float | None:
    """The size of the smallest visible text of a figure in points; None without text."""
    texts = [one for one in figure.findobj() if isinstance(one, Text) and one.get_visible()]
    sizes = [float(text.get_fontsize()) for text in texts if text.get_text().strip()]
    return min(sizes, default=None)
