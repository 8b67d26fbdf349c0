"""Packages that only some methods need, and how to install a missing one."""

from __future__ import annotations

from importlib.util import find_spec

from stbench.common.errors import NotApplicableError
from stbench.common.paths import ENVIRONMENTS


def require(module: str, environment: str = "", package: str = "") -> None:
    """Make sure that a package can be imported.

    Args:
        module: its import name.
        environment: the ``environment`` of the method in ``config/methods.yaml``; empty: the
            environment of the pipeline.
        package: its name for installation, if different.

    Raises:
        NotApplicableError: it is not installed; the message says how to install it.
    """
    if find_spec(module) is None:
        raise missing(package or module, environment)


def missing(package: str, environment: str = "") -> NotApplicableError:
    """The error for a missing package or program, with the commands that install it."""
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
    """Whether ``make setup-<environment>`` works: all its packages come from PyPI."""
    description = ENVIRONMENTS / f"{environment}.yaml"
    return description.is_file() and "==" in description.read_text(encoding="utf-8")
