"""The versions that lock files and the environments of conda pin."""

import re
from pathlib import Path

from packaging.utils import canonicalize_name


def pins(file: Path) -> dict[str, str]:
    """Version of each ``name==version`` of a file, by the name as PyPI normalizes it."""
    lines = "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in file.read_text().splitlines())
    pinned = re.findall(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", lines)
    versions = {canonicalize_name(name): version for name, version in pinned}
    assert len(versions) == len(pinned), f"{file} pins a package twice"
    return versions
