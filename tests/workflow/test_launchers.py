"""Programs that write a configuration for one section or one method, and hand it to Snakemake."""

import re
import subprocess
import sys

from helpers import own_sections
from stbench.common.paths import PROJECT, SCRIPTS
from workflow.conftest import environment


def planned_by(program, *options, folder, configuration):
    """What Snakemake would run for the words that a program hands over."""
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", PROJECT / "Snakefile"]
    snakemake += ["--directory", folder, "--cores", "2", "--dry-run"]
    snakemake += ["--configfile", PROJECT / "config" / configuration]
    words = [sys.executable, SCRIPTS / program, *options, "--", *snakemake]
    return subprocess.run(
        list(map(str, words)),
        cwd=folder,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_the_section_of_a_user_reaches_the_workflow(tmp_path):
    path = tmp_path / "my section.h5ad"
    own_sections.tissue().write_h5ad(path)
    options = ("--path", path, "--n-domains", "3", "--label", "cluster")
    run = planned_by("own_section.py", *options, folder=tmp_path, configuration="domains.yaml")
    assert run.returncode == 0, run.stdout
    jobs = set(re.findall(r"^(\w+) +\d+$", run.stdout, re.M))
    assert {"prepare", "train_nichepca", "domains", "choose", "markers", "report"} <= jobs


def test_the_method_that_is_compared_reaches_the_workflow(tmp_path):
    options = ("--method", "rasp", "--datasets", "BZ5")
    run = planned_by("compare.py", *options, folder=tmp_path, configuration="compare.yaml")
    assert run.returncode == 0, run.stdout
    jobs = set(re.findall(r"^(\w+) +\d+$", run.stdout, re.M))
    assert "compare" in jobs
    trained = {job for job in jobs if job.startswith("train_")}
    assert trained == {"train_rasp", "train_smoothed_pca"}  # the method, and a control as a check
