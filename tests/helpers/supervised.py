"""Real fits under the real supervisor, with methods that misbehave."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import anndata
import numpy as np

from stbench.common.paths import PROJECT

N_CELLS = 30
# What these deeds do needs no dataset, and what they end with is seen by the supervisor alone.
ALONE = ("sleeps", "kills_itself", "eats_memory", "children_eat_memory")
DO = "import json, sys; sys.path.insert(0, sys.argv[1]); from methods.misbehaving import DEEDS; "
DO += "DEEDS[sys.argv[2]](None, json.loads(sys.argv[3]), None)"


def copy_of_scripts(folder):
    """The programs with the misbehaving method among the others."""
    scripts = folder / "scripts"
    shutil.copytree(PROJECT / "scripts", scripts, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "tests/helpers/misbehaving/misbehaving.py", scripts / "methods")
    return scripts


def preprocessed(path, **facts):
    """A dataset of 30 cells, or one without cells that carries the reason for it."""
    adata = anndata.AnnData(np.zeros((0 if facts else N_CELLS, 0 if facts else 4), np.float32))
    adata.uns["dataset"] = {"id": "D", "status": "ok", "n_domains": 3, **facts}
    adata.write_h5ad(path)
    return path


def alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def wait_for(condition, patience=30):
    """Wait until the condition holds; fail if it does not within ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"the condition did not hold within {patience} s"
        time.sleep(0.02)


@dataclass
class Bench:
    """One fit of one dataset: its programs, input and output.

    With ``whole`` every deed is that of a method that ``fit.py`` runs.
    """

    folder: Path
    scripts: Path
    input: Path
    key: str = "default-1"
    whole: bool = False

    @property
    def output(self):
        return self.folder / "fits/D/misbehaving" / self.key / "seed0"

    @property
    def log(self):
        return self.folder / "attempts/D/misbehaving/seed0.jsonl"

    @property
    def pids(self):
        return self.folder / "pids.json"

    def command(self, deed, record=False, **options):
        params = json.dumps({"deed": deed, "pids": str(self.pids)})
        if deed in ALONE and not self.whole:
            return self.supervised(
                [sys.executable, "-c", DO, self.scripts, deed, params], **options
            )
        program = [sys.executable, self.scripts / "fit.py", "--method", "misbehaving"]
        program += ["--input", self.input, "--output", "{}", "--seed", "0", "--params", params]
        return self.supervised([*program, *(["--record"] if record else [])], **options)

    def supervised(self, program, **options):
        """The supervisor's command line around any program."""
        given = {"time_limit": 60, "mem_mb": 1000, "attempt": 1, "max_attempts": 3, **options}
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        command = [sys.executable, self.scripts / "run_fit.py", "--output", self.output]
        command += ["--dataset", "D", "--method", "misbehaving", "--seed", "0", "--commit", "abc"]
        command += ["--attempts-log", self.log, *flags, "--", *program]
        return [str(word) for word in command]

    def run(self, deed, env=None, **options):
        return self.call(self.command(deed, **options), env)

    def call(self, command, env=None):
        return subprocess.run(
            command,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=60,
        )

    def start(self, deed, **options):
        """Start a fit in the background and return once the deed has started."""
        process = subprocess.Popen(
            self.command(deed, **options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self.pids.exists)
        return process

    def status(self):
        return json.loads((self.output / "status.json").read_text())

    def attempts(self):
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines]

    def leftovers(self):
        """Names of the other files in the folder of the output."""
        parent = self.output.parent
        return [path.name for path in parent.iterdir() if path != self.output]
