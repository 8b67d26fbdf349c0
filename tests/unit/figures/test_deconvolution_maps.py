"""Maps of cell types in spots."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from stbench.figures.deconvolution import type_maps

COORDS = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])


def test_without_a_truth_the_types_with_the_largest_estimates_are_drawn():
    shares = {"rare": 0.05, "b": 0.25, "c": 0.3, "d": 0.4}
    one = pd.DataFrame([shares] * 4)
    other = one.rename(columns={"b": "e"})  # a type that one method alone knows
    figure = type_maps(COORDS, pd.DataFrame(), {"NNLS": one, "Tangram": other}, "mine")
    panels = [ax for ax in figure.axes if ax.collections and ax.get_aspect() == 1]
    assert [ax.get_title() for ax in panels[:2]] == ["NNLS", "Tangram"]
    assert [ax.get_ylabel() for ax in panels[::2]] == ["d", "c", "b"]
    values = panels[0].collections[0].get_array()
    assert values.tolist() == [0.4] * 4 and panels[0].collections[0].get_clim() == (0, 0.4)
    assert panels[5].collections[0].get_array().tolist() == [0.0] * 4
    plt.close(figure)
    known = type_maps(COORDS, one, {"NNLS": other}, "mine")
    assert [ax.get_title() for ax in known.axes[:2]] == ["truth", "NNLS"]
    plt.close(known)
