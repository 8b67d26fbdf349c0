"""The command of ``make domains``: one section without a configuration file."""

import json
import os
import runpy
import subprocess
import sys

import pytest

from helpers.programs import run_here
from stbench.common.errors import InputError
from stbench.common.paths import PROJECT, SCRIPTS
from stbench.config.layout import Layout
from stbench.runs.command import with_config
from stbench.runs.run_record import note_start

PROGRAM = runpy.run_path(str(SCRIPTS / "own_section.py"))


def shown(*words, path):
    """The arguments that the command gets, one a line."""
    script = "import json, sys; print(json.dumps(sys.argv[1:]))"
    ended = subprocess.run(
        [sys.executable, SCRIPTS / "own_section.py", "--path", path, *words, "--"]
        + [sys.executable, "-c", script, "--cores", "2"],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_command_gets_the_section_and_the_name_of_its_results(tmp_path):
    path = tmp_path / "my section.h5ad"
    path.touch()
    words = shown("--n-domains", "7", "--label", "layer", path=path)
    assert words[:4] == ["--cores", "2", "--config", "name=my_section"]
    (section,) = json.loads(words[4].removeprefix("datasets="))
    assert section == {"id": "my_section", "path": str(path), "n_domains": 7, "label": "layer"}


def test_without_a_number_it_is_chosen(tmp_path):
    path = tmp_path / "a.h5ad"
    path.touch()
    (section,) = json.loads(shown(path=path)[4].removeprefix("datasets="))
    assert section == {"id": "a", "path": str(path), "n_domains": "auto"}
    (zero,) = json.loads(shown("--n-domains", "0", path=path)[4].removeprefix("datasets="))
    assert zero["n_domains"] == 0  # refused by the workflow


def test_the_results_of_another_file_of_that_name_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "cells.h5ad").touch()
    config = {"datasets": [{"id": "cells", "path": "a/cells.h5ad"}]}
    note_start(Layout(name="cells"), config, [], jobs=1)
    refuse = PROGRAM["refuse_another"]
    refuse("cells", tmp_path / "a/cells.h5ad")
    refuse("other", tmp_path / "b/cells.h5ad")
    with pytest.raises(InputError, match=r"results/cells has the results of a/cells.h5ad; rename"):
        refuse("cells", tmp_path / "b/cells.h5ad")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a.h5ad", "a"),
        ("sample1/outs", "sample1"),  # of Space Ranger
        ("run7/region_0", "run7_region_0"),  # of MERSCOPE
        ("a/square_008um", "a_square_008um"),  # of Visium HD
        ("2024.v2.h5ad", "section_2024"),  # else a number for Snakemake
        ("2024_01_15.h5ad", "section_2024_01_15"),
        ("1e5.h5ad", "section_1e5"),
        ("true.h5ad", "section_true"),
        ("data.h5ad", "data_own"),  # a shared folder
        ("BZ5.h5ad", "BZ5_own"),  # a dataset of the registry
        ("Größe.zarr", "Gr_e"),
        (".h5ad", "h5ad"),
        (f"{'x' * 99}.h5ad", "x" * 64),
    ],
)
def test_every_file_name_gives_a_valid_name(file, name, tmp_path):
    assert PROGRAM["section_name"](tmp_path / file) == name


def test_values_of_the_user_are_kept():
    words = with_config(["s", "--config", "seeds=[0]", "-n"], ["name=a"])
    assert words == ["s", "--config", "name=a", "seeds=[0]", "-n"]


def test_a_file_that_does_not_exist_is_refused(tmp_path):
    ended = run_here(SCRIPTS / "own_section.py", "--path", tmp_path / "x.h5ad", "--", "true")
    assert ended.returncode == 1 and "x.h5ad: no such file" in ended.stderr


def test_make_says_that_a_file_is_needed():
    words = ["make", "--no-print-directory", "-o", "setup", "domains"]
    env = {name: value for name, value in os.environ.items() if name not in ("DATA", "MAKEFLAGS")}
    ended = subprocess.run(words, cwd=PROJECT, env=env, capture_output=True, text=True)
    assert ended.returncode and "name your section: make domains DATA=" in ended.stdout
