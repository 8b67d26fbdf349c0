"""The supervisor: every way a fit can end is a status, and nothing half-written stays."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import anndata
import pytest

from helpers.supervised import N_CELLS, Bench, alive, copy_of_scripts, preprocessed, wait_for


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    return copy_of_scripts(tmp_path_factory.mktemp("programs"))


@pytest.fixture
def bench(tmp_path, scripts):
    return Bench(tmp_path, scripts, preprocessed(tmp_path / "D.h5ad"))


def test_a_good_fit_is_published_with_its_status(bench):
    run = bench.run("good", record=True, mem_mb=1000)
    assert run.returncode == 0, run.stdout
    assert {path.name for path in bench.output.iterdir()} == {
        "status.json",
        "fit.h5ad",
        "trajectory.h5",
    }
    status = bench.status()
    assert list(status) == [
        *("status", "reason", "dataset", "method", "seed", "seconds", "gpu_seconds"),
        *("peak_rss_mb", "peak_gpu_mb", "device", "note", "attempt", "commit"),
        *("environment", "host", "device_name", "driver", "data_hash", "parameters"),
        *("code", "reused_from"),
    ]
    told = {key: status[key] for key in ("status", "reason", "dataset", "method", "seed")}
    assert told == {
        "status": "ok",
        "reason": "",
        "dataset": "D",
        "method": "misbehaving",
        "seed": 0,
    }
    assert (status["device"], status["attempt"], status["commit"]) == ("cpu", 1, "abc")
    assert status["seconds"] > 0 and 20 < status["peak_rss_mb"] < 1000
    assert status["gpu_seconds"] is None
    assert bench.leftovers() == []
    assert [event["event"] for event in bench.attempts()] == ["start", "end"]


@pytest.mark.parametrize(
    ("deed", "status", "reason"),
    [
        ("raises", "error", "ValueError: the matrix is cursed"),
        ("prints_garbage_and_exits", "error", "ended without a readable fit.h5ad"),
        (
            "returns_garbage",
            "error",
            "TypeError: fit returned str, not a stbench.fitting.interface.Fit",
        ),
        (
            "loses_cells",
            "error",
            "ValueError: the embedding has the shape (29, 3), not (30, columns)",
        ),
        ("returns_nan", "nan", "FloatingPointError: the embedding of 1 of 30 cells is not finite"),
        ("diverges", "nan", "the embedding of epoch 2 has values that are not finite"),
        ("not_applicable", "not_applicable", "needs a histology image"),
    ],
)
def test_failures_of_a_method_are_final_at_once(bench, deed, status, reason):
    run = bench.run(deed, record=True)
    assert run.returncode == 0, run.stdout
    assert bench.status()["status"] == status
    assert reason in bench.status()["reason"]
    assert [path.name for path in bench.output.iterdir()] == ["status.json"]
    assert bench.leftovers() == []


def test_labels_alone_are_a_result(bench):
    assert bench.run("only_labels").returncode == 0
    fit = anndata.read_h5ad(bench.output / "fit.h5ad")
    assert fit.obs["cluster_pred"].tolist() == [cell % 4 for cell in range(N_CELLS)]
    assert not fit.obsm and not (bench.output / "trajectory.h5").exists()


def test_a_dataset_that_could_not_be_had_is_not_applicable(bench):
    preprocessed(bench.input, status="error", reason="data not available: ask the authors")
    assert bench.run("good").returncode == 0
    assert bench.status()["status"] == "not_applicable"
    assert bench.status()["reason"] == "data not available: ask the authors"


def test_the_soft_time_limit_ends_the_fit_and_all_it_started(bench):
    run = bench.run("sleeps", time_limit=15)
    assert run.returncode == 0, run.stdout
    assert bench.status()["status"] == "timeout"
    assert bench.status()["reason"] == "not finished within 15 seconds"
    assert not any(map(alive, json.loads(bench.pids.read_text())))


@pytest.mark.parametrize("deed", ["eats_memory", "children_eat_memory", "raises_memory_error"])
def test_out_of_memory_fails_the_job_so_that_it_is_sent_again(bench, deed):
    run = bench.run(deed, mem_mb=500)
    assert run.returncode == 1
    assert "D, misbehaving, seed 0: oom: " in run.stdout and "(attempt 1 of 3)" in run.stdout
    assert not bench.output.exists() and bench.leftovers() == []
    assert bench.attempts()[-1]["status"] == "oom"
    if deed == "children_eat_memory":  # that of all processes counts
        assert bench.attempts()[-1]["peak_rss_mb"] > 450


def test_with_a_single_attempt_running_out_of_memory_is_recorded_at_once(bench):
    assert bench.run("raises_memory_error", max_attempts=1).returncode == 0
    assert bench.status()["status"] == "oom"


def test_a_fit_that_dies_fails_the_job_and_the_next_attempt_works(bench):
    run = bench.run("kills_itself")
    assert run.returncode == 1
    assert "killed: ended by SIGKILL (attempt 1 of 3)" in run.stdout
    assert not bench.output.exists() and bench.leftovers() == []
    assert bench.run("good", attempt=2).returncode == 0
    assert (bench.status()["status"], bench.status()["attempt"]) == ("ok", 2)


def test_with_a_single_attempt_a_death_is_recorded_at_once(bench):
    assert bench.run("kills_itself", max_attempts=1).returncode == 0
    assert bench.status()["status"] == "killed"
    assert bench.status()["reason"] == "ended by SIGKILL"


def test_a_full_disk_is_the_fault_of_the_machine(bench):
    run = bench.run("fills_the_disk")
    assert run.returncode == 1
    assert bench.attempts()[-1]["status"] == "killed"
    assert "No space left on device" in bench.attempts()[-1]["reason"]


def test_kill_9_of_the_supervisor_takes_the_fit_along(bench):
    supervisor = bench.start("sleeps")
    program, child, in_its_own_session = json.loads(bench.pids.read_text())
    supervisor.kill()
    supervisor.wait()
    wait_for(lambda: not alive(program) and not alive(child))
    assert not bench.output.exists()
    assert bench.leftovers() != [], "it had no chance to clean up"
    assert bench.run("good", attempt=2).returncode == 0
    assert bench.status()["status"] == "ok"
    assert bench.leftovers() == []
    os.kill(in_its_own_session, signal.SIGKILL)  # nobody is left who knows of this one


def test_the_kernel_ends_the_fit_even_where_the_guardian_is_gone(bench):
    supervisor = bench.start("sleeps")
    program, *children = json.loads(bench.pids.read_text())
    below = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text().split()
    (guardian,) = {int(pid) for pid in below} - {program}
    os.kill(guardian, signal.SIGKILL)
    supervisor.kill()
    supervisor.wait()
    wait_for(lambda: not alive(program))
    for child in children:
        os.kill(child, signal.SIGKILL)


def test_kill_9_of_the_fit_alone_takes_its_children_along(bench):
    supervisor = bench.start("sleeps")
    pids = json.loads(bench.pids.read_text())
    os.kill(pids[0], signal.SIGKILL)
    assert supervisor.wait(30) == 1
    assert not any(map(alive, pids))
    assert not bench.output.exists() and bench.leftovers() == []
    assert bench.attempts()[-1]["reason"] == "ended by SIGKILL"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_cancelled_supervisor_cleans_up_and_logs_it(bench, number):
    supervisor = bench.start("sleeps")
    supervisor.send_signal(number)
    assert supervisor.wait(30) == 128 + number
    assert not any(map(alive, json.loads(bench.pids.read_text())))
    assert not bench.output.exists() and bench.leftovers() == []
    assert bench.attempts()[-1]["status"] == "killed"
    assert number.name in bench.attempts()[-1]["reason"]


def test_an_orphan_gives_way_to_the_next_run_of_the_same_fit(bench):
    orphan = bench.start("sleeps")
    assert bench.run("good").returncode == 0
    assert orphan.wait(30) == 1
    assert bench.status()["status"] == "ok" and bench.leftovers() == []


def test_children_left_behind_end_with_the_fit(bench):
    run = bench.run("leaves_a_child")
    assert run.returncode == 0, run.stdout
    assert bench.status()["status"] == "ok"
    assert not any(map(alive, json.loads(bench.pids.read_text())))


def log_of(bench, *events):
    bench.log.parent.mkdir(parents=True)
    bench.log.write_text("\n".join(map(json.dumps, events)))


STARTED = [{"attempt": number, "event": "start", "host": "node7"} for number in (1, 2)]


OOM = {"attempt": 2, "event": "end", "status": "oom", "reason": "too big", "peak_rss_mb": 900}


@pytest.mark.parametrize(
    ("events", "status", "reason", "peak"),
    [
        (
            [*STARTED, OOM],
            "oom",
            "attempt 1: ended without a trace on node7; attempt 2: oom (too big)",
            900,
        ),
        (
            [STARTED[0], {**OOM, "attempt": 1}, STARTED[1]],
            "killed",
            "attempt 1: oom (too big); attempt 2: ended without a trace on node7",
            900,
        ),
    ],
)
def test_the_last_attempt_records_what_happened_and_does_not_train(
    bench, events, status, reason, peak
):
    log_of(bench, *events)
    run = bench.run("good", attempt=3)
    assert run.returncode == 0, run.stdout
    assert bench.status()["status"] == status
    assert bench.status()["reason"] == reason
    assert bench.status()["peak_rss_mb"] == peak
    assert bench.status()["attempt"] == 3
    assert [path.name for path in bench.output.iterdir()] == ["status.json"]


def test_the_last_attempt_trains_if_faults_of_the_machine_prevented_all_others(bench):
    fault = {"event": "end", "status": "killed", "reason": "/data: Stale file handle"}
    log_of(bench, *({"attempt": number, **fault} for number in (1, 2)))
    assert bench.run("good", attempt=3).returncode == 0
    assert bench.status()["status"] == "ok"


def test_a_finished_fit_is_kept_where_its_log_cannot_be_written(bench):
    with open("/dev/full", "w") as full:
        assert subprocess.run(bench.command("good"), stdout=full, stderr=full).returncode == 0
    assert bench.status()["status"] == "ok"


def test_the_first_attempt_begins_a_new_log_and_a_cut_line_is_no_obstacle(bench):
    log_of(bench, *STARTED)
    assert bench.run("kills_itself").returncode == 1
    assert [event["attempt"] for event in bench.attempts()] == [1, 1]
    with bench.log.open("a") as file:
        file.write('\n{"attempt": 2, "ev')
    assert bench.run("kills_itself", attempt=2).returncode == 1
    assert bench.run("good", attempt=3).returncode == 0
    assert bench.status()["reason"] == (
        "attempt 1: killed (ended by SIGKILL); attempt 2: killed (ended by SIGKILL)"
    )


def test_the_environment_is_clean_and_nothing_heavy_is_loaded(bench):
    dirty = {"PYTHONPATH": "/x", "R_LIBS_USER": "/x", "R_PROFILE_USER": "/x", "MPLBACKEND": "Qt"}
    dirty |= {"OMP_NUM_THREADS": "64", "CUDA_VISIBLE_DEVICES": "3"}
    run = bench.run("reports_its_environment", env=dirty, threads=2)
    assert run.returncode == 0, run.stdout
    info = json.loads(anndata.read_h5ad(bench.output / "fit.h5ad").uns["fit"]["info"])
    env = json.loads(info["env"])
    assert info["torch"] is False
    assert "PYTHONPATH" not in env
    assert env["R_LIBS_USER"] == "NULL" and env["R_PROFILE_USER"] == ""
    assert env["PYTHONNOUSERSITE"] == "1" and env["PYTHONHASHSEED"] == "0"
    assert env["MPLBACKEND"] == "Agg" and env["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert env["CUDA_VISIBLE_DEVICES"] == ""
    # fit.py bounds its threads itself as well, to its own --threads
    assert {env[f"{name}_NUM_THREADS"] for name in ("OMP", "MKL", "OPENBLAS")} == {"1"}


SHOW = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ.get('CUDA_VISIBLE_DEVICES'))"


def test_any_program_is_bounded_and_sees_the_gpu_it_was_given(bench):
    program = [sys.executable, "-c", SHOW]
    run = bench.call(bench.supervised(program, threads=2, gpus=1), {"CUDA_VISIBLE_DEVICES": "3"})
    assert run.stdout.splitlines()[0] == "2 3"
    assert bench.status()["device"] is None


USES_GPU = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "60"])
print(f"{os.getpid()}, 500\\n{child.pid}, 200", file=open(sys.argv[1], "w"))
time.sleep(3)
"""


def test_what_the_processes_of_a_fit_hold_on_a_gpu_is_told(bench):
    fake = bench.folder / "bin/nvidia-smi"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\necho 1, 5000; echo 2, [N/A]; cat {bench.pids}\n")
    fake.chmod(0o755)
    path = {"PATH": f"{fake.parent}{os.pathsep}{os.environ['PATH']}"}
    program = [sys.executable, "-c", USES_GPU, bench.pids]
    bench.call(bench.supervised(program, gpus=1), path)
    status = bench.status()
    assert (status["peak_gpu_mb"], status["device"]) == (700, "cuda")
    assert status["gpu_seconds"] == status["seconds"] > 0


@pytest.mark.parametrize(
    ("program", "status", "reason"),
    [
        ("raise SystemExit('no such gene')", "error", "no such gene"),
        ("raise SystemExit(3)", "error", "ended with exit code 3"),
        ("import os; os._exit(137)", "killed", "ended by SIGKILL"),
        (
            "import sys; open(sys.argv[2] + '/fit.h5ad', 'w').write('no HDF5')",
            "error",
            "ended without a readable fit.h5ad",
        ),
        (
            "import sys; open(sys.argv[2] + '/outcome.json', 'w').write('{oops'); sys.exit('bad')",
            "error",
            "bad",
        ),
    ],
)
def test_a_program_that_tells_no_outcome_is_judged_by_how_it_ended(bench, program, status, reason):
    command = [sys.executable, "-c", program, "--output", "{}", "--params", "{}"]
    assert bench.call(bench.supervised(command, max_attempts=1)).returncode == 0
    assert (bench.status()["status"], bench.status()["reason"]) == (status, reason)


def test_only_the_braces_after_output_stand_for_the_folder(bench):
    program = [sys.executable, "-c", "import sys; print(sys.argv[1:])"]
    run = bench.call(bench.supervised([*program, "--params", "{}", "--output", "{}"]))
    shown = run.stdout.splitlines()[0]
    assert shown.startswith("['--params', '{}', '--output', '/")


def test_a_missing_program_is_an_error(bench):
    assert bench.call(bench.supervised(["no-such-program"])).returncode == 0
    assert bench.status()["reason"] == "no-such-program: No such file or directory"


def test_a_folder_that_is_a_link_is_written_where_the_link_leads(bench, tmp_path):
    bench.output.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "disk").mkdir()
    bench.output.symlink_to(tmp_path / "disk/fit")
    assert bench.run("good").returncode == 0
    assert bench.output.is_symlink() and bench.status()["status"] == "ok"


def test_an_output_that_cannot_be_written_is_one_line(bench):
    bench.output.parent.parent.mkdir(parents=True)
    bench.output.parent.write_text("a file where a folder should be")
    run = bench.run("good")
    assert run.returncode == 1
    assert run.stdout.startswith("error: ") and len(run.stdout.splitlines()) == 1
    assert "Not a directory" in run.stdout
