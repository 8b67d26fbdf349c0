"""A program of a stage that crashes is run again to record it; a kill from outside is no crash."""

import json
import os
import signal
import subprocess
import sys

import pytest

from stbench.common.paths import PROJECT

PROGRAM = """\
import os, sys
from stbench.common.errors import attempt, run_cli


def make():
    os.kill(os.getpid(), int(sys.argv[1]))


run_cli(lambda: print(attempt("one", make, lambda reason: f"recorded: {reason}")))
"""


def run(tmp_path, *words):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    return subprocess.run(
        [sys.executable, PROJECT / "scripts/run_stage.py", program, *words],
        env={**os.environ, "PYTHONPATH": str(PROJECT / "scripts")},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_is_recorded(tmp_path, number):
    done = run(tmp_path, str(int(number)))
    assert done.returncode == 0
    assert done.stdout == f"recorded: the program crashed ({number.name})\n"


def test_a_kill_is_none(tmp_path):
    done = run(tmp_path, str(int(signal.SIGKILL)))
    assert done.returncode == 128 + 9 and done.stdout == ""


def test_an_error_of_a_program_keeps_its_exit_code(tmp_path):
    done = run(tmp_path, "none")
    assert (done.returncode, done.stdout) == (
        0,
        "recorded: ValueError: invalid literal for int() with base 10: 'none'\n",
    )
    wrong = subprocess.run([sys.executable, PROJECT / "scripts/run_stage.py", tmp_path / "no.py"])
    assert wrong.returncode == 2


def test_neither_stages_nor_fits_run_code_that_was_edited_after_the_start_of_the_run(tmp_path):
    note = tmp_path / "note.json"  # of a run in which these programs were others
    note.write_text(json.dumps({name: [0, 0, "other"] for name in ("score.py", "fit.py")}))
    environment = {**os.environ, "STBENCH_CODE": str(note)}
    scripts, folder = PROJECT / "scripts", tmp_path / "work"
    folder.mkdir()
    limits = ["--seed", "0", "--attempts-log", "log", "--time-limit", "9", "--mem-mb", "900"]
    fit = ["--output", "fit", "--dataset", "d", "--method", "pca", *limits, "--"]
    for words in (
        [scripts / "run_stage.py", scripts / "score.py"],
        [scripts / "run_fit.py", *fit, sys.executable, scripts / "fit.py", "--method", "pca"],
    ):
        done = subprocess.run(
            [sys.executable, *words], env=environment, cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 1 and not any(folder.iterdir())
        assert done.stderr.startswith("error: scripts/") and done.stderr.count("\n") == 1
        assert "was changed after this run had started" in done.stderr
