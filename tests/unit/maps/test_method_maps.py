"""The maps of a method, from its file of labels."""

import numpy as np

from stbench.clustering.label_file import LabelAxes, labels_writer
from stbench.maps.method_maps import read_maps

LABELS = np.repeat([0, 1, 2, 3], 5)


def test_labels_of_another_number_of_domains_are_no_map_and_the_note_says_so(tmp_path):
    axes = LabelAxes(
        dataset="D",
        method="m",
        cells_digest="",
        n_cells=20,
        n_domains=[3, 4],
        training_seeds=[0],
        clusterers=["kmeans"],
        epochs=[1],
        observed=False,
        last_epochs=[1],
        status=["ok"],
        reason=[""],
        epochs_reason=[""],
        clusterer_status=[["ok"]],
        clusterer_reason=[[""]],
    )
    none = np.full((0, 20), -1, np.int16)
    with labels_writer(tmp_path / "m.h5", axes) as writer:
        writer.put(4, 0, "kmeans", 1, rows=LABELS[None].astype(np.int16))
        writer.put(3, 0, "kmeans", 1, rows=none, note="labels for 4 domains only")
    maps = read_maps(tmp_path / "m.h5", 4, "kmeans", trains=False)
    assert (maps.status, maps.reason) == ("ok", "") and np.array_equal(maps.shown, LABELS)
    maps = read_maps(tmp_path / "m.h5", 3, "kmeans", trains=False)
    assert (maps.status, maps.reason) == ("not_applicable", "labels for 4 domains only")
    assert not len(maps.shown)
