"""A fit that SLURM ends: its time limit is told from a cancellation, and not waited for twice."""

import json
import os
import signal

import pytest

from helpers.supervised import Bench, alive, copy_of_scripts, preprocessed


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    return copy_of_scripts(tmp_path_factory.mktemp("programs"))


@pytest.fixture
def job(tmp_path, scripts, monkeypatch):
    """A fit inside job 7; the function sets the reason that squeue gives."""
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    (tmp_path / "bin").mkdir()

    def ended_for(reason):
        squeue = tmp_path / "bin/squeue"
        squeue.write_text(f'#!/bin/sh\ncase "$*" in *--jobs=7*) echo {reason};; esac\n')
        squeue.chmod(0o755)
        return Bench(tmp_path, scripts, preprocessed(tmp_path / "D.h5ad"))

    return ended_for


def terminate(bench):
    supervisor = bench.start("sleeps")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(30) == 128 + signal.SIGTERM
    assert not any(map(alive, json.loads(bench.pids.read_text())))


def test_past_the_time_limit_the_next_attempt_records_the_timeout(job):
    bench = job("TimeLimit")
    terminate(bench)
    assert bench.attempts()[-1]["status"] == "timeout"
    assert bench.run("good", attempt=2, max_attempts=5).returncode == 0
    status = bench.status()
    assert (status["status"], status["attempt"]) == ("timeout", 2)
    assert status["reason"] == "attempt 1: timeout (ended by SLURM at its time limit)"


def test_a_fit_that_shares_its_job_is_trained_again_after_the_limit_of_the_job(job):
    bench = job("TimeLimit")
    terminate(bench)
    assert bench.run("good", attempt=2, max_attempts=1).returncode == 0
    assert (bench.status()["status"], bench.status()["attempt"]) == ("ok", 2)
    assert bench.run("kills_itself", max_attempts=1).returncode == 0
    assert bench.status()["status"] == "killed"


def test_a_cancelled_job_is_tried_again(job):
    bench = job("None")
    terminate(bench)
    assert bench.attempts()[-1]["reason"] == "cancelled by SIGTERM"
    assert bench.run("good", attempt=2).returncode == 0
    assert (bench.status()["status"], bench.status()["attempt"]) == ("ok", 2)


def test_a_fit_that_dies_first_is_told_apart_just_as_well(job):
    bench = job("TimeLimit")
    assert bench.run("kills_itself").returncode == 1
    assert bench.attempts()[-1]["status"] == "timeout"


def test_a_new_run_starts_afresh_after_a_timeout(job):
    bench = job("TimeLimit")
    terminate(bench)
    assert bench.run("good", attempt=1).returncode == 0
    assert bench.status()["status"] == "ok"
