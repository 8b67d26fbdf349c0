"""Lists in ``simulate`` of a configuration: one entry that stands for many datasets."""

import json

import pytest

from stbench.common.errors import InputError
from stbench.config.grid import expand_grids

GRID = {
    "id": "t_{layout}_{density}",
    "together": ["density", "n_cells"],
    "simulate": {
        "n_cells": [60, 120],
        "layout": ["rings", "layers"],
        "density": [1.0, 2.5],
        "seed": 7,
    },
}


def test_a_grid_has_every_combination_in_the_order_of_the_id():
    ids = ["t_rings_1", "t_rings_2.5", "t_layers_1", "t_layers_2.5"]
    expanded = expand_grids([GRID])
    assert [section["id"] for section in expanded] == ids
    assert [section["simulate"] for section in expanded] == [
        {"n_cells": 60, "layout": "rings", "density": 1.0, "seed": 7},
        {"n_cells": 120, "layout": "rings", "density": 2.5, "seed": 8},
        {"n_cells": 60, "layout": "layers", "density": 1.0, "seed": 9},
        {"n_cells": 120, "layout": "layers", "density": 2.5, "seed": 10},
    ]
    stored = json.loads(json.dumps(GRID, sort_keys=True))
    assert expand_grids([stored]) == expanded


def test_a_list_of_seeds_is_a_factor_and_other_sections_stay_as_they_are():
    seeds = {"id": "t{seed}", "simulate": {"layout": "rings", "seed": [3, 5]}}
    others = ["BZ5", {"id": "t", "simulate": {"layout": "rings"}}, {"id": "p", "path": "x.h5ad"}]
    *same, first, second = expand_grids([*others, seeds])
    assert same == others
    assert first == {"id": "t3", "simulate": {"layout": "rings", "seed": 3}}
    assert second["id"] == "t5"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "t_{layout}", "together": []}, "as in name_{n_cells}_{layout}_{density}"),
        ({"id": "t_{layout}_{density}_{genes}"}, "id must name each list"),
        ({"together": ["density", "n_genes"]}, "together: density, n_genes must be lists"),
        ({"together": ["layout", "density"]}, "of which the id names one"),
        ({"simulate": {**GRID["simulate"], "n_cells": [1, 2, 3]}}, "lists of one length"),
    ],
)
def test_lists_that_do_not_fit_are_refused_in_one_line(change, message):
    with pytest.raises(InputError) as error:
        expand_grids([{**GRID, **change}])
    assert message in str(error.value) and "\n" not in str(error.value)
