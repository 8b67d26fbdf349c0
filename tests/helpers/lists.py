"""The lists of datasets and methods do not change during tests: each is read and checked once."""

import pickle
from functools import cache
from unittest.mock import patch

import pytest

from stbench.common.paths import CONFIG
from stbench.config import benchmark, methods, registry


def read_once(read, path):
    """``read``, which pickles what it finds at this path; other paths are read each time."""

    @cache
    def pickled():
        return pickle.dumps(read(path))

    return lambda asked: pickle.loads(pickled()) if asked == path else read(asked)


@pytest.fixture(scope="session", autouse=True)
def read_lists_once():
    datasets = read_once(registry.load_registry, CONFIG / "datasets.yaml")
    entries = read_once(methods.load_methods, CONFIG)
    with (
        patch.object(registry, "load_registry", datasets),
        patch.object(benchmark, "load_registry", datasets),
        patch.object(benchmark, "load_methods", entries),
    ):
        yield
