"""Fits on a machine with several GPUs: each sees one of its own and no other."""

import json
import os
import signal
import subprocess
import sys
import uuid

import pytest

from helpers.supervised import Bench, copy_of_scripts, preprocessed, wait_for
from stbench.supervisor.runtime_folder import runtime_folder

TELL = """
import json, os, pathlib, sys, time
told = pathlib.Path(sys.argv[1])
told.with_suffix(".tmp").write_text(json.dumps(os.environ.get("CUDA_VISIBLE_DEVICES")))
told.with_suffix(".tmp").rename(told)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    return copy_of_scripts(tmp_path_factory.mktemp("programs"))


@pytest.fixture
def machine(tmp_path, scripts, monkeypatch):
    """A machine with two GPUs, as far as nvidia-smi knows; no other test has the same ones."""
    gpus = [f"GPU-{uuid.uuid4()}" for _ in range(2)]
    program = tmp_path / "bin/nvidia-smi"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho {gpus[0]}; echo {gpus[1]}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    yield Machine(tmp_path, scripts, gpus)
    for gpu in gpus:
        (runtime_folder() / f"{gpu}.lock").unlink(missing_ok=True)


class Machine:
    def __init__(self, folder, scripts, gpus):
        self.folder, self.scripts, self.count, self.running = folder, scripts, 0, []
        self.gpus = gpus

    def fit(self, gpus=1, seconds=60):
        """Start a fit; the file in which it tells the GPUs that it sees."""
        self.count += 1
        folder = self.folder / f"fit{self.count}"
        folder.mkdir()
        bench = Bench(folder, self.scripts, preprocessed(folder / "D.h5ad"))
        told = folder / "told.json"
        program = [sys.executable, "-c", TELL, told, str(seconds)]
        with (folder / "log").open("w") as log:
            command = bench.supervised(program, gpus=gpus)
            self.running.append(subprocess.Popen(command, stdout=log, stderr=log))
        return told

    def seen(self, told):
        wait_for(told.exists)
        return json.loads(told.read_text())


@pytest.fixture(autouse=True)
def ended(machine):
    yield
    for process in machine.running:
        process.terminate()
        process.wait(30)


def test_two_fits_get_two_gpus_and_the_third_waits_for_one_of_them(machine):
    first, second = machine.fit(), machine.fit()
    assert {machine.seen(first), machine.seen(second)} == set(machine.gpus)
    third = machine.fit()
    log = third.parent / "log"
    line = f"waiting for a free GPU among {', '.join(machine.gpus)}"
    wait_for(lambda: line in log.read_text())
    assert not third.exists()
    machine.running[0].send_signal(signal.SIGKILL)  # however the holder ends, its GPU is free
    assert machine.seen(third) == machine.seen(first)


def test_a_fit_without_gpus_sees_none_and_does_not_wait(machine):
    machine.seen(machine.fit(gpus=2))
    assert machine.seen(machine.fit(gpus=0)) == ""


@pytest.mark.parametrize("chosen", ["", "0", "GPU-aaa"])
def test_what_somebody_has_chosen_already_is_left_alone(machine, monkeypatch, chosen):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert [machine.seen(machine.fit()) for _ in range(2)] == [chosen, chosen]


def test_of_several_that_the_user_chose_each_fit_gets_one(machine, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(machine.gpus))
    assert {machine.seen(machine.fit()) for _ in range(2)} == set(machine.gpus)


def test_a_run_with_another_tmpdir_takes_another_gpu(machine, monkeypatch):
    first = machine.seen(machine.fit())
    monkeypatch.setenv("TMPDIR", str(machine.folder))
    assert machine.seen(machine.fit()) != first


def test_without_nvidia_smi_the_fit_runs_as_it_is(machine, monkeypatch):
    (machine.folder / "bin/nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    assert machine.seen(machine.fit()) is None


def test_a_gpu_method_on_the_cpu_says_so(tmp_path, scripts):
    bench = Bench(tmp_path, scripts, preprocessed(tmp_path / "D.h5ad"))
    env = {"CUDA_VISIBLE_DEVICES": ""}
    assert bench.run("good", env, gpus=1).returncode == 0
    status = bench.status()
    assert (status["device"], status["note"]) == ("cpu", "requested a GPU, ran on the CPU")
    assert bench.run("good", env, gpus=0).returncode == 0
    assert bench.status()["note"] == ""
