"""The figures of a run, embedded at screen size within a budget of bytes."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stbench.common.errors import InputError
from stbench.results.assembly import natural

LARGEST, SMALLEST = 150_000, 30_000  # limits of the bytes of one picture
LARGEST_VECTOR = 400_000  # of one svg, if its even share of the budget is larger
LEGIBLE, POINTS = 9, 72  # least size of text in pixels, points of an inch
SMALLEST_TEXT = 7.0  # points, of pictures that do not say it
BUDGET = 8_000_000  # bytes of all pictures; base64 adds a third
_WIDTHS = (1400, 1100, 800, 600)
_ENCODINGS: tuple[dict[str, Any], ...] = ({"quality": 85}, {"quality": 65})


@dataclass(frozen=True)
class Picture:
    """A picture and its description.

    Attributes:
        dataset: its id; empty if the picture shows several.
        smallest_text: size of its smallest text, in points.
    """

    path: Path
    title: str
    caption: str
    alt: str
    dataset: str
    smallest_text: float = SMALLEST_TEXT

    @property
    def stem(self) -> str:
        return self.path.stem


@dataclass(frozen=True)
class Embedded:
    """A picture as shown on the page.

    Attributes:
        source: a data URI; empty if the budget was exhausted.
        width, height: in pixels; 0 if it is not embedded.
        least_width: on the page, in pixels, at which all its text can be read; 0 if not known.
        link: from the page to the file.
    """

    picture: Picture
    source: str
    width: int
    height: int
    least_width: int
    link: str


class Album:
    """Embeds pictures until its budget is exhausted; later ones are linked."""

    def __init__(self, page: Path, expected: int, budget: int = BUDGET) -> None:
        """``expected`` pictures share the ``budget`` of bytes evenly."""
        self._page = page
        self._left = budget
        share = budget // max(expected, 1)
        self._limit = max(SMALLEST, min(LARGEST, share))
        self._limit_of_vectors = min(LARGEST_VECTOR, share)

    def embed(self, picture: Picture) -> Embedded:
        """Encode a picture.

        Raises:
            InputError: it cannot be read.
        """
        link = quote(os.path.relpath(picture.path, self._page.parent))
        kind, data, size = self._embeddable(picture.path)
        if len(data) > self._left:
            return Embedded(picture, "", 0, 0, 0, link)
        self._left -= len(data)
        source = f"data:image/{kind};base64," + base64.b64encode(data).decode()
        return Embedded(picture, source, *size, least_width(picture), link)

    def _embeddable(self, path: Path) -> tuple[str, bytes, tuple[int, int]]:
        """Kind of the picture, its bytes, (width, height): the svg beside it, which is sharp at
        every size, if it is within the limit; else webp."""
        vector = path.with_suffix(".svg")
        if vector.is_file() and vector.stat().st_size <= self._limit_of_vectors:
            return "svg+xml", vector.read_bytes(), _pixels(path)
        return "webp", *encoded(path, self._limit)


def least_width(picture: Picture) -> int:
    """The width in pixels at which the smallest text of a picture has ``LEGIBLE`` pixels; 0 if its
    size in inches is not known."""
    from PIL import Image

    with Image.open(picture.path) as file:
        dpi = file.info.get("dpi", (0, 0))[0]
        inches = file.width / dpi if dpi else 0
    return round(inches * LEGIBLE * POINTS / picture.smallest_text)


def _pixels(path: Path) -> tuple[int, int]:
    from PIL import Image

    with Image.open(path) as file:
        return file.size


def encoded(path: Path, limit: int) -> tuple[bytes, tuple[int, int]]:
    """A picture as webp and its (width, height): the largest and best within ``limit`` bytes, or
    the smallest possible. Line art is encoded without loss if that is within the limit.

    Raises:
        InputError: it cannot be read.
    """
    from PIL import Image

    try:
        with Image.open(path) as file:
            layers = file.convert("RGBA")
    except OSError as error:
        raise InputError(f"{path}: not a readable picture ({error}); draw it again") from error
    white = Image.new("RGBA", layers.size, "white")
    image = Image.alpha_composite(white, layers).convert("RGB")
    data, shown = b"", image
    for width in _WIDTHS:
        if width == _WIDTHS[0] or image.width > width:
            height = round(image.height * width / image.width)
            shown = image.resize((width, height), Image.Resampling.LANCZOS)
            shown = shown if image.width > width else image
        exact = ({"lossless": True},) if path.stat().st_size < limit else ()
        for options in (*exact, *_ENCODINGS):
            stream = io.BytesIO()
            shown.save(stream, "webp", method=2, **options)
            data = stream.getvalue()
            if len(data) <= limit:
                return data, shown.size
    return data, shown.size


def find_pictures(folder: Path, datasets: Sequence[str]) -> list[Picture]:
    """All png files of a folder, in the order and with the texts of its ``captions.json``.

    Files without a caption come last and are described by their names.

    Raises:
        InputError: ``captions.json`` is invalid.
    """
    captions = _captions(folder / "captions.json")
    order = {stem: place for place, stem in enumerate(captions)}
    paths = sorted(
        folder.glob("*.png"),
        key=lambda path: (order.get(path.stem, len(order)), natural(path.stem)),
    )
    return [_described(path, captions.get(path.stem, {}), datasets) for path in paths]


def _captions(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    try:
        captions = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON ({error}); draw the figures again") from error
    if not isinstance(captions, dict) or not all(isinstance(c, dict) for c in captions.values()):
        raise InputError(f"{path}: a caption is not an object; draw the figures again")
    return captions


def _described(path: Path, caption: dict[str, Any], datasets: Sequence[str]) -> Picture:
    inside = [name for name in datasets if f"_{name}_" in f"_{path.stem}_"]
    dataset = caption.get("dataset") if "dataset" in caption else max(inside, key=len, default="")
    title = str(caption.get("title") or path.stem.replace("_", " "))
    return Picture(
        path=path,
        title=title,
        caption=str(caption.get("caption") or ""),
        alt=str(caption.get("alt") or title),
        dataset=str(dataset or ""),
        smallest_text=float(caption.get("smallest_text") or SMALLEST_TEXT),
    )
