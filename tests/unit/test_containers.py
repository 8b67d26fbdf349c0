"""The Dockerfiles, as far as they can be checked without a container engine."""

import re
import subprocess
import tomllib

import pytest
import yaml

from stbench.common.paths import ENVIRONMENTS, PROJECT

FILES = sorted((PROJECT / "containers").glob("*.Dockerfile"))
COMPLETE = {path.stem for path in ENVIRONMENTS.glob("*.yaml") if "==" in path.read_text()}
# `default` has a lock with hashes, `archive` is that of a program for downloads.
FAMILIES = {
    "default": [""],
    "pip": sorted(COMPLETE - {"default", "archive"}),
    "conda": sorted({path.stem for path in ENVIRONMENTS.glob("*.yaml")} - COMPLETE),
}


def instructions(file):
    """(instruction, its text) of a Dockerfile, continued lines joined."""
    lines = [line for line in file.read_text().splitlines() if line and line[0] != "#"]
    joined = "\n".join(lines).replace("\\\n", "")
    return [line.split(maxsplit=1) for line in joined.splitlines()]


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def file(request):
    return request.param


def test_there_is_a_file_for_every_family():
    assert {file.name.split(".")[0] for file in FILES} == set(FAMILIES)


def test_the_comments_name_every_environment_of_the_family(file):
    comments = " ".join(line for line in file.read_text().splitlines() if line.startswith("#"))
    words = set(re.findall(r"\w+", comments))
    assert set(FAMILIES[file.name.split(".")[0]]) - {""} <= words


def test_every_instruction_is_one_of_docker(file):
    known = ["FROM", "ARG", "ENV", "SHELL", "COPY", "RUN"]
    names = [name for name, _ in instructions(file)]
    assert names[0] == "FROM" and set(names) <= set(known)
    images = [text for name, text in instructions(file) if name == "FROM"]
    assert all(re.fullmatch(r"[\w./-]+:[\w.-]*\d[\w.-]*", image) for image in images)


def test_what_is_copied_exists_and_is_not_ignored(file):
    ignored = (PROJECT / ".dockerignore").read_text().split("\n")
    assert ignored[1] == "*"
    for environment in FAMILIES[file.name.split(".")[0]]:
        for name, text in instructions(file):
            if name != "COPY":
                continue
            for source in text.split()[:-1]:
                path = source.replace("${ENVIRONMENT}", environment)
                optional = "[" in path  # a pattern that may match nothing
                assert optional or (PROJECT / path).is_file(), path
                assert f"!{path.split('/')[0]}" in ignored


def test_commands_are_shell(file):
    for name, text in instructions(file):
        if name == "RUN":
            done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr


def test_variables_are_declared(file):
    declared = {"PATH"}
    for name, text in instructions(file):
        used = set(re.findall(r"\$\{?([A-Z_]+)", text))
        assert used <= declared, f"{name} uses {used - declared}"
        if name == "ARG":
            declared.add(text.partition("=")[0])


def test_versions_are_those_of_the_project():
    default, pip = (PROJECT / f"containers/{name}.Dockerfile" for name in ("default", "pip"))
    package = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    (torch,) = (x for x in package["optional-dependencies"]["stague"] if x.startswith("torch"))
    assert f"pip install {torch} " in default.read_text()
    environment = yaml.safe_load((ENVIRONMENTS / "default.yaml").read_text())
    python = environment["dependencies"][0].replace("=", ":")
    assert all(f"FROM {python}-" in path.read_text() for path in (default, pip))
    pins = re.search(r"sed -n '[^']+'", pip.read_text())[0]
    assert pins in (PROJECT / "Makefile").read_text()
