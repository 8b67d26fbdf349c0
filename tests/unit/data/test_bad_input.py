"""200 generated malformed files and configurations: one clear line each, never a traceback."""

from __future__ import annotations

import copy
import functools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import yaml

from helpers.malformed import GENES, N, good
from helpers.raw_files import PROJECT
from stbench.common.errors import InputError, one_line
from stbench.config import benchmark, registry
from stbench.config.benchmark import load_benchmark
from stbench.config.schema import load_yaml
from stbench.config.values import with_numbers
from stbench.data.loaders import load
from stbench.data.loaders.h5ad import load_file
from stbench.data.validation import validate
from unit.data.test_validation import ENTRY

SECTIONS, BYTES, CONFIGURATIONS = 70, 50, 80


def refusal(call: Callable[[], object]) -> str:
    """The one line with which something is refused; anything else is a failure."""
    with pytest.raises(InputError) as error:
        call()
    line = str(error.value)
    assert 10 < len(line) < 1500, line
    assert one_line(line) == line and "Traceback" not in line
    return line


# Sections: one thing is broken, somewhere.


def _somewhere(rng: np.random.Generator, value: float) -> Callable[[Any], None]:
    def change(adata: Any) -> None:
        adata.X.data[rng.choice(N * GENES, rng.integers(1, 9), replace=False)] = value

    return change


def _places(rng: np.random.Generator, value: float) -> Callable[[Any], None]:
    def change(adata: Any) -> None:
        adata.obsm["spatial"][rng.choice(N, rng.integers(1, N), replace=False)] = value

    return change


def _same_name(rng: np.random.Generator, axis: str) -> Callable[[Any], None]:
    def change(adata: Any) -> None:
        names = np.array(getattr(adata, axis))
        first, second = rng.choice(len(names), 2, replace=False)
        names[first] = names[second]
        setattr(adata, axis, names)

    return change


def _fewer(rng: np.random.Generator, adata: Any) -> Any:
    return adata[: rng.integers(1, 20)].copy()


def _empty(rng: np.random.Generator, adata: Any) -> Any:
    adata.X.data[adata.X.indptr[rng.integers(0, 19)] :] = 0
    return adata


SECTION_FAULTS: list[tuple[str, Callable[[np.random.Generator], Any]]] = [
    (
        "NaN or infinite",
        lambda rng: _somewhere(rng, rng.choice([np.nan, np.inf, -np.inf])),
    ),
    ("negative", lambda rng: _somewhere(rng, -float(rng.integers(1, 100)))),
    (
        "not whole numbers",
        lambda rng: _somewhere(rng, float(rng.integers(1, 9)) + rng.uniform(0.1, 0.9)),
    ),
    ("coordinates", lambda rng: _places(rng, rng.choice([np.nan, np.inf, -np.inf]))),
    ("cell names", lambda rng: _same_name(rng, "obs_names")),
    ("gene names", lambda rng: _same_name(rng, "var_names")),
    ("cells: only", lambda rng: functools.partial(_fewer, rng)),
    ("cells have any expression", lambda rng: functools.partial(_empty, rng)),
    (
        "two columns",
        lambda rng: lambda adata: adata.obsm.update(spatial=rng.random((N, rng.integers(3, 9)))),
    ),
    (
        "one or two different positions",
        lambda rng: lambda adata: adata.obsm["spatial"].fill(rng.random()),
    ),
]


@pytest.mark.parametrize("number", range(SECTIONS))
def test_a_section_with_a_fault_somewhere(number):
    rng = np.random.default_rng(number)
    said, fault = SECTION_FAULTS[number % len(SECTION_FAULTS)]
    adata = good()
    adata = fault(rng)(adata) or adata
    adata.obs["cluster"] = adata.obs["cluster"].astype("category")
    line = refusal(lambda: validate(adata, ENTRY))
    assert line.startswith("mine: ") and said in line


# Files: bytes are changed, cut off or added anywhere.


def _flip(rng: random.Random, content: bytearray) -> None:
    for _ in range(rng.choice([1, 4, 64])):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _cut(rng: random.Random, content: bytearray) -> None:
    del content[rng.randrange(len(content)) :]


def _blot(rng: random.Random, content: bytearray) -> None:
    start = rng.randrange(len(content))
    content[start : start + rng.randrange(1, 4096)] = rng.randbytes(64)


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    good().write_h5ad(folder / "mine.h5ad")
    np.save(folder / "features.npy", np.random.default_rng(0).random((N, 4)))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("number", range(BYTES))
def test_a_file_with_broken_bytes(tmp_path, originals, number):
    """It is read, where the broken bytes hold nothing, or refused in one line."""
    rng = random.Random(number)
    name = "mine.h5ad" if number % 5 else "features.npy"
    content = bytearray(originals[name])
    (_cut, _flip, _blot)[number % 3](rng, content)
    (tmp_path / name).write_bytes(content)
    (tmp_path / "places.npy").write_bytes(originals["features.npy"])
    (tmp_path / "labels.txt").write_text("a\nb\n" * (N // 2))
    options = {"features": "features.npy", "coordinates": "places.npy", "labels": "labels.txt"}

    def read() -> None:
        if name == "mine.h5ad":
            validate(load_file(tmp_path / name, ["cluster"]), ENTRY)
        else:
            load("features", tmp_path, options)

    if number % 3 == 0:
        refusal(read)
        return
    try:
        read()
    except InputError as error:
        assert one_line(error) == " ".join(str(error).split())


# Configurations.

WRONG = [
    None,
    "",
    "x y",
    "$(reboot)",
    "a;b",
    -1,
    0,
    1.5,
    [],
    {},
    [[]],
    [None],
    {"a": 1},
    "\n",
    "é" * 99,
]


def _misspelled(rng: random.Random, word: str) -> str:
    place = rng.randrange(len(word))
    return word[:place] + rng.choice("qxzQ_") + word[place + 1 :]


def _broken(rng: random.Random, good_one: dict[str, Any]) -> dict[str, Any]:
    """A configuration in which one thing is certainly wrong."""
    config = copy.deepcopy(good_one)
    kind = rng.randrange(8)
    if kind == 0:
        key = rng.choice(sorted(config))
        config[_misspelled(rng, key)] = config.pop(key)
    elif kind == 1:
        config["methods"] = [_misspelled(rng, rng.choice(config["methods"]))]
    elif kind == 2:
        config["datasets"] = [_misspelled(rng, rng.choice(config["datasets"]))]
    elif kind == 3:
        config[rng.choice(["seeds", "clusterers", "methods", "datasets"])] = rng.choice(WRONG)
    elif kind == 4:
        value = rng.choice(["many", None, [], {}, "1e"])
        config["params"] = {"stague": {rng.choice(["epochs", "hidden_dim", "k"]): value}}
    elif kind == 5:
        config["params"] = {"stague": {_misspelled(rng, "epochs"): 3}}
    elif kind == 6:
        section = {"id": "mine", "simulate": {"layout": "rings", "n_cells": 100}}
        section["simulate"][rng.choice(["n_cells", "n_domains", "dropout", "density"])] = (
            rng.choice(["many", -1, None, [1], "9 9"])
        )
        config["datasets"] = [section]
    else:
        section = {"id": "mine", "path": "nowhere.h5ad", "n_domains": rng.choice([3, "3", 0, None])}
        section[rng.choice(["id", "label", "kind", "hvg", "extra"])] = rng.choice(
            [7.5, [1], {"a": 1}, "$(x)\n"]
        )
        config["datasets"] = [section]
    return config


@pytest.fixture(scope="module")
def quick_yaml():
    """The registry is parsed once, not two hundred times."""
    kept = functools.cache(load_yaml)
    patch = pytest.MonkeyPatch()
    for module in (benchmark, registry):
        patch.setattr(module, "load_yaml", lambda path: copy.deepcopy(kept(path)))
    yield
    patch.undo()


@pytest.mark.parametrize("number", range(CONFIGURATIONS))
def test_a_configuration_with_a_fault_somewhere(quick_yaml, number):
    good_one = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
    broken = _broken(random.Random(number), good_one)
    config = with_numbers(broken, broken)
    line = refusal(lambda: load_benchmark(config, PROJECT / "config"))
    assert line.startswith("config: ")


def test_there_are_two_hundred():
    assert SECTIONS + BYTES + CONFIGURATIONS == 200
