"""A job does not run code that was edited after its run had started."""

import os
import time

import pytest

from stbench.common.errors import InputError
from stbench.common.unchanged_code import VARIABLE, check_unchanged, note_code

TEXTS = {
    "fit.py": "from stbench.used import x\n",
    "fit.R": "u <- 1\n",
    "score.py": "from stbench.used import x\n",
    "communication.py": "a = 1\n",
    "stbench/__init__.py": "",
    "stbench/used.py": "x = 1\n",
    "stbench/other.py": "y = 1\n",
    "stbench/common/io.py": "z = 1\n",
    "methods/mine/model.py": "w = 1\n",
    "methods/theirs.R": "v <- 1\n",
    "communication_methods/tool.py": "b = 1\n",
}


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """Programs with an import, methods, and a file that none uses; a run has started."""
    folder = tmp_path / "scripts"
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    note_code(tmp_path / "notes", folder)
    return folder


def check(scripts, program="fit.py", *words):
    check_unchanged(["python", str(scripts / program), *words], scripts)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("fit.py", ["fit.py"]),
        ("stbench/used.py", ["fit.py"]),
        ("stbench/used.py", ["score.py"]),
        ("methods/mine/model.py", ["fit.py", "--method", "mine"]),
        ("methods/theirs.R", ["fit.py", "--method", "theirs"]),
        ("fit.R", ["fit.py", "--method", "theirs"]),
        ("communication_methods/tool.py", ["communication.py", "--tool", "tool"]),
    ],
)
def test_an_edit_of_what_the_job_runs_ends_it(scripts, name, command):
    check(scripts, *command)
    (scripts / name).write_text(TEXTS[name] + "new = 2\n")
    os.utime(scripts / name, (1000, 1000))  # older than before, as after cp -p
    with pytest.raises(InputError, match=f"scripts/{name} was changed after this run had started"):
        check(scripts, *command)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stbench/other.py", "y = 2\n"),
        ("methods/theirs.R", "v <- 2\n"),
        ("methods/mine/model.py", "w = 2\n"),  # scores are made of fits
        ("stbench/common/io.py", "z = 2\n"),
        ("stbench/used.py", "x = 1  # as before\n"),
        ("fit.py", TEXTS["fit.py"]),  # touched
    ],
)
def test_an_edit_that_cannot_change_the_result_does_not_matter(scripts, name, text):
    (scripts / name).write_text(text)
    check(scripts, "score.py", "--method", "mine")
    check(scripts, "fit.py", "--method", "another")


def test_files_of_editors_are_no_code(scripts):
    (scripts / ".#fit.py").symlink_to("nowhere")
    check(scripts)


def test_a_job_has_the_note_of_its_run_and_without_one_nothing_is_checked(
    scripts, tmp_path, monkeypatch
):
    (scripts / "fit.py").write_text("x = 2\n")
    note_code(tmp_path / "notes", scripts)  # in a job on a cluster, which reads the workflow again
    with pytest.raises(InputError):
        check(scripts)
    for path in ("", "/no/such/note"):
        monkeypatch.setenv(VARIABLE, path)
        check(scripts)


def test_notes_of_this_month_are_kept_because_a_run_may_still_need_them(
    tmp_path, scripts, monkeypatch
):
    notes = tmp_path / "many"
    notes.mkdir()
    now = time.time()
    for day in range(60):
        (notes / f"{day}.json").write_text("{}")
        os.utime(notes / f"{day}.json", (now - day * 86400,) * 2)
    monkeypatch.delenv(VARIABLE)
    note_code(notes, scripts)
    kept = {int(path.stem) for path in notes.glob("*.json") if len(path.stem) < 3}
    assert kept == set(range(30))
