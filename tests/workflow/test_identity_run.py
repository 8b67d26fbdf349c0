"""Reruns are decided by contents: each edit makes again what it changes, and nothing else."""

import json
import os
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from stbench.common.io import write_h5ad
from stbench.data.simulation import Tissue, simulate
from workflow.conftest import Workflow, copy_of_the_project, environment

CONFIG = """
datasets:
  - {id: mine, path: mine.h5ad, n_domains: 3, label: domain}
methods: [smoothed_pca, random]
seeds: [0]
clusterers: [kmeans]
rank_by: kmeans
interactions: null
"""
FITS = {"train_smoothed_pca": 1, "train_random": 1}
TABLES = {"choose": 1, "domains": 1, "aggregate": 1}  # of a configuration with an own section
SCORED = {"cluster": 2, "score": 2, **TABLES}


class Project(Workflow):
    """A copy of the project with a configuration of its own, run up to its tables."""

    @property
    def own(self):
        return self.folder / "results/mine"

    def command(self, *targets, args=()):
        command = super().command(args=(*targets, *args, "--configfile", "mine.yaml"))
        return command[: command.index("--config")]

    def jobs(self):
        """What a run up to the tables would do: jobs by rule."""
        shown = self.run("aggregate", "--dry-run")
        assert shown.returncode == 0, shown.stdout
        found = Counter()
        for name, number in re.findall(r"^(\w+) +(\d+)$", shown.stdout, re.MULTILINE):
            found[name] = int(number)
        return {name: number for name, number in found.items() if name != "total"}

    def edit(self, file, old, new):
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


def tissue(path, seed):
    adata = simulate(Tissue(n_cells=150, n_genes=40, n_domains=3, seed=seed), "mine")
    adata.obs["domain"] = adata.obs["cluster"].astype(str)
    adata.obs["other"] = adata.obs["domain"].to_numpy()[::-1]
    adata.uns.clear()
    write_h5ad(path, adata)


@pytest.fixture(scope="module")
def run_once(tmp_path_factory):
    folder = copy_of_the_project(tmp_path_factory.mktemp("identity") / "project")
    (folder / "mine.yaml").write_text(CONFIG, encoding="utf-8")
    tissue(folder / "mine.h5ad", seed=1)
    ended = Project(folder, folder, environment()).run("aggregate")
    assert ended.returncode == 0, ended.stdout
    return folder


@pytest.fixture
def project(run_once, tmp_path):
    """The finished run, in another place."""
    folder = shutil.copytree(run_once, tmp_path / "moved")
    return Project(folder, folder, environment())


def of_data(project):
    project.edit("mine.yaml", "label: domain", "label: other")
    return {"prepare": 1, "score": 2, **TABLES}


def of_a_parameter(project):
    with (project.folder / "mine.yaml").open("a", encoding="utf-8") as file:
        file.write("params: {smoothed_pca: {n_neighbors: 5}}\n")
    return {"train_smoothed_pca": 1, "cluster": 1, "score": 1, **TABLES}


def of_preprocessing(project):
    project.edit("scripts/stbench/data/preprocessing.py", "\ndef ", "\nNEW = 1\n\n\ndef ")
    return {"preprocess": 1, **FITS, **SCORED}


def of_an_own_file(project):
    """An older file takes its place."""
    tissue(project.folder / "older.h5ad", seed=2)
    os.utime(project.folder / "older.h5ad", (1, 1))
    (project.folder / "older.h5ad").rename(project.folder / "mine.h5ad")
    return {"prepare": 1, "preprocess": 1, **FITS, **SCORED}


def of_clusterers(project):
    """What the fits were made of is not there any more, and is needed again."""
    shutil.rmtree(project.folder / "results/data")
    shutil.rmtree(project.folder / "results/preprocessed")
    project.edit("mine.yaml", "[kmeans]", "[kmeans, gmm]")
    return {"prepare": 1, "preprocess": 1, **SCORED}


def of_a_title(project):
    project.edit("config/methods.yaml", "title: Smoothed PCA", "title: Means")
    return {"aggregate": 1}


def of_nothing(project):
    """Words, comments, times and the mirror."""
    project.edit("scripts/fit.py", '"""Fit one method', '# a comment\n"""Train one method')
    project.edit("config/datasets.yaml", "citation: ", "citation: See ")
    for path in [*project.folder.glob("scripts/**/*.py"), project.folder / "mine.h5ad"]:
        path.touch()
    project.environment["STBENCH_MIRROR"] = str(project.folder)
    return {}


CHANGES = [
    of_data,
    of_a_parameter,
    of_preprocessing,
    of_an_own_file,
    of_clusterers,
    of_a_title,
    of_nothing,
]


@pytest.mark.parametrize("change", CHANGES)
def test_an_edit_makes_again_what_it_changes(project, change):
    expected = change(project)
    assert project.jobs() == expected


def test_a_copy_without_times_and_metadata_trains_nothing_and_says_what_it_lacks(
    run_once, tmp_path
):
    ignore = shutil.ignore_patterns(".snakemake")
    folder = tmp_path / "copy"
    shutil.copytree(run_once, folder, ignore=ignore, copy_function=shutil.copyfile)
    copy = Project(folder, folder, environment())
    assert set(copy.jobs()) <= set(TABLES)
    note = "Snakemake has no records of results/mine"
    assert note in copy.run("aggregate", "--dry-run").stdout
    shutil.rmtree(copy.own)
    again = copy.run("aggregate")
    assert again.returncode == 0 and note not in again.stdout
    assert copy.jobs() == {} and copy.tables() == Project(run_once, run_once, {}).tables()


def test_the_same_contents_by_other_code_are_not_trained_again(project):
    tables = project.tables()
    [before] = (project.folder / "results/fits/mine/smoothed_pca").iterdir()
    changed = of_preprocessing(project)
    asked = project.run("aggregate")
    assert asked.returncode == 1
    assert "2 finished fits would be trained again" in asked.stdout
    assert "FORCE=1" in asked.stdout
    project.environment["FORCE"] = "1"
    ended = project.run("aggregate")
    assert ended.returncode == 0, ended.stdout
    [after] = set((project.folder / "results/fits/mine/smoothed_pca").iterdir()) - {before}
    status = json.loads((after / "seed0/status.json").read_text(encoding="utf-8"))
    assert status["reused_from"] == f"{before.name}/seed0"
    assert project.tables() == tables
    assert project.jobs() == {}
    project.edit("scripts/stbench/data/preprocessing.py", "\nNEW = 1\n\n\ndef ", "\ndef ")
    assert project.jobs() == TABLES
    assert changed["preprocess"] == 1


def test_a_key_of_another_configuration_is_refused(project):
    [fits] = (project.folder / "results/fits/mine/smoothed_pca").iterdir()
    of_a_parameter(project)
    target = Path("results/fits/mine/smoothed_pca") / fits.name / "seed1"
    refused = project.run(str(target), "--dry-run")
    assert refused.returncode != 0
    assert f"key {fits.name}" in refused.stdout
