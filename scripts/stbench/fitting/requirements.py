"""Packages that only some methods need, and what to do where one is missing."""

from __future__ import annotations

from importlib.util import find_spec

from stbench.common.errors import NotApplicableError
from stbench.common.paths import ENVIRONMENTS


def require(module: str, environment: str = "", package: str = "") -> None:
    """Make sure that a package can be imported.

    Args:
        module: the name it is imported by.
        environment: the ``environment`` of the method in ``config/methods.yaml``; empty for the
            pipeline's own.
        package: the name it is installed by, if another one.

    Raises:
        NotApplicableError: it is not installed; the message says what to do.
    """
    if find_spec(module) is None:
        raise missing(package or module, environment)


def missing(package: str, environment: str = "") -> NotApplicableError:
    """The error that says that a package, or a program, is not there and what installs it."""
    ways = ["snakemake --sdm conda"]
    if not environment:
        ways.insert(0, "make setup")
    elif not (ENVIRONMENTS / f"{environment}.yaml").is_file():
        ways = ["install it on this machine"]
    elif can_be_made(environment):
        ways.insert(0, f"make setup-{environment}")
    return NotApplicableError(
        f"environment missing: {package} is not installed: {', or '.join(ways)}"
    )


def can_be_made(environment: str) -> bool:
    """Whether ``make setup-<environment>`` works: all it holds comes from PyPI."""
    description = ENVIRONMENTS / f"{environment}.yaml"
    return description.is_file() and "==" in description.read_text(encoding="utf-8")
