"""Functions that numba compiles when a package is imported are kept for the next process."""

import importlib.util

from stbench.graphs.compiled import _kept

MODULE = """
import numba

@numba.njit
def double(number):
    return 2 * number

@numba.njit("int64(int64)", fastmath=True)
def square(number):
    return number * number
"""


def imported(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def found_and_compiled(function):
    stats = function.stats
    return sum(stats.cache_hits.values()), sum(stats.cache_misses.values())


def test_the_second_import_compiles_nothing(tmp_path):
    path = tmp_path / "package.py"
    path.write_text(MODULE)
    for expected in ((0, 1), (1, 0)):
        with _kept():
            module = imported(path)
        assert module.double(21) == 42 and module.square(3) == 9
        assert found_and_compiled(module.double) == expected
        assert found_and_compiled(module.square) == expected


def test_elsewhere_numba_is_as_it_was(tmp_path):
    with _kept():
        pass
    path = tmp_path / "package.py"
    path.write_text(MODULE)
    module = imported(path)
    assert module.double(21) == 42
    assert not list(tmp_path.rglob("*.nbi"))  # numba's index of what is kept
