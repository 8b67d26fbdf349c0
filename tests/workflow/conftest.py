"""Real Snakemake runs on small data, each in a folder of its own."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest
from snakemake.cli import parse_config

from helpers.browser import Visitor, started
from helpers.copies import Copies
from stbench.common.errors import InputError, one_line
from stbench.common.paths import PROJECT
from stbench.config.benchmark import load_benchmark
from stbench.config.schema import load_yaml
from stbench.config.values import with_numbers
from stbench.runs.fork_server import start_fork_server
from stbench.supervisor.fork_server import SOCKET

# Prints paths of the layout that a configuration has in the code that runs this.
PATHS = """
import json, sys
from pathlib import Path
from stbench.common.paths import CONFIG
from stbench.config.benchmark import load_benchmark
from stbench.config.keys import layout_of
from stbench.config.schema import load_yaml
from stbench.config.values import with_numbers
given, files, asked = json.loads(sys.argv[1])
config = {key: value for file in files for key, value in load_yaml(Path(file)).items()}
config |= with_numbers(given, given)
layout = layout_of(load_benchmark(config, CONFIG), Path("results"))
print(json.dumps([str(getattr(layout, name)(*ids)) for name, *ids in asked]))
"""
PARTS = ("Snakefile", "rules", "scripts", "config", "profiles", "resources", "envs", "CITATION.cff")

TISSUE = (
    "{id: tissue, simulate: {layout: layers, n_cells: 150, n_genes: 40, n_domains: 3, seed: 1}}"
)
QUICK = "params={stague: {epochs: 3, hidden_dim: 32, exp_out: 32}}"


@cache
def loaded_snakemake() -> Copies:
    return Copies("import snakemake.cli; snakemake.cli.get_argument_parser()")


def run_snakemake(command: list[str], cwd: Path, env: dict[str, str]) -> CompletedProcess:
    """``subprocess.run`` of a command that begins with Python, without loading Snakemake again."""
    return loaded_snakemake().run(command[1:], cwd, env)


@dataclass
class Workflow:
    """A Snakefile and the folder it runs in."""

    source: Path
    folder: Path
    environment: dict[str, str]

    def command(self, *config: str, args: tuple[str, ...] = ()) -> list[str]:
        """The command line; what takes more time is left out unless asked for."""
        for left_out in ("interactions=null", "published_settings=false"):
            key = left_out.partition("=")[0]
            if not any(entry.startswith(f"{key}=") for entry in config):
                config = (*config, left_out)
        return [
            *(sys.executable, "-m", "snakemake"),
            *("--snakefile", str(self.source / "Snakefile")),
            *("--directory", str(self.folder), "--cores", "2"),
            *args,
            *("--config", *config),
        ]

    def run(self, *config: str, args: tuple[str, ...] = ()) -> CompletedProcess:
        return run_snakemake(self.command(*config, args=args), self.folder, self.environment)

    def paths(self, *asked, config: tuple[str, ...] = (), file: str = "") -> list[str]:
        """Paths of shared files, each asked for by a method of ``Layout`` and its arguments.

        Args:
            asked: such as ``("fit", "tissue", "pca", 0)``.
            config: options of ``--config``.
            file: that of ``--configfile``.
        """
        files = [str(self.source / "config/config.yaml"), *([file] if file else [])]
        printed = subprocess.run(
            [sys.executable, "-c", PATHS, json.dumps([parse_config(config), files, asked])],
            cwd=self.folder,
            env={**self.environment, "PYTHONPATH": str(self.source / "scripts")},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(printed.stdout)

    def found(self, pattern: str) -> Path:
        """The only file or folder of results with this pattern, which has ``*`` for a key."""
        (path,) = (self.folder / "results").glob(pattern)
        return path

    @property
    def own(self) -> Path:
        """The folder of the default configuration."""
        return self.folder / "results/default"

    def results(self) -> pd.DataFrame:
        return pd.read_parquet(self.own / "results.parquet")

    def tables(self) -> dict[str, bytes]:
        """The bytes of every table that holds no timings."""
        tables = sorted((self.own / "tables").glob("*.csv"))
        return {t.name: t.read_bytes() for t in tables if t.name != "runtime.csv"}


@pytest.fixture(scope="session")
def fork_server():
    """The socket of one process with the libraries of the stages, for all runs of these tests."""
    start_fork_server(PROJECT)
    return os.environ.pop(SOCKET)


@pytest.fixture(scope="module", autouse=True)
def use_fork_server(fork_server):
    """Name the process in the environment, not for the other tests of this worker."""
    os.environ[SOCKET] = fork_server
    yield
    os.environ.pop(SOCKET, None)


def environment(**more: str) -> dict[str, str]:
    """Without a mirror and without a network, also on a machine that has both."""
    proxies = {f"{kind}_proxy" for kind in ("http", "https", "no")}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "STBENCH_MIRROR" and name.lower() not in proxies
    }
    nowhere = dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    return {**kept, **nowhere, "OMP_NUM_THREADS": "1", **more}


def refusal(*options):
    """The one line with which the library refuses options of ``snakemake --config``."""
    given = parse_config(list(options))
    given = with_numbers(given, given)
    config = {**load_yaml(PROJECT / "config/config.yaml"), **given}
    with pytest.raises(InputError) as error:
        load_benchmark(config, PROJECT / "config")
    line = str(error.value)
    assert line == one_line(line)
    return line


@pytest.fixture
def workflow(tmp_path):
    """The repository's own workflow, run in an empty folder."""
    folder = tmp_path / "run"
    folder.mkdir()
    return Workflow(PROJECT, folder, environment())


def copy_of_the_project(source: Path) -> Path:
    """What a run reads of the repository."""
    source.mkdir()
    for part in PARTS:
        if (PROJECT / part).is_dir():
            shutil.copytree(PROJECT / part, source / part)  # with what Python has compiled
        else:
            shutil.copy2(PROJECT / part, source / part)
    return source


@pytest.fixture
def copied_workflow(tmp_path):
    """A copy of the workflow that a test may change."""
    source = copy_of_the_project(tmp_path / "copy")
    return Workflow(source, source, environment())


@pytest.fixture(scope="module")
def browser():
    with started() as chromium:
        yield chromium


@pytest.fixture
def open_page(browser):
    """Opens a page with the network off; at the end nothing may have gone wrong or been asked."""
    visitor = Visitor(browser)
    yield visitor.open
    visitor.close()
    assert visitor.faults == []
