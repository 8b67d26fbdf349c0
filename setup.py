"""Build of the package; pyproject.toml has the rest.

Here methods are imported as ``methods``. In an installed copy so general a name could hide a module
of the user, so they are ``stbench.methods`` there, and the imports are changed as files are copied.
"""

import re
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

METHODS = re.compile(r"^(\s*(?:from|import)) methods\b", re.MULTILINE)


class BuildWithMethods(build_py):
    """Copies the modules, with the other name of the methods."""

    def build_module(self, module, module_file, package):
        file, copied = super().build_module(module, module_file, package)
        text = Path(file).read_text(encoding="utf-8")
        Path(file).write_text(METHODS.sub(r"\1 stbench.methods", text), encoding="utf-8")
        return file, copied


setup(cmdclass={"build_py": BuildWithMethods})
