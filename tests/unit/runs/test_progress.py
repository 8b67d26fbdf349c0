"""How far a run is: what counts as done, how long it takes still, whether it lives."""

import io
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from helpers.finished_fits import config, configuration, write_fit
from helpers.programs import run_here
from stbench.common.errors import InputError
from stbench.common.paths import PROJECT
from stbench.config.keys import layout_of
from stbench.config.layout import Layout
from stbench.runs.fit_status import FitState, Key, count, fit_states, matrix
from stbench.runs.live_line import LiveLine
from stbench.runs.progress import FASTEST, ProgressLine, duration, line, time_left
from stbench.runs.run_record import SILENCE, RunNote, note_end, note_start, read_run

KEYS = [Key("domains", "tissue", "pca", seed) for seed in range(4)]
COST = {("tissue", "pca"): 100.0}


def run_of(fits=KEYS, jobs=2, started=1000.0):
    return RunNote({}, frozenset(fits), jobs, started, None, started)


def test_the_states_of_fits(tmp_path):
    write_fit(tmp_path, "tissue", "pca", 0)
    write_fit(tmp_path, "tissue", "pca", 1, "oom")
    (tmp_path / "fits/tissue/pca/{key}/.seed2.77.partial").mkdir()
    alive = fit_states(Layout(tmp_path), KEYS, alive=True)
    assert [state.status for state in alive] == ["ok", "oom", "running", "left"]
    assert count(alive) == {"ok": 1, "not_applicable": 0, "failed": 1, "running": 1, "left": 1}
    # without a run an unfinished folder is a remnant
    assert [state.status for state in fit_states(Layout(tmp_path), KEYS)][2:] == ["left", "left"]


def test_what_a_run_makes_anew_is_left_until_it_is_made(tmp_path):
    path = write_fit(tmp_path, "tissue", "pca", 0)
    os.utime(path, (500, 500))
    again = {"again": {KEYS[0]}, "since": 1000.0}
    assert fit_states(Layout(tmp_path), KEYS[:1], **again)[0].status == "left"
    os.utime(path, (2000, 2000))
    assert fit_states(Layout(tmp_path), KEYS[:1], **again)[0].status == "ok"


def test_the_time_left_follows_the_pace_of_the_run():
    left = [FitState(key, "left") for key in KEYS]
    assert time_left(left, COST, run_of(), now=1000.0) == pytest.approx(200)
    one = [FitState(KEYS[0], "ok", ended=1100.0), *left[1:]]
    # 100 seconds of predicted work took 100 seconds: one second per second, not two
    assert time_left(one, COST, run_of(), now=1100.0) == pytest.approx(300)
    running = [one[0], FitState(KEYS[1], "running"), *left[2:]]
    assert time_left(running, COST, run_of(), now=1100.0) == pytest.approx(250 / 1.5)
    # no pace is believed that no machine has
    assert time_left(one, COST, run_of(), now=1000.1) == pytest.approx(300 / (2 * FASTEST))
    assert time_left([FitState(key, "ok", ended=1.0) for key in KEYS], COST, run_of(), 2.0) is None


def test_methods_that_cannot_run_here_are_expected_to_take_no_time():
    states = [FitState(KEYS[0], "not_applicable", ended=1001.0), FitState(KEYS[1], "left")]
    assert time_left(states, COST, run_of(), now=1002.0) is None


def test_the_line_and_durations():
    states = [FitState(KEYS[0], "ok"), FitState(KEYS[1], "oom"), FitState(KEYS[2], "running")]
    printed = line(count([*states, FitState(KEYS[3], "left")]), 400.0)
    assert printed == "2 of 4 fits: 1 ok, 1 failed; 1 running, 1 left, about 7 min"
    assert line(count(states[:2]), None) == "2 of 2 fits: 1 ok, 1 failed"
    assert [duration(s) for s in (40, 150, 3 * 3600, 3 * 86400)] == [
        "40 s",
        "2 min",
        "3.0 h",
        "3.0 d",
    ]


def test_a_run_is_noted_and_one_that_went_silent_counts_as_dead(tmp_path):
    with pytest.raises(InputError, match="no run has been started here"):
        read_run(Layout(tmp_path))
    note = note_start(Layout(tmp_path), {"seeds": [0]}, KEYS, jobs=3)
    printed = read_run(Layout(tmp_path))
    assert (
        printed.alive
        and printed.fits == set(KEYS)
        and printed.jobs == 3
        and printed.config["seeds"] == [0]
    )
    long_ago = time.time() - SILENCE - 10
    os.utime(Layout(tmp_path).run, (long_ago, long_ago))
    assert not read_run(Layout(tmp_path)).alive and read_run(Layout(tmp_path)).ended is None
    os.utime(Layout(tmp_path).run)
    assert read_run(Layout(tmp_path)).alive
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = {"host": note.host, "pid": ended.pid}
    assert not replace(read_run(Layout(tmp_path)), **here).alive  # it was killed
    assert replace(read_run(Layout(tmp_path)), host="elsewhere", pid=ended.pid).alive
    note_end(Layout(tmp_path), note, failed=True)
    assert read_run(Layout(tmp_path)).failed and not read_run(Layout(tmp_path)).alive
    (Layout(tmp_path).run).write_text("{")
    with pytest.raises(InputError, match="not readable"):
        read_run(Layout(tmp_path))


def test_the_line_ends_with_the_run_and_is_silent_when_asked(tmp_path):
    note = note_start(Layout(tmp_path), {}, KEYS, jobs=1)
    for stream in (io.StringIO(), None):
        thread = ProgressLine(Layout(tmp_path), note, KEYS, lambda: COST, LiveLine(stream))
        thread.start()
        if stream is not None:
            write_fit(tmp_path, "tissue", "pca", 0)
        thread.end()
        assert not thread.is_alive()
        if stream is not None:
            last = stream.getvalue().splitlines()[-1]
            assert last.startswith("1 of 4 fits: 1 ok; 0 running, 3 left; took ")


def test_results_that_vanish_do_not_stop_the_line(tmp_path):
    note = note_start(Layout(tmp_path), {}, KEYS, jobs=1)
    (Layout(tmp_path).run).unlink()
    stream = io.StringIO()
    thread = ProgressLine(Layout(tmp_path), note, KEYS, lambda: COST, LiveLine(stream))
    thread.start()
    thread.end()
    assert "cannot be read" in stream.getvalue()


def status(results, *flags):
    return run_here(PROJECT / "scripts/status.py", "--results", results, *flags)


def test_make_status(tmp_path):
    assert "nothing has been run here yet" in status(tmp_path / "none").stderr
    chosen = {"datasets": ["BZ5"], "methods": ["pca", "stague"], "seeds": [0, 1]}
    benchmark = configuration(**chosen)
    layout = layout_of(benchmark, tmp_path)
    note = note_start(layout, config(**chosen), matrix(benchmark), jobs=2)
    write_fit(layout, "BZ5", "pca", 0)
    write_fit(layout, "BZ5", "stague", 0, "timeout")
    (layout.fits("BZ5", "stague") / ".seed1.9.partial").mkdir()
    printed = status(tmp_path)
    assert printed.returncode == 0, printed.stderr
    assert "running since" in printed.stdout
    assert "2 of 4 fits: 1 ok, 1 failed; 1 running, 1 left, about" in printed.stdout
    assert "to train" not in printed.stdout  # it is said once the run has ended
    rows = [text.split() for text in printed.stdout.splitlines()]
    assert ["stague", "0/2", "1f", "1r", "0/2", "1f", "1r"] in rows
    assert ["BZ5", "stague", "seed", "0", "timeout", "it", "said", "timeout"] in rows
    note_end(layout, note, failed=False)
    ended = status(tmp_path).stdout
    assert ended.startswith("ended after") and "0 running, 2 left" in ended
    assert "to train: not trained before" in ended


def test_the_status_is_of_the_latest_run_or_of_the_configuration_asked_for(tmp_path):
    for name, method in (("first", "pca"), ("second", "random")):
        chosen = {"name": name, "datasets": ["BZ5"], "methods": [method], "seeds": [0]}
        note = note_start(Layout(tmp_path, name), config(**chosen), [], jobs=1)
        note_end(Layout(tmp_path, name), note, failed=False)
        os.utime(Layout(tmp_path, name).run, (len(name), len(name)))
    (tmp_path / "first.yaml").write_text("seeds: [0]\n")
    assert "random" in status(tmp_path).stdout
    assert "pca" in status(tmp_path, "--configfile", tmp_path / "first.yaml").stdout
