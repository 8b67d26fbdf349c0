"""The example of two partitions, read and used by the code of the SLURM plugin."""

import logging
import re
import shutil
from types import SimpleNamespace

import pytest
import yaml

from stbench.common.paths import PROJECT

EXAMPLE = PROJECT / "profiles/slurm/partitions.yaml"


@pytest.fixture
def partitions(tmp_path):
    from snakemake_executor_plugin_slurm.partitions import read_partition_file

    return read_partition_file(shutil.copy(EXAMPLE, tmp_path / "partitions.yaml"))


@pytest.mark.parametrize(
    ("resources", "chosen"),
    [
        ({"mem_mb": 4000, "runtime": 60}, "cpu"),
        ({"mem_mb": 4000, "runtime": 60, "gpu": 1}, "gpu"),
        ({"mem_mb": 4000, "runtime": 60, "gpu": 0, "gres": "gpu:1"}, "gpu"),
        ({"mem_mb": 4000, "runtime": 40 * 60}, "cpu"),
        ({"mem_mb": 300000, "runtime": 60}, "gpu"),
        ({"mem_mb": 4000, "runtime": 40 * 60, "gpu": 1}, None),
    ],
)
def test_every_job_goes_to_a_partition_that_can_run_it(partitions, resources, chosen):
    job = SimpleNamespace(name="fit", threads=1, resources=resources)
    from snakemake_executor_plugin_slurm.partitions import get_best_partition

    assert get_best_partition(partitions, job, logging.getLogger()) == chosen


def test_the_example_names_the_partitions_that_the_documents_name(partitions):
    assert [partition.name for partition in partitions] == ["cpu", "gpu"]
    assert partitions[0].limits.max_runtime == 2 * 24 * 60


class Resources(dict):
    """Resources as of a job: by key and as attributes."""

    __getattr__ = dict.__getitem__


def test_the_commented_lines_for_gres_ask_for_one_gpu_by_gres_alone():
    profile = (PROJECT / "profiles/slurm/profile.yaml").read_text()
    block = re.search(r"^# set-resources:\n(?:#   .*\n)+", profile, re.MULTILINE)[0]
    asked = yaml.safe_load(re.sub("^# ", "", block, flags=re.MULTILINE))["set-resources"]
    job = SimpleNamespace(resources=Resources(asked["train_stague"]))
    from snakemake_executor_plugin_slurm.utils import set_gres_string

    assert set_gres_string(job).split() == ["--gres=gpu:1"]


def test_the_commented_line_names_the_example():
    profile = (PROJECT / "profiles/slurm/profile.yaml").read_text()
    named = re.search(r"^# slurm-partition-config: (\S+)", profile, re.MULTILINE)[1]
    assert PROJECT / named == EXAMPLE
