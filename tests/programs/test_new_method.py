"""A new method begins with three pieces that already work."""

import pytest
import yaml

from helpers.programs import run_here
from stbench.common.paths import PROJECT


@pytest.fixture
def repository(tmp_path):
    for part in ("scripts/methods", "rules/methods", "config"):
        (tmp_path / part).mkdir(parents=True)
    (tmp_path / "config/methods.yaml").write_text((PROJECT / "config/methods.yaml").read_text())
    return tmp_path


def new_method(repository, *args):
    return run_here(PROJECT / "scripts/new_method.py", *args, "--repository", repository)


@pytest.mark.parametrize(("flags", "ending"), [((), "py"), (("--r",), "R")])
def test_it_writes_three_pieces(repository, flags, ending):
    run = new_method(repository, "mine_2", *flags)
    assert run.returncode == 0, run.stderr
    assert (repository / f"scripts/methods/mine_2.{ending}").is_file()
    rule = (repository / "rules/methods/mine_2.smk").read_text()
    pca = (PROJECT / "rules/methods/pca.smk").read_text()
    assert rule == pca.replace("pca", "mine_2")
    entries = yaml.safe_load((repository / "config/methods.yaml").read_text())
    known = yaml.safe_load((PROJECT / "config/methods.yaml").read_text())
    added = entries.pop("mine_2")
    assert added["title"] == "mine 2"
    assert "deterministic" not in added  # a method that replaces it may draw random numbers
    assert entries == known


@pytest.mark.parametrize("name", ["Mine", "2nd", "../evil", "a b", "pca"])
def test_a_name_that_cannot_be_used_writes_nothing(repository, name):
    before = sorted(repository.rglob("*"))
    run = new_method(repository, name)
    assert run.returncode != 0 and run.stderr.count("\n") == 1, run.stderr
    assert sorted(repository.rglob("*")) == before


def test_it_does_not_write_over_a_method(repository):
    assert new_method(repository, "mine").returncode == 0
    again = new_method(repository, "mine", "--r")
    assert again.returncode != 0 and "exists already" in again.stderr
