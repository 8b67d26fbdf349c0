"""The lock files: what pyproject.toml asks for, every file of it with its hash."""

import re
import tomllib
from itertools import chain

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.pins import pins
from stbench.common.paths import PROJECT

ASKED = tomllib.loads((PROJECT / "pyproject.toml").read_text())
PACKAGE = ASKED["project"]
GROUPS = {
    "requirements.lock": [
        *PACKAGE["dependencies"],
        *chain.from_iterable(PACKAGE["optional-dependencies"].values()),
        *ASKED["dependency-groups"]["workflow"],
    ],
    "requirements-r.lock": ASKED["dependency-groups"]["r"],
    "requirements-dev.lock": ASKED["dependency-groups"]["dev"],
    "requirements-docs.lock": ASKED["dependency-groups"]["docs"],
}


@pytest.mark.parametrize("lock", GROUPS)
def test_every_direct_dependency_is_locked_in_its_range(lock):
    pinned = {**pins(PROJECT / lock), "torch": "2.13.0"}  # the Makefile installs torch first
    for requirement in map(Requirement, GROUPS[lock]):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version, f"{lock} lacks {requirement}: make lock"
        assert requirement.specifier.contains(version), f"{requirement}, locked {version}"


@pytest.mark.parametrize("lock", GROUPS)
def test_every_pin_has_hashes(lock):
    lines = re.sub(r" \\\n\s+", " ", (PROJECT / lock).read_text()).splitlines()
    locked = [line for line in lines if not line.startswith("#")]
    assert locked and all("==" in line and " --hash=sha256:" in line for line in locked)


def test_the_locks_agree_and_torch_is_in_none():
    default = pins(PROJECT / "requirements.lock")
    for lock in GROUPS:
        pinned = pins(PROJECT / lock)
        assert {name: default.get(name, version) for name, version in pinned.items()} == pinned
        assert "torch" not in pinned
        # Triton comes with the torch for CUDA; tests interpret its kernels beside any torch.
        assert lock == "requirements-dev.lock" or "triton" not in pinned
        assert not [name for name in pinned if name.startswith("nvidia-")]


def test_the_makefile_installs_the_torch_of_pyproject():
    (torch,) = [line for line in GROUPS["requirements.lock"] if line.startswith("torch==")]
    assert re.search(rf"TORCH_PIN\s*:= {torch}\n", (PROJECT / "Makefile").read_text())


def test_the_version_and_date_of_a_release_are_the_same_everywhere():
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    heading = re.search(r"^## (\S+), (\S+)$", (PROJECT / "CHANGELOG.md").read_text(), re.M)
    assert (citation["version"], str(citation["date-released"])) == heading.groups()
    assert citation["version"] == PACKAGE["version"]
