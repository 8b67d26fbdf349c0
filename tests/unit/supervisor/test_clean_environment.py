"""A job runs the same code in the same language, whatever the user's shell exports."""

import os
import subprocess
import sys

import pytest

from stbench.common.paths import SCRIPTS
from stbench.runs.environment import commit_of
from stbench.supervisor.clean_environment import cleaned

JOB = """
import json, locale, pathlib, sys
pathlib.Path(sys.argv[1]).write_text("Zürich, α")
print(json.dumps([sys.flags.optimize, locale.getpreferredencoding().lower()]), "Zürich α →")
"""
HOSTILE = {
    "PYTHONPATH": "{folder}",
    "PYTHONSTARTUP": "{folder}/json.py",
    "PYTHONSAFEPATH": "1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "PYTHONIOENCODING": "ascii",
    "PYTHONHOME": "{folder}",
    "PYTHONINSPECT": "1",
    "BASH_ENV": "{folder}/bash_env",
    "SHELLOPTS": "noexec",
    "LC_ALL": "en_US.ISO-8859-1",
    "LANGUAGE": "de",
    "MPLBACKEND": "module://not_there",
    "GIT_DIR": "{folder}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_variable_changes_a_job(tmp_path, name):
    (tmp_path / "json.py").write_text("raise SystemExit('not the json of Python')")
    (tmp_path / "bash_env").write_text("echo from the shell; exit 1")
    variable = HOSTILE[name].format(folder=tmp_path)
    environment = cleaned({"PATH": os.environ["PATH"], "HOME": str(tmp_path), name: variable})
    assert environment.get(name) != variable
    (tmp_path / "job").mkdir()
    (tmp_path / "job/job.py").write_text(JOB, encoding="utf-8")
    command = f"{sys.executable} {tmp_path}/job/job.py {tmp_path}/text"
    done = subprocess.run(["bash", "-c", command], capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode("utf-8") == '[0, "utf-8"] Zürich α →\n'


def test_what_does_no_harm_is_kept():
    kept = {"PATH": "/bin", "HOME": "/h", "TMPDIR": "/t", "PYTHONDONTWRITEBYTECODE": "1"}
    assert kept.items() <= cleaned(kept).items()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without a name")
def test_a_user_without_a_name_and_a_home_has_both_in_a_job():
    program = (
        f"import sys; sys.path.insert(0, {str(SCRIPTS)!r})\n"
        "import os, getpass, pathlib, pwd\n"
        "from stbench.supervisor.clean_environment import cleaned\n"
        "os.setgroups([]); os.setgid(49812); os.setuid(49812)\n"
        "os.environ.update(cleaned(os.environ))\n"
        "print(getpass.getuser(), os.access(pathlib.Path.home(), os.W_OK))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        encoding="utf-8",
        env={"PATH": os.environ["PATH"]},
    )
    assert done.stdout == "49812 True\n", done.stderr


# The commit is that of this code


def repository(folder, *options, added=("file",)):
    """A repository with one commit; its commit."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "file").write_text("x")
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", *added], [*who, "commit", "-qm", folder.name]):
        git(folder, *(words if words[0] != "init" else [*words, *options]))
    return git(folder, "rev-parse", "--short=12", "HEAD")


def git(folder, *words):
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip()


def test_the_commit_is_that_of_the_code_and_of_nothing_around_it(tmp_path, monkeypatch):
    outer, inner = repository(tmp_path / "outer"), repository(tmp_path / "outer/project")
    (tmp_path / "outer/copy").mkdir()
    (tmp_path / "alone").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "outer/project")
    expected = {"outer/project": inner, "link": inner, "outer/copy": "unknown", "alone": "unknown"}
    for variable in (
        {},
        {"GIT_DIR": "outer/.git"},
        {"GIT_DIR": "outer/.git", "GIT_WORK_TREE": "."},
    ):
        for name, value in variable.items():
            monkeypatch.setenv(name, str(tmp_path / value))
        assert {name: commit_of(tmp_path / name) for name in expected} == expected
    assert outer != inner
    (tmp_path / "outer/project/file").write_text("y")
    assert commit_of(tmp_path / "outer/project") == f"{inner}-dirty"


def test_pages_and_shipped_results_are_no_changes_of_the_code(tmp_path):
    names = ("docs/page.md", "resources/verdict/scores.parquet")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("a")
    commit = repository(tmp_path, added=(*names, "file"))
    for name in names:
        (tmp_path / name).write_text("other")
    assert commit_of(tmp_path) == commit
