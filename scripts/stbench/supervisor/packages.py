"""The packages of the running Python, and the package of each loaded module.

importlib.metadata parses every description as an e-mail several times, which would take a fifth of
the time of a small fit. Only the standard library is used.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions

_FIELD = {name: re.compile(rf"^{name}: *(.*?) *$", re.MULTILINE) for name in ("Name", "Version")}


@dataclass(frozen=True)
class Package:
    """An installed distribution.

    Attributes:
        name, version: as in its metadata.
        distribution: for further metadata.
    """

    name: str
    version: str
    distribution: Distribution

    def modules(self) -> set[str]:
        """The names, without suffix, that it adds to site-packages."""
        listed = self.distribution.read_text("top_level.txt")
        if listed:
            return set(listed.split())
        record = self.distribution.read_text("RECORD") or ""
        return {re.split(r"[/.,]", line, maxsplit=1)[0] for line in record.splitlines()}


def installed() -> Iterator[Package]:
    """All packages in the order in which imports search them."""
    for distribution in distributions():
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
        head = text.partition("\n\n")[0]
        name, version = (field.search(head) for field in _FIELD.values())
        if name and version:  # missing in a folder of an incomplete removal
            yield Package(name[1], version[1], distribution)


def versions_of(modules: Iterable[str]) -> dict[str, str]:
    """Versions by name of the packages that loaded modules (``sys.modules``) belong to."""
    top_level = {module for module in modules if "." not in module}
    return {
        package.name: package.version
        for package in reversed(list(installed()))
        if package.modules() & top_level
    }


def loaded_versions() -> dict[str, str]:
    """Versions of Python, of the installed packages that are loaded, and the GPU if one is used."""
    versions = {"python": sys.version.split()[0], **versions_of(sys.modules)}
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        versions["gpu"] = torch.cuda.get_device_name()
    return versions
