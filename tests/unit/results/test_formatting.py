"""Numbers of tables and sentences."""

import pytest

from helpers.results import NAN
from stbench.results.formatting import mean_and_sd


@pytest.mark.parametrize(
    ("sd", "over_starts", "text"),
    [
        (0.03, 0.08, ".76 +- .03"),
        (0.0, 0.08, ".76 (+- .08)"),  # the seed changes nothing
        (0.004, 0.08, ".76 (+- .08)"),
        (NAN, 0.08, ".76 (+- .08)"),  # one seed
        (0.0, 0.004, ".76 +- .00"),
        (NAN, NAN, ".76"),
        (0.0, NAN, ".76 +- .00"),
    ],
)
def test_the_sd_over_starts_is_shown_where_that_over_seeds_hides_it(sd, over_starts, text):
    assert mean_and_sd({"mean": 0.76, "sd": sd, "sd_clustering": over_starts}) == text
