"""A job does not run code that was edited after its run had started."""

import os

import pytest

from stbench.common.errors import InputError
from stbench.common.unchanged_code import VARIABLE, check_unchanged, note_code


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A program with an import, a method, and a file that neither uses; a run has started."""
    folder = tmp_path / "scripts"
    texts = {
        "fit.py": "from stbench.used import x\n",
        "stbench/__init__.py": "",
        "stbench/used.py": "x = 1\n",
        "stbench/other.py": "y = 1\n",
        "stbench/common/io.py": "z = 1\n",
        "methods/mine/model.py": "w = 1\n",
        "methods/theirs.R": "v <- 1\n",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        os.utime(folder / name, (1000, 1000))
    monkeypatch.delenv(VARIABLE, raising=False)
    note_code(folder)
    return folder


def check(scripts, method=""):
    check_unchanged(["python", str(scripts / "fit.py"), "--method", method], method, scripts)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("fit.py", ""),
        ("stbench/used.py", ""),
        ("methods/mine/model.py", "mine"),
        ("methods/theirs.R", "theirs"),
    ],
)
def test_an_edit_of_what_the_job_runs_ends_it(scripts, name, method):
    check(scripts, method)
    os.utime(scripts / name, (1001, 1001))
    with pytest.raises(InputError, match=f"scripts/{name} was changed after this run had started"):
        check(scripts, method)


@pytest.mark.parametrize("name", ["stbench/other.py", "methods/mine/model.py", "methods/theirs.R"])
def test_an_edit_of_other_code_does_not_matter(scripts, name):
    os.utime(scripts / name, (1001, 1001))
    check(scripts)


def test_a_job_keeps_the_start_of_its_run_and_without_a_run_nothing_is_checked(
    scripts, monkeypatch
):
    os.utime(scripts / "fit.py", (1001, 1001))
    note_code(scripts)  # in a job on a cluster, which reads the workflow again
    with pytest.raises(InputError):
        check(scripts)
    monkeypatch.delenv(VARIABLE)
    check(scripts)
