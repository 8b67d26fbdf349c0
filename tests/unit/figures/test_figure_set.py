"""What an album records about its figures."""

from matplotlib.figure import Figure

from stbench.figures.figure_set import Album


def test_the_smallest_text_that_is_seen_is_recorded(tmp_path):
    figure = Figure(figsize=(2, 1))
    figure.text(0, 0, "small", fontsize=6)
    figure.text(0, 0.5, "hidden", fontsize=4, visible=False)
    figure.text(0, 0.5, "", fontsize=3)
    empty = Figure(figsize=(2, 1))
    album = Album(tmp_path)
    words = dict.fromkeys(("kind", "title", "caption", "alt"), "")
    album.add(figure, "figure", **words)
    album.add(empty, "empty", **words)
    sizes = {stem: caption["smallest_text"] for stem, caption in album.captions.items()}
    assert sizes == {"figure": 6, "empty": None}
