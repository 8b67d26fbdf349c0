"""The recommended number of domains follows a fixed rule."""

import pandas as pd
import pytest

from stbench.choosing.number_choice import choose_number
from stbench.choosing.number_criteria import GAP, RESAMPLES, SEEDS, SILHOUETTE
from stbench.choosing.tables import number_table

NUMBERS = [2, 3, 4, 5, 6, 7]


def table(**values):
    """Curves over 2, 3, ...; the gap has an error of 0.1."""
    parts = [
        pd.DataFrame(
            {
                "criterion": name,
                "n_domains": NUMBERS[: len(curve)],
                "value": curve,
                "error": 0.1 if name == GAP else float("nan"),
            }
        )
        for name, curve in values.items()
    ]
    return pd.concat(parts, ignore_index=True)


RISING = [0.1, 0.4, 0.7, 1.0, 1.3, 1.6]
FLAT = [1.0] * 6
FALLING = [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]


def test_the_largest_agreement_is_recommended_with_the_other_maxima():
    found = choose_number(table(resamples=[0.1, 0.5, 0.9, 0.3, 0.8, 0.2], gap=RISING))
    assert found.recommended == 4
    assert found.alternatives == [6]


def test_two_is_not_recommended_by_agreement_alone():
    agreement = [1.0, 0.5, 0.6, 0.5, 0.4, 0.3]
    alone = table(resamples=agreement, gap=RISING, silhouette=FALLING)
    assert choose_number(alone).recommended == 4
    assert choose_number(alone).of_criteria[RESAMPLES] == 2
    supported = table(resamples=agreement, gap=FLAT, silhouette=FALLING)
    assert choose_number(supported).recommended == 2
    assert choose_number(supported).alternatives == [4]


def test_gap_and_silhouette_do_not_choose_two_without_agreement():
    found = choose_number(
        table(resamples=[0.5, 0.4, 0.9, 0.3, 0.2, 0.1], gap=FLAT, silhouette=FALLING)
    )
    assert found.of_criteria[GAP] == found.of_criteria[SILHOUETTE] == 2
    assert found.recommended == 4


def test_seeds_and_resamples_have_the_same_weight():
    found = choose_number(
        table(
            resamples=[0.0, 0.9, 0.8, 0.1, 0.1, 0.1], seeds=[0.0, 0.1, 0.7, 0.1, 0.1, 0.1], gap=FLAT
        )
    )
    assert found.of_criteria[RESAMPLES] == 3
    assert found.of_criteria[SEEDS] == found.recommended == 4


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ([0.1, 0.5, 0.9, 0.95, 1.4, 1.5], 4),  # 0.9 is not below 0.95 - 0.1
        (FLAT, 2),
        (RISING, 7),  # no number is enough: the last
    ],
)
def test_the_gap_chooses_the_first_number_that_the_next_one_does_not_beat(values, number):
    assert choose_number(table(resamples=FLAT, gap=values)).of_criteria[GAP] == number


def test_at_most_two_alternatives_the_best_first():
    agreement = [0.1, 0.3, 0.2, 0.5, 0.2, 0.9, 0.1, 0.4, 0.2]
    curves = pd.DataFrame(
        {"criterion": RESAMPLES, "n_domains": range(2, 11), "value": agreement, "error": 0.1}
    )
    gaps = curves.assign(criterion=GAP)
    found = choose_number(pd.concat([curves, gaps]))
    assert (found.recommended, found.alternatives) == (7, [5, 9])


def test_two_may_be_recommended_if_nothing_else_was_asked_for():
    assert choose_number(table(resamples=[0.5], gap=[1.0])).recommended == 2


def test_no_agreement_no_recommendation():
    found = choose_number(table(resamples=[float("nan")] * 6, gap=FLAT))
    assert found.recommended is None
    assert found.of_criteria == {GAP: 2}


def test_the_table_marks_choices():
    curves = table(resamples=[0.1, 0.5, 0.9, 0.3, 0.8, 0.2], gap=RISING)
    made = number_table("D", curves, choose_number(curves)).set_index(["criterion", "n_domains"])
    assert made.loc[(GAP, 4), "choice"] == "recommended"
    assert made.loc[(RESAMPLES, 6), "choice"] == "alternative"
    assert made[made["chosen"]].index.tolist() == [(RESAMPLES, 4), (GAP, 7)]
