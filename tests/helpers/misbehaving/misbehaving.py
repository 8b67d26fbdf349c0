"""A method whose parameter ``deed`` selects its behavior; tests copy it to the other methods."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np

from stbench.common.errors import NotApplicableError
from stbench.fitting.interface import Fit

N_COLUMNS = 3


def fit(adata, n_domains, seed, device, params, record):
    return DEEDS[params["deed"]](adata, params, record)


def good(adata, params, record):
    rng = np.random.default_rng(0)
    record(0, rng.random((adata.n_obs, N_COLUMNS)))
    for epoch in (1, 2):
        embedding = rng.random((adata.n_obs, N_COLUMNS))
        record(epoch, embedding)
    return Fit(embedding=embedding, info={"draw": float(np.random.rand())})  # noqa: NPY002


def leaves_cells_unlinked(adata, params, record):
    return Fit(embedding=np.ones((adata.n_obs, N_COLUMNS)), info={"cells_without_link": 7})


def raises(adata, params, record):
    raise ValueError("the matrix\nis cursed")


def raises_memory_error(adata, params, record):
    np.ones((10**7, 10**9))


def prints_garbage_and_exits(adata, params, record):
    os.write(1, bytes(range(256)) * 100)
    sys.exit(0)


def returns_garbage(adata, params, record):
    return "a string"


def returns_nan(adata, params, record):
    embedding = np.zeros((adata.n_obs, N_COLUMNS))
    embedding[4] = np.nan
    return Fit(embedding=embedding)


def diverges(adata, params, record):
    record(1, np.zeros((adata.n_obs, N_COLUMNS)))
    record(2, np.full((adata.n_obs, N_COLUMNS), np.inf))


def loses_cells(adata, params, record):
    return Fit(embedding=np.zeros((adata.n_obs - 1, N_COLUMNS)))


def only_labels(adata, params, record):
    return Fit(labels=np.arange(adata.n_obs) % 4)


def not_applicable(adata, params, record):
    raise NotApplicableError("needs a histology image")


def eats_memory(adata, params, record):
    eaten = []
    while True:
        eaten.append(b"x" * 10**7)
        time.sleep(0.01)


def children_eat_memory(adata, params, record):
    """Each of three processes stays below the limit; together they exceed it."""
    eat = "food = b'x' * (150 << 20); import time; time.sleep(60)"
    children = [subprocess.Popen([sys.executable, "-c", eat]) for _ in range(3)]
    for child in children:
        child.wait()


def sleeps(adata, params, record):
    """Sleeps; so do its children, one of them in its own session."""
    children = [
        subprocess.Popen(["sleep", "600"]),
        subprocess.Popen(["sleep", "600"], start_new_session=True),
    ]
    pids = [os.getpid(), *(child.pid for child in children)]
    with open(params["pids"] + ".tmp", "w") as file:
        json.dump(pids, file)
    os.rename(params["pids"] + ".tmp", params["pids"])
    time.sleep(600)


def kills_itself(adata, params, record):
    os.kill(os.getpid(), signal.SIGKILL)


def fills_the_disk(adata, params, record):
    raise OSError(28, "No space left on device")


def leaves_a_child(adata, params, record):
    """Succeeds but leaves a daemon that keeps the output open."""
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    with open(params["pids"], "w") as file:
        json.dump([child.pid], file)
    return only_labels(adata, params, record)


def reports_its_environment(adata, params, record):
    loaded = {"torch": "torch" in sys.modules}
    return Fit(
        labels=np.zeros(adata.n_obs, int), info={"env": json.dumps(dict(os.environ)), **loaded}
    )


DEEDS = {
    name: deed
    for name, deed in list(globals().items())
    if getattr(deed, "__module__", None) == __name__ and name != "fit"
}
