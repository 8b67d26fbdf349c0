"""What Snakemake's report says of a figure."""

import json

from docutils.core import publish_parts

from stbench.runs.figure_texts import FigureTexts

CAPTIONS = {
    "gallery_BZ5": {
        "title": "BZ5",
        "caption": "ARI of *two* seeds_ by `kmeans` | a\\b.",
        "alt": "Maps.",
        "dataset": "BZ5",
        "kind": "gallery",
    },
    "rank": {"title": "Ranks", "caption": "c", "alt": "a", "dataset": None, "kind": "rank_x"},
}


def test_texts_are_read_when_they_are_asked_for(tmp_path):
    texts = FigureTexts(tmp_path)
    (tmp_path / "captions.json").write_text(json.dumps(CAPTIONS))
    assert [texts.category(name) for name in CAPTIONS] == ["BZ5", "All datasets"]
    assert [texts.subcategory(name) for name in CAPTIONS] == ["gallery", "rank x"]
    assert texts.labels("rank") == {"figure": "Ranks"}
    shown = publish_parts(texts.caption("gallery_BZ5"), writer_name="html")["body"]
    assert shown == "<p>ARI of *two* seeds_ by `kmeans` | a\\b.</p>\n<p>Maps.</p>\n"
