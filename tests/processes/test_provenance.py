"""Every result says which packages, machine and data it comes from."""

import json
import socket
import sys

import pandas as pd
import pytest

from helpers.results import METHODS, scores_of, write_results
from helpers.supervised import Bench, copy_of_scripts, preprocessed
from stbench.common.checksums import file_hash
from stbench.results.assembly import assemble, read_fits, read_results, read_scores
from stbench.supervisor.provenance import FIELDS, device_and_driver, environment_hash

NVIDIA_SMI = """#!/bin/sh
echo "$@" >> {log}
case "$*" in
  *"-i 1"*) echo "NVIDIA H200, 570.86.15" ;;
  *) echo "NVIDIA H200, 570.86.15"; echo "NVIDIA A100, 570.86.15" ;;
esac
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    return copy_of_scripts(tmp_path_factory.mktemp("programs"))


@pytest.fixture
def bench(tmp_path, scripts):
    return Bench(tmp_path, scripts, preprocessed(tmp_path / "D.h5ad"), whole=True)


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """A machine with two GPUs; the file that it notes its arguments in."""
    program = tmp_path / "bin/nvidia-smi"
    program.parent.mkdir()
    program.write_text(NVIDIA_SMI.format(log=tmp_path / "asked"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path / "asked"


def test_a_fit_tells_its_packages_its_data_and_its_machine(bench):
    assert bench.run("good").returncode == 0
    status = bench.status()
    assert len(status["environment"]) == 12
    assert status["environment"] == environment_hash()
    assert status["data_hash"] == file_hash(bench.input)
    assert json.loads(status["parameters"])["deed"] == "good"
    assert status["host"] == socket.gethostname()
    assert status["device"] == "cpu" and status["device_name"] and status["driver"] == ""
    assert not (bench.output / "provenance.json").exists()


def test_it_is_known_of_a_failed_and_of_a_killed_fit_too(bench):
    assert bench.run("raises").returncode == 0
    failed = bench.status()
    assert bench.run("kills_itself").returncode == 1
    assert bench.run("good", attempt=2, max_attempts=2).returncode == 0
    killed = bench.status()
    assert (failed["status"], killed["status"]) == ("error", "killed")
    for name in ("environment", "data_hash", "host"):
        assert failed[name] == killed[name] != ""
    assert json.loads(killed["parameters"])["deed"] == "kills_itself"


def test_a_program_that_tells_garbage_has_no_provenance(bench):
    program = [sys.executable, "-c", "import sys; open(sys.argv[2] + '/provenance.json', 'w')"]
    assert bench.call(bench.supervised([*program, "--output", "{}"])).returncode == 0
    assert bench.status()["environment"] == "" and bench.status()["host"]


def test_the_hash_is_of_every_package_and_of_r(tmp_path, monkeypatch):
    before = environment_hash()
    assert environment_hash() == before
    assert environment_hash({"R": "4.3.1"}) not in (before, environment_hash({"R": "4.3.2"}))
    (tmp_path / "new-1.0.dist-info").mkdir()
    (tmp_path / "new-1.0.dist-info/METADATA").write_text("Name: new\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert environment_hash() != before


def test_the_gpu_that_was_used_is_named_with_its_driver(nvidia_smi):
    assert device_and_driver("cuda", "1") == ("NVIDIA H200", "570.86.15")
    assert device_and_driver("cuda") == ("NVIDIA H200, NVIDIA A100", "570.86.15")
    assert device_and_driver("cuda", "MIG-1c2d")[1] == "570.86.15"
    assert [line.endswith("-i 1") for line in nvidia_smi.read_text().splitlines()] == [
        *(True, False, False)
    ]


def test_a_machine_that_tells_nothing_leaves_it_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert device_and_driver("cuda") == ("", "")
    assert device_and_driver(None) == ("", "")


def test_every_row_carries_it_and_older_files_leave_it_empty(tmp_path):
    scores = scores_of("BZ5", "stague", [0.8, 0.7])
    write_results(tmp_path, scores)
    old = tmp_path / "fits/BZ5/stague/{key}/seed1/status.json"
    told = json.loads(old.read_text())
    old.write_text(json.dumps({key: told[key] for key in told if key not in FIELDS}))
    folders = [old.parent.with_name("seed0"), old.parent]
    scores = read_scores([tmp_path / "scores/BZ5/stague/{key}.parquet"])
    results = assemble(scores, read_fits(folders), METHODS)
    new, older = (results[results["seed"] == seed] for seed in (0, 1))
    assert set(new["environment"]) == {"0123456789ab"} and set(new["host"]) == {"node7"}
    for name in FIELDS:
        assert set(older[name]) == {""}

    path = tmp_path / "results.parquet"
    results.to_parquet(path)
    pd.testing.assert_frame_equal(read_results(path), results)
