"""This workflow as a module of another one, in a folder of any name."""

import os

import pandas as pd
import yaml

from stbench.common.paths import PROJECT
from workflow.conftest import Workflow, environment

OUTER = """\
from pathlib import Path

configfile: "outer.yaml"

# The method of this workflow, once its rule has run.
OWN = {{"external": {{"mine": "mine"}}}} if Path("mine").is_dir() else {{}}

module stbench:
    snakefile: {snakefile!r}
    config: {{**config["stbench"], **OWN}}

use rule * from stbench as stb_*

rule mine:
    output:
        "mine/tissue/labels.tsv",
    shell:
        "for i in $(seq 150); do printf 'cell%d\\t%d\\n' $i $((i % 3)); done > {{output:q}}"

rule best:
    default_target: True
    input:
        "results/compared/tables",
    output:
        "best.txt",
    shell:
        "head -n 2 {{input:q}}/leaderboard.csv > {{output:q}}"
"""
CLUSTER = ("--dry-run", "--executor", "slurm", "--jobs", "1")
ON_A_NODE = ("--mode", "remote", "--cores", "2", "--target-jobs", "train_other:")
TRAIN_OTHER = """\
rule train_other:
    output:
        "other",
    threads: 2
    shell:
        "echo {threads} > {output:q}"

"""
TISSUE = {
    "id": "tissue",
    "simulate": {"layout": "layers", "n_cells": 150, "n_genes": 40, "n_domains": 3, "seed": 1},
}
CONFIG = {
    "name": "compared",
    "datasets": [TISSUE],
    "methods": ["smoothed_pca", "pca"],
    "seeds": [0],
    "clusterers": ["kmeans"],
    "rank_by": "kmeans",
    "interactions": None,
}


def test_another_workflow_uses_all_rules_and_adds_a_method_of_its_own(tmp_path):
    source, folder = tmp_path / "outer workflow", tmp_path / "work é x"
    source.mkdir()
    folder.mkdir()
    (source / "Snakefile").write_text(OUTER.format(snakefile=str(PROJECT / "Snakefile")))
    outer = Workflow(source, folder, environment())
    part = {**CONFIG, "interactions": {"reach": 20}}  # its other keys have their defaults
    (folder / "outer.yaml").write_text(yaml.safe_dump({"stbench": part}))
    planned = outer.run("note=none", args=("--dry-run", "--quiet"))
    assert planned.returncode == 0, planned.stdout
    (folder / "outer.yaml").write_text(yaml.safe_dump({"stbench": CONFIG}))
    profile = ("--workflow-profile", str(PROJECT / "profiles/default"))
    own = outer.run("note=none", args=(*profile, "mine/tissue/labels.tsv"))
    assert own.returncode == 0 and not (folder / "results/compared").exists(), own.stdout
    run = outer.run("note=none", args=profile)
    assert run.returncode == 0, run.stdout
    assert ",mine," in (folder / "best.txt").read_text()  # the others are controls
    board = pd.read_csv(folder / "results/compared/tables/leaderboard.csv").set_index("method")
    assert set(board.index) == {"smoothed_pca", "pca", "mine"}
    assert abs(board["ARI_final"]["mine"]) < 0.1  # labels that say nothing
    # Rules of the outer workflow are no rules of this one, whatever they are called.
    text = (source / "Snakefile").read_text()
    named = text.replace("module stbench:", TRAIN_OTHER + "module stbench:", 1)
    (source / "Snakefile").write_text(named)
    submitted = outer.run("note=none", args=(*profile, *CLUSTER, "other"))
    assert submitted.returncode == 0, submitted.stdout
    on_a_node = (*profile, *ON_A_NODE, "--allowed-rules", "train_other")
    made = outer.run("note=none", args=on_a_node)
    assert made.returncode == 0 and (folder / "other").read_text() == "2\n", made.stdout
    (source / "Snakefile").write_text(text)
    again = outer.run("note=none", args=(*profile, "--dry-run"))
    assert "Nothing to be done" in again.stdout
    assert sorted(os.listdir(source)) == ["Snakefile"]
