"""The hash of code changes with what it computes, and with nothing else."""

import os
import shutil
import subprocess
import sys

import pytest

from stbench.common.code_hash import NEUTRAL, code_hash
from stbench.common.equivalent_code import COUNTS_AS, EDITS
from stbench.common.paths import SCRIPTS
from stbench.common.source_code import forget_sources, read_source

PROGRAM = '''"""What it does."""

from lib.part import double

RATE = 0.5


def main(x):
    """Compute."""
    if x < 0:
        raise ValueError(f"{x} is negative; give a positive number")
    return double(x) * RATE  # half
'''


@pytest.fixture
def code(tmp_path):
    """A program with a module that it imports, and one that it does not."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/__init__.py").write_text("")
    (tmp_path / "lib/part.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "lib/other.py").write_text("x = 1\n")
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "method.R").write_text("# comment\nx <- 1\n")
    return tmp_path


def hash_of(folder, name="program.py", **options):
    """A new process would read the files anew."""
    forget_sources()
    return code_hash([folder / name], folder, **options)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""What it does."""', '"""Other words."""'),
        ('    """Compute."""\n', ""),
        ("  # half", ""),
        ("is negative; give", "is below 0: give"),
        ("RATE = 0.5\n", "RATE = (\n    0.5\n)\n"),
    ],
    ids=["docstring", "no docstring", "comment", "error text", "layout"],
)
def test_words_and_layout_do_not_count(code, old, new):
    before = hash_of(code)
    assert old in PROGRAM
    (code / "program.py").write_text(PROGRAM.replace(old, new))
    assert hash_of(code) == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("program.py", "0.5", "0.25"),
        ("program.py", "ValueError", "KeyError"),
        ("program.py", "x < 0", "x <= 0"),
        ("lib/part.py", "2 * x", "x + x"),
    ],
)
def test_code_and_the_code_that_it_imports_count(code, file, old, new):
    before = hash_of(code)
    text = (code / file).read_text()
    assert old in text
    (code / file).write_text(text.replace(old, new))
    assert hash_of(code) != before


def test_other_modules_and_the_folder_do_not_count(code, tmp_path_factory):
    before = hash_of(code)
    (code / "lib/other.py").write_text("x = 2\n")
    assert hash_of(code) == before
    moved = tmp_path_factory.mktemp("elsewhere") / "scripts"
    shutil.copytree(code, moved)
    assert hash_of(moved) == before


def test_of_r_lines_count_but_no_comments(code):
    before = hash_of(code, "method.R")
    (code / "method.R").write_text("# other words\n\nx <- 1\n")
    assert hash_of(code, "method.R") == before
    (code / "method.R").write_text("x <- 2\n")
    assert hash_of(code, "method.R") != before


def test_what_is_left_out_does_not_count(code):
    before = hash_of(code, leave_out=["lib/"])
    (code / "lib/part.py").write_text("def double(x):\n    return 3 * x\n")
    assert hash_of(code, leave_out=["lib/"]) == before


def test_neutral_modules_exist_and_the_hash_is_the_same_in_any_process():
    assert all((SCRIPTS / name).exists() for name in NEUTRAL)
    own = hash_of(SCRIPTS, "fit.py")
    program = "from unit.common.test_code_hash import SCRIPTS, hash_of\n"
    for seed in ("1", "2"):
        other = subprocess.run(
            [sys.executable, "-c", f"{program}print(hash_of(SCRIPTS, 'fit.py'))"],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert other.stdout.strip() == own


def test_a_listed_edit_counts_as_the_file_before_it(code, monkeypatch):
    before, file = hash_of(code), code / "lib/part.py"
    old = read_source(file).digest
    file.write_text("def double(x):\n    return x + x\n")
    assert hash_of(code) != before
    monkeypatch.setitem(COUNTS_AS, ("lib/part.py", read_source(file).digest), old)
    assert hash_of(code) == before
    file.write_text("def double(x):\n    return 3 * x\n")  # another edit is not listed
    assert hash_of(code) != before


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.file)
def test_listed_edits_are_those_of_the_files(edit):
    now = read_source(SCRIPTS / edit.file).digest
    assert edit.after == now, "correct `after`, or remove the entry if results change"
    assert edit.before != edit.after and edit.why
