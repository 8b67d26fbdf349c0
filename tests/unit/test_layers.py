"""Imports run in one direction: a package imports only packages on lower lines."""

import ast
from functools import cache

import pytest

from stbench.common.paths import SCRIPTS

LAYERS = [
    {"common", "supervisor"},
    {"platforms"},
    {"config", "graphs"},
    {"data", "fitting", "runs"},
    {"nn", "clustering"},
    {"scoring"},
    {"results", "markers", "maps"},
    {"choosing", "ranking", "integration", "interactions", "deconvolution"},
    {"summary", "figures", "verdict"},
    {"report", "api"},
]
ALLOWED = {
    package: {package}.union(*LAYERS[:line])
    for line, packages in enumerate(LAYERS)
    for package in packages
}
# What the code of methods may use, and nothing else.
METHODS = {"common", "graphs", "nn", "fitting", "data"}
PROGRAMS = {path.stem for path in SCRIPTS.glob("*.py")}


@cache
def imported(path):
    """Dotted names of everything that a file imports, inside functions too."""
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def roots(path):
    """First parts of these names."""
    return {name.split(".")[0] for name in imported(path)}


def imported_packages(path):
    """Packages of the library that a file imports from."""
    names = [name.split(".") for name in imported(path)]
    return {name[1] for name in names if name[0] == "stbench"}


def test_every_module_is_in_a_package_of_the_list():
    library = SCRIPTS / "stbench"
    assert {path.name for path in library.glob("*.py")} == {"__init__.py"}
    assert {path.parent.name for path in library.glob("*/__init__.py")} == set(ALLOWED)


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_a_package_imports_lower_lines_only(package):
    methods = set() if package == "api" else {"methods"}
    forbidden = {*methods, "deconvolution_methods", "communication_methods", *PROGRAMS}
    for path in (SCRIPTS / "stbench" / package).rglob("*.py"):
        assert imported_packages(path) <= ALLOWED[package], path
        assert not roots(path) & forbidden, path


def test_the_pipeline_does_not_use_the_interface_for_other_code():
    for path in SCRIPTS.rglob("*.py"):
        assert path.parent.name == "api" or "stbench.api" not in path.read_text()


@pytest.mark.parametrize(
    ("folder", "may_use"),
    [("methods", METHODS), ("deconvolution_methods", METHODS | {"deconvolution"})],
)
def test_a_method_uses_the_interface_and_no_analysis(folder, may_use):
    for path in (SCRIPTS / folder).rglob("*.py"):
        assert imported_packages(path) <= may_use, path


def test_a_tool_uses_its_interface_alone():
    interface = ("stbench.common.", "stbench.interactions.communication.")
    for path in (SCRIPTS / "communication_methods").rglob("*.py"):
        names = {name for name in imported(path) if name.startswith("stbench.")}
        assert all(name.startswith(interface) for name in names), path


def test_no_program_imports_a_program():
    for path in SCRIPTS.glob("*.py"):
        assert not roots(path) & PROGRAMS, path
