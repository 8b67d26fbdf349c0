"""Memory and time that grow with the size of a dataset."""

from stbench.config.resources import UNKNOWN_CELLS, UNKNOWN_COLUMNS, linear, mb_of_counts, size_of


def test_the_size_is_that_of_the_largest_matrix_and_has_a_default():
    assert size_of({"cells": 300, "genes": 40}) == (300, 40)
    assert size_of({"spots": "a", "n_cells": 300, "n_spots": 7}) == (300, 7)
    assert size_of({"cells": None, "genes": None}) == (UNKNOWN_CELLS, UNKNOWN_COLUMNS)


def test_a_resource_is_linear_in_cells_and_values():
    formula = {"base": 100, "per_1k_cells": 10, "per_1m_values": 2}
    assert linear(formula, (2000, 1000)) == 100 + 20 + 4
    assert linear({"base": 1}, (10**6, 10**4)) == 1


def test_copies_of_counts_need_more_for_more_cells_but_not_for_genes_without_counts():
    assert mb_of_counts((1000, 500), 4000) == 4020
    assert mb_of_counts((600_000, 18_000), 4000) == mb_of_counts((600_000, 1000), 4000) == 28_000
