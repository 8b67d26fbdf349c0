"""Pictures in the report: their size, their captions, and the budget of bytes."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from helpers.report import (
    draw_picture,
)
from stbench.common.errors import InputError
from stbench.report.images import LARGEST_VECTOR, Album, encoded, find_pictures


def test_a_picture_is_made_as_small_as_asked(tmp_path):
    path = tmp_path / "noise.png"
    noise = np.random.default_rng(0).integers(0, 256, (900, 1600, 4), dtype=np.uint8)
    Image.fromarray(noise, "RGBA").save(path)
    data, size = encoded(path, 150_000)
    assert len(data) <= 150_000
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "WEBP" and image.size == size and image.mode == "RGB"
    assert size[0] / size[1] == pytest.approx(16 / 9, rel=0.01)


def test_line_art_is_kept_exactly_and_transparency_is_white(tmp_path):
    path = tmp_path / "line.png"
    pixels = np.zeros((40, 60, 4), dtype=np.uint8)
    pixels[20] = (200, 30, 30, 255)
    Image.fromarray(pixels, "RGBA").save(path)
    data, _ = encoded(path, 150_000)
    with Image.open(io.BytesIO(data)) as image:
        found = np.asarray(image)
    assert (found[20] == (200, 30, 30)).all() and (found[0] == 255).all()


def test_beyond_the_budget_pictures_are_linked_to(tmp_path):
    for number in range(3):
        draw_picture(tmp_path / f"figures/domains_d{number}.png", (400, 400))
    pictures = find_pictures(tmp_path / "figures", [])
    size = len(encoded(pictures[0].path, 150_000)[0])
    album = Album(tmp_path / "report/index.html", 3, budget=2 * size)
    shown = [album.embed(picture) for picture in pictures]
    assert [bool(one.source) for one in shown] == [True, True, False]
    assert shown[2].link == "../figures/domains_d2.png"


def test_captions_are_taken_from_their_file_or_from_the_names(tmp_path):
    for stem in ("domains_BZ5", "heatmap_ARI_final", "odd one"):
        draw_picture(tmp_path / f"{stem}.png")
    caption = {"title": "Layers", "caption": "c", "alt": "a map", "dataset": "BZ"}
    named = {p.stem: p for p in find_pictures(tmp_path, ["BZ", "BZ5"])}
    assert (named["domains_BZ5"].dataset, named["domains_BZ5"].title) == ("BZ5", "domains BZ5")
    assert named["heatmap_ARI_final"].dataset == "" and named["odd one"].title == "odd one"
    captions = {"odd one": {**caption, "dataset": None}, "domains_BZ5": caption}
    (tmp_path / "captions.json").write_text(json.dumps(captions))
    odd, layers, last = find_pictures(tmp_path, ["BZ5"])
    assert (odd.stem, odd.dataset, last.stem) == ("odd one", "", "heatmap_ARI_final")
    assert (layers.title, layers.caption, layers.alt, layers.dataset) == (
        "Layers",
        "c",
        "a map",
        "BZ",
    )


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}'])
def test_broken_captions_and_pictures_are_refused(tmp_path, content):
    (tmp_path / "captions.json").write_text(content)
    with pytest.raises(InputError, match=r"captions\.json: .*draw the figures again"):
        find_pictures(tmp_path, [])
    (tmp_path / "x.png").write_text("no picture")
    with pytest.raises(InputError, match=r"x\.png: not a readable picture"):
        encoded(tmp_path / "x.png", 1000)


def test_a_small_svg_is_embedded_instead_of_its_png(tmp_path):
    for name in ("lines", "many_lines"):
        draw_picture(tmp_path / f"{name}.png", (700, 300))
    (tmp_path / "lines.svg").write_text("<svg/>")
    (tmp_path / "many_lines.svg").write_text(f"<svg>{' ' * LARGEST_VECTOR}</svg>")
    album = Album(tmp_path / "index.html", 2)
    lines, many = (album.embed(picture) for picture in find_pictures(tmp_path, []))
    assert base64.b64decode(lines.source.removeprefix("data:image/svg+xml;base64,")) == b"<svg/>"
    assert (lines.width, lines.height) == (700, 300)
    assert many.source.startswith("data:image/webp")
