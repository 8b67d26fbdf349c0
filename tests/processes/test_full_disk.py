"""A disk that takes no more: an error, and nothing under the file's name.

A limit on the size of files stands for the full disk; it needs no rights. HDF5 may crash a program
after such an error, so each case has a process of its own, which must not say that all went well.
"""

import subprocess
import sys

import pytest

from stbench.common.paths import SCRIPTS

CASE = """
import resource, signal, sys
from pathlib import Path
import anndata, numpy as np, pandas as pd
from stbench.clustering.epochs import EpochLabels, write_epoch_labels
from stbench.common.io import atomic_directory, atomic_file, write_h5ad
from stbench.fitting.trajectory import TrajectoryRecorder

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
rng, target = np.random.default_rng(0), Path(sys.argv[1])

def trajectory():
    with TrajectoryRecorder(target, 500) as recorder:
        for epoch in range(9):
            recorder(epoch, rng.random((500, 20)))

def h5ad():
    write_h5ad(target, anndata.AnnData(rng.random((500, 200))))

def epoch_labels():
    labels = {3: rng.integers(0, 99, (20, 5, 9000)).astype(np.int16)}
    write_epoch_labels(target, EpochLabels(np.arange(20), labels), "{}")

def table():
    with atomic_file(target) as temporary:
        pd.DataFrame({"x": rng.random(50_000)}).to_parquet(temporary)

def folder():
    with atomic_directory(target) as temporary:
        (temporary / "a").write_bytes(rng.bytes(10))
        (temporary / "b").write_bytes(rng.bytes(200_000))

try:
    globals()[sys.argv[2]]()
except OSError as error:
    print("refused:", error.errno, flush=True)
else:
    print("all went well", flush=True)
"""


@pytest.mark.parametrize("case", ["trajectory", "h5ad", "epoch_labels", "table", "folder"])
def test_an_error_and_no_file(tmp_path, case):
    command = [sys.executable, "-c", CASE, str(tmp_path / "out"), case]
    run = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True)
    assert run.stdout.startswith("refused: 27"), run.stdout + run.stderr  # EFBIG
    assert list(tmp_path.iterdir()) == []
