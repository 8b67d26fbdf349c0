"""What of an unfinished run can be compared: datasets and methods without a missing entry."""

from itertools import product

import hypothesis.strategies as st
from hypothesis import given

from stbench.verdict.packing import finished_part

EVERY = list(product(("BZ5", "BZ9", "V1"), ("stague", "sedr", "novae")))


def test_a_slow_method_and_a_dataset_that_has_just_begun_are_left_out():
    scored = {*product(("BZ5", "BZ9"), ("stague", "sedr")), ("V1", "stague")}
    assert finished_part(EVERY, scored) == [*product(("BZ5", "BZ9"), ("stague", "sedr"))]
    assert finished_part(EVERY, EVERY) == EVERY
    assert finished_part(EVERY, []) == []


def test_a_method_that_is_not_for_every_dataset_is_missing_only_where_it_belongs():
    entries = [entry for entry in EVERY if entry != ("V1", "novae")]
    assert finished_part(entries, entries) == entries


@given(st.sets(st.sampled_from(EVERY)))
def test_it_is_complete_for_any_state_of_a_run(scored):
    part = finished_part(EVERY, scored)
    assert set(part) <= scored
    datasets, methods = ({entry[place] for entry in part} for place in (0, 1))
    assert set(part) == set(product(datasets, methods))
