"""Every command of the documents is one that works: targets, files, options, configurations.

What is cheap is run; make and Snakemake run dry; of programs the options are held against --help.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from stbench.common.paths import PROJECT
from workflow.conftest import PARTS, run_snakemake

PAGES = sorted(
    [*(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "config/README.md"))]
    + [*PROJECT.glob("docs/*.md")]
)
SHELL = {"tar", "cd", "export", "sha256sum", "tail", "less", "xdg-open", "sinfo", "squeue", "sacct"}
LOCKS = (*(path.name for path in PROJECT.glob("requirements*.lock")), "CITATION.cff")
CHEAP = {"scripts/new_method.py"}


def fenced(text: str, language: str) -> str:
    """The fenced blocks of one language, joined."""
    parts = re.split(r"^```(.*)\n", text, flags=re.M)  # text, opening, block, closing, text, ...
    pairs = zip(parts[1::4], parts[2::4], strict=True)
    return "\n".join(block for name, block in pairs if name.strip() == language)


def commands(page: Path) -> list[list[str]]:
    """Words of the commands in blocks without a language and in the first columns of tables."""
    text = page.read_text()
    lines = fenced(text, "").replace("\\\n", " ").splitlines()
    for row in re.findall(r"^\| (`.*?) \|", text, flags=re.M):
        lines += [word for word in re.findall(r"`([^`]+)`", row) if word.startswith("make ")]
    split = [shlex.split(line, comments=True) for line in lines if is_command(line)]
    return [words for words in split if words]


def is_command(line: str) -> bool:
    return bool(re.match(r"(\.venv/bin/|[A-Z_]+=\S+ |\(?[a-z]+ (?!.*->)[^|]*$)", line))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that commands may write into."""
    folder = tmp_path_factory.mktemp("docs")
    for part in (*PARTS, "Makefile", "tests", "benchmarks", *LOCKS):
        source = PROJECT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / part)
    return folder


@cache
def run(words: tuple[str, ...], folder: Path) -> str:
    """What a command prints; one that several pages have is run once."""
    if "snakemake" in words:
        done = run_snakemake([*words], folder, dict(os.environ))
    else:
        done = subprocess.run(
            words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout[-2000:]}"
    return done.stdout


def try_out(words: list[str], folder: Path) -> None:
    while re.fullmatch(r"[A-Z_]+=\S*", words[0]) and len(words) > 1:
        words = words[1:]
    head, *rest = words
    if head == "make":
        run(("make", "-n", *rest), folder)
    elif head in (".venv/bin/snakemake", "snakemake"):
        run((sys.executable, "-m", "snakemake", "-n", *rest), folder)
    elif head == ".venv/bin/python" and rest[0] == "-m":
        assert rest[1] == "pytest"
        assert all((folder / word).exists() for word in rest if word.startswith("tests/"))
    elif head == ".venv/bin/python" and rest[0] in CHEAP:
        run((sys.executable, *rest), folder)
    elif head == ".venv/bin/python":
        told = run((sys.executable, rest[0], "--help"), folder)
        unknown = [w for w in rest[1:] if w.startswith("--") and w.split("=")[0] not in told]
        assert not unknown, f"{rest[0]} has no option {' '.join(unknown)}"
    else:
        assert head in SHELL or head == ".venv/bin/pip", f"what is {shlex.join(words)}?"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_commands_of_a_page_work(page: Path, checkout: Path) -> None:
    for words in commands(page):
        try_out([word.strip("()") for word in words], checkout)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_and_named_files_of_a_page_exist(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
    for name in re.findall(r"`((?:scripts|rules|config|docs|profiles|envs)/[\w./-]+\.\w+)`", text):
        exists = (PROJECT / name).exists() or "my_method" in name
        assert exists, f"{page.name} names {name}"


def test_the_pages_were_found_to_have_commands() -> None:
    found = {page: {words[0] for words in commands(page)} for page in PAGES}
    assert {"make", ".venv/bin/snakemake"} <= found[PROJECT / "README.md"]
    assert ".venv/bin/python" in set().union(*found.values())


def test_the_index_lists_every_page() -> None:
    listed = re.findall(r"\]\(([^)#]+)", (PROJECT / "docs/index.md").read_text())
    pages = {page.name for page in (PROJECT / "docs").glob("*.md")} - {"index.md"}
    assert pages <= set(listed)
