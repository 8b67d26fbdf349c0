"""What a configuration names must exist and be used."""

import pytest

from stbench.common.errors import InputError
from stbench.common.paths import CONFIG
from stbench.config.benchmark import load_benchmark
from stbench.config.schema import load_yaml

DEFAULT = load_yaml(CONFIG / "config.yaml")
DEMONSTRATION = {
    **{"title": "shown", "method": "stague", "dataset": "V1", "source": "theirs", "seed": 0},
    **{"epochs": 1, "clusterer": "kmeans", "reported": "theirs"},
}


def benchmark(**change):
    return load_benchmark({**DEFAULT, **change}, CONFIG)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"markers": {"genes": ["A"], "gene_sets": "no.gmt"}}, "markers: gene_sets: no.gmt: no"),
        (
            {"demonstrations": [{**DEMONSTRATION, "method": "stage"}]},
            "demonstrations: shown: method: no method of domains is called 'stage'",
        ),
        (
            {"demonstrations": [{**DEMONSTRATION, "dataset": "V2"}]},
            "demonstrations: shown: dataset: 'V2' is not in",
        ),
    ],
)
def test_what_a_configuration_names_must_exist(change, reason):
    with pytest.raises(InputError, match=f"config: {reason}"):
        benchmark(**change)


def test_an_external_result_without_a_dataset_of_domains_is_refused(tmp_path):
    pair = {"id": "pair", "spot_size": 2, "simulate": {"layout": "rings", "n_cells": 200}}
    with pytest.raises(InputError, match="external: mine: no dataset of the task domains"):
        benchmark(datasets=[pair], methods=["nnls"], external={"mine": str(tmp_path)})


@pytest.mark.parametrize(
    "name", ["consensus", "left_out", "stague_selected", "mine_consensus", "cell", "x", "y"]
)
def test_an_external_result_does_not_take_the_name_of_a_map_or_column(tmp_path, name):
    with pytest.raises(InputError, match=f"external: {name}: a map or column of results has this"):
        benchmark(external={"mine": str(tmp_path), name: str(tmp_path)})
