"""Environments of their own: what they pin, which methods name them, what is said without them."""

import os
import re
import subprocess
import sys

import pytest
import yaml
from packaging.utils import canonicalize_name

from helpers.pins import pins
from stbench.common.errors import InputError, NotApplicableError
from stbench.common.paths import PROJECT
from stbench.fitting import requirements
from stbench.runs.environment import python_of, use_mirror

FILES = sorted((PROJECT / "envs").glob("*.yaml"))
METHODS = yaml.safe_load((PROJECT / "config/methods.yaml").read_text())
DECONVOLUTION = yaml.safe_load((PROJECT / "config/deconvolution_methods.yaml").read_text())
# The package that a method needs, where it has another name.
PACKAGE = dict.fromkeys(("squidpy_utag", "squidpy_cellcharter"), "squidpy")
OWN = {method: entry["environment"] for method, entry in METHODS.items() if "environment" in entry}
PYPI = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)")
CONDA = re.compile(r"[a-z0-9._-]+=[0-9][^=\s]*")


def pip_section(file):
    """Lines of the pip section, with their comments."""
    return re.findall(r"^      - (.+)$", file.read_text(), re.MULTILINE)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_dependency_is_pinned_exactly(file):
    *conda, last = yaml.safe_load(file.read_text())["dependencies"]
    pip = last["pip"] if isinstance(last, dict) else []
    conda += [] if isinstance(last, dict) else [last]
    assert [line for line in conda if not CONDA.fullmatch(line)] == []
    assert [line for line in pip if not PYPI.fullmatch(line)] == []
    names = [PYPI.match(line)[1].lower() for line in pip]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_pins_are_those_of_the_pipeline_or_say_why_not(file):
    lock = pins(PROJECT / "requirements.lock")
    for line in pip_section(file):
        name, version = PYPI.match(line).groups()
        locked = lock.get(canonicalize_name(name), version)
        assert locked == version or "  # " in line, f"{line}: the pipeline has {locked}"
    for line in yaml.safe_load(file.read_text())["dependencies"]:
        if isinstance(line, str):
            name, version = line.split("=")
            assert lock.get(name, version) == version


@pytest.mark.parametrize("method", METHODS)
def test_a_rule_runs_in_the_environment_that_the_entry_names(method):
    rule = (PROJECT / f"rules/methods/{method}.smk").read_text()
    assert (f'environment("{method}")' in rule) == (method in OWN)
    assert (PROJECT / f"envs/{OWN.get(method, 'default')}.yaml").is_file()


def test_environments_are_all_used():
    further = {entry.get("environment", "default") for entry in DECONVOLUTION.values()}
    # `archive` is that of a program, which downloads STAGUE's archive; `communication` of tools.
    own = {"default", "archive", "communication"}
    assert {file.stem for file in FILES} == {*own, *OWN.values(), *further}


def test_package_versions_in_the_table_are_those_installed():
    for method, entry in METHODS.items():
        named = re.fullmatch(r"package ([A-Za-z0-9._-]+)==(\S+)", entry["implementation"])
        if named is None or (PROJECT / f"scripts/methods/{method}.R").exists():
            continue
        folder = PROJECT / "envs"
        name = OWN.get(method, "default")
        files = [file.read_text() for file in folder.glob(f"{name}.*")]
        assert f"{named[1]}=={named[2]}" in "".join(files), method


def test_what_is_installed_is_not_missing():
    requirements.require("numpy")


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("", "make setup, or snakemake --sdm conda"),
        ("cellcharter", "make setup-cellcharter, or snakemake --sdm conda"),
        ("bass", "snakemake --sdm conda"),
        ("a_method_of_mine", "install it on this machine"),
    ],
)
def test_what_is_missing_says_what_to_do(name, ways):
    with pytest.raises(NotApplicableError) as told:
        requirements.require("no_such_module", name, package="no-such")
    assert str(told.value) == f"environment missing: no-such is not installed: {ways}"


def test_the_python_of_an_environment_is_used_once_it_is_complete(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.prefix", str(tmp_path / "elsewhere/env"))  # make VENV=elsewhere/env
    assert python_of("cellcharter", tmp_path) == "python"
    (tmp_path / ".venv-cellcharter").mkdir()
    assert python_of("cellcharter", tmp_path) == "python"
    (tmp_path / ".venv-cellcharter/.ready").touch()
    assert python_of("cellcharter", tmp_path) == "$STBENCH_HOME/.venv-cellcharter/bin/python"
    outside = tmp_path / "elsewhere/env-novae"
    outside.mkdir(parents=True)
    (outside / ".ready").touch()
    assert python_of("novae", tmp_path) == f"{outside}/bin/python"


def test_a_mirror_that_does_not_exist_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STBENCH_MIRROR", "~/raw")
    with pytest.raises(InputError, match="STBENCH_MIRROR: ~/raw: no such folder"):
        use_mirror(None)
    with pytest.raises(InputError, match="config: mirror: /no/such: no such folder"):
        use_mirror("/no/such")
    use_mirror(None, check=False)  # on a node that does not see it
    (tmp_path / "raw").mkdir()
    use_mirror("~/raw")
    assert os.environ["STBENCH_MIRROR"] == str(tmp_path / "raw")


def make(target, folder, **variables):
    """make in a folder with this repository's Makefile and environments."""
    (folder / "envs").symlink_to(PROJECT / "envs")
    settings = [f"{name}={value}" for name, value in variables.items()]
    command = ["make", "-f", str(PROJECT / "Makefile"), target, *settings]
    ours = {"TORCH", "MAKEFLAGS", "VENV", "PYTHON"}
    env = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env)


def test_make_refuses_what_only_conda_can_install(tmp_path):
    run = make("setup-bass", tmp_path)
    assert run.returncode != 0
    assert "error: envs/bass.yaml can only be made by conda" in run.stdout
    assert not (tmp_path / ".venv-bass").exists()


@pytest.mark.parametrize(
    ("torch", "index"), [({}, ""), ({"TORCH": "cpu"}, "https://download.pytorch.org/whl/cpu ")]
)
def test_make_installs_all_pins_without_dependencies_and_torch_first(torch, index, tmp_path):
    python = tmp_path / "python"  # stands for Python: makes the folder, notes what pip is told
    python.write_text(
        f'#!/bin/sh\nif [ "$2" = venv ]; then mkdir -p $3/bin; cp $0 $3/bin/python; exit; fi\n'
        f'echo "$*" >> {tmp_path}/calls\n'
    )
    python.chmod(0o755)
    run = make("setup-cellcharter", tmp_path, PYTHON=python, **torch)
    assert run.returncode == 0, run.stderr
    first, second = (tmp_path / "calls").read_text().splitlines()
    assert first.endswith("torch==2.13.0") and ("--index-url" in first) == bool(index)
    assert index in f"{first} "
    assert second.endswith("install --no-deps -r .venv-cellcharter/pins.txt")
    pins = (tmp_path / ".venv-cellcharter/pins.txt").read_text().split()
    assert pins == [PYPI.match(line)[0] for line in pip_section(PROJECT / "envs/cellcharter.yaml")]
    assert (tmp_path / ".venv-cellcharter/.ready").exists()


@pytest.mark.parametrize(
    "method", sorted(set(OWN) - {"bayesspace", "bass", "drsc", "harmony", "smoothed_harmony"})
)
def test_methods_without_their_environment_are_not_applicable(method, tmp_path):
    from helpers.supervised import preprocessed

    command = [sys.executable, PROJECT / "scripts/fit.py", "--method", method, "--output", tmp_path]
    dataset = preprocessed(tmp_path / "D.h5ad")
    run = subprocess.run([*command, "--input", dataset], capture_output=True, text=True)
    package = PACKAGE.get(method, method)
    assert run.stderr.startswith(f"not_applicable: environment missing: {package} is not installed")
