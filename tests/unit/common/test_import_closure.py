"""The import closure of a program is what Python really imports below scripts/."""

import subprocess
import sys
from pathlib import Path

import pytest

from stbench.common.import_closure import import_closure
from stbench.common.paths import SCRIPTS

PROGRAMS = sorted(SCRIPTS.glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_closure_holds_every_module_that_loading_the_program_imports(program):
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import runpy, sys\n"
            f"sys.path.insert(0, {str(SCRIPTS)!r})\n"
            f"runpy.run_path({str(program)!r}, run_name='loaded')\n"
            "files = [getattr(module, '__file__', None) for module in sys.modules.values()]\n"
            "print(*filter(None, files), sep='\\n')",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    below = {Path(file) for file in loaded if SCRIPTS in Path(file).parents}
    assert below <= set(import_closure(program, SCRIPTS))


def test_imports_inside_functions_packages_and_relative_imports_count(tmp_path):
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    for name in ("lib/__init__.py", "lib/deep/__init__.py"):
        (tmp_path / name).write_text("")
    (tmp_path / "lib" / "unrelated.py").write_text("")
    (tmp_path / "lib" / "b.py").write_text("from .deep import c\n")
    (tmp_path / "lib" / "deep" / "c.py").write_text("from ..d import value\n")
    (tmp_path / "lib" / "d.py").write_text("import json\nvalue = 1\n")
    program = tmp_path / "program.py"
    program.write_text("def main():\n    from lib import b\n")
    names = [str(path.relative_to(tmp_path)) for path in import_closure(program, tmp_path)]
    assert names == [
        "program.py",
        "lib/__init__.py",
        "lib/b.py",
        "lib/d.py",
        "lib/deep/__init__.py",
        "lib/deep/c.py",
    ]
