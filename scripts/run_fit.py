"""Supervise one fit: limit it, measure it, and record its failure.

    python scripts/run_fit.py --output DIR ... -- python scripts/fit.py ... --output {} ...

The program after -- runs with its output folder in place of the {} that follows --output. It has a
soft time limit, a memory limit for all of its processes, few threads and an environment without
packages of the user. DIR is then written atomically, with status.json:

    ok, error, nan, timeout, not_applicable   final; exit code 0
    oom, killed                               the job fails (exit code 1, no DIR), so that it is
                                              retried with more memory; the last attempt does not
                                              run the program but records the earlier failures

If SLURM's time limit ended an attempt, the next attempt records the timeout. With --max-attempts 1
(a fit that shares a job with others) oom and killed are recorded at once, and a fit whose job was
ended is run again.

With --code, a finished fit with the same code, parameters, contents of --reads and seed in a
folder <other key>/<seed> is linked instead of training; status.json contains reused_from.

The program reports its outcome in outcome.json ({"status", "reason"}) in its folder; without that
file its exit code and its last line are used. Its optional provenance.json describes its packages,
data and parameters; host and hardware are added here. Only the standard library is used, because
this program runs in the environment of the method.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NoReturn

from stbench.common.checksums import combined_hash
from stbench.common.errors import InputError, run_cli
from stbench.common.io import reach_disk
from stbench.common.seeding import THREAD_VARIABLES
from stbench.common.unchanged_code import check_unchanged
from stbench.supervisor.attempts import Attempts
from stbench.supervisor.clean_environment import cleaned
from stbench.supervisor.gpu_locks import own_gpus
from stbench.supervisor.gpu_memory import GpuMeter
from stbench.supervisor.outcome import classify, is_hdf5, read_outcome, read_provenance
from stbench.supervisor.processes import (
    adopt_orphans,
    descendants,
    die_with_parent,
    kill_descendants,
    resident_mb,
)
from stbench.supervisor.provenance import FIELDS, device_and_driver
from stbench.supervisor.reuse import contents_of, finished_twin, take_over
from stbench.supervisor.slurm import reason_of_end

RETRIED = ("oom", "killed")
HEADROOM_MB = 50  # part of the memory limit, for this program


class Cancelled(BaseException):
    """This program received a signal to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"cancelled by {signal.Signals(number).name}")
        self.number = number


class LastLine(threading.Thread):
    """Copies the output of a program to this one's and stores the last non-empty line."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._tail = b""

    def run(self) -> None:
        while chunk := os.read(self._stream.fileno(), 1 << 16):
            self._tail = (self._tail + chunk)[-4096:]
            with suppress(OSError):  # a full disk must not block the program
                while chunk:
                    chunk = chunk[os.write(1, chunk) :]

    @property
    def text(self) -> str:
        lines = re.split(r"[\r\n]+", self._tail.decode(errors="replace"))
        readable = ["".join(c for c in line if c.isprintable()).strip() for line in lines]
        return next((line[:500] for line in reversed(readable) if line), "")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", required=True, type=Path, help="folder of the fit")
    parser.add_argument("--dataset", required=True, help="recorded in status.json")
    parser.add_argument("--method", required=True, help="recorded in status.json")
    parser.add_argument("--seed", required=True, type=int, help="recorded in status.json")
    parser.add_argument("--commit", default="unknown", help="recorded in status.json")
    parser.add_argument("--attempts-log", required=True, type=Path, help="log (JSON lines)")
    parser.add_argument("--attempt", type=int, default=1, help="number of this attempt, from 1")
    parser.add_argument("--max-attempts", type=int, default=1, help="the last one only records")
    parser.add_argument("--time-limit", required=True, type=float, help="seconds")
    parser.add_argument("--mem-mb", required=True, type=float, help="MiB for the whole job")
    parser.add_argument("--threads", type=int, default=1, help="threads of numerical libraries")
    parser.add_argument("--gpus", type=int, default=0, help="0 hides all GPUs from the program")
    parser.add_argument("--code", default="", help="hash of the method's code; empty: do not reuse")
    parser.add_argument("--parameters", default="{}", help="the method's parameters, as JSON")
    parser.add_argument(
        "--reads", nargs="*", default=[], type=Path, metavar="FILE", help="inputs of the method"
    )
    parser.add_argument("command", nargs="+", help="the program and its arguments, after --")
    return parser.parse_args()


def clean_environment(threads: int, gpus: int, chosen: str | None = None) -> dict[str, str]:
    """The environment of a fit: no packages of the user, few threads, reproducible.

    Only the ``chosen`` GPUs are visible; with 0 ``gpus`` none is.
    """
    environment = cleaned(os.environ) | dict.fromkeys(THREAD_VARIABLES, str(threads))
    environment.update(
        PYTHONHASHSEED="0",
        CUBLAS_WORKSPACE_CONFIG=":4096:8",
        R_LIBS="",
        R_LIBS_USER="NULL",  # for an empty value R uses the default in the home folder
        R_ENVIRON_USER="",
        R_PROFILE_USER="",
    )
    if gpus == 0:
        chosen = ""
    if chosen is not None:
        environment["CUDA_VISIBLE_DEVICES"] = chosen
    return environment


@contextmanager
def unfinished_folder(output: Path) -> Iterator[Path]:
    """A folder next to ``output``, to be renamed to it; files of earlier attempts are removed."""
    for path in [output, *output.parent.glob(f".{output.name}.*.partial")]:
        shutil.rmtree(path, ignore_errors=True)
    folder = output.with_name(f".{output.name}.{os.getpid()}.partial")
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def guardian(group: int) -> Iterator[None]:
    """Kill a process group if this program is killed and cannot do so itself.

    In that case the kernel ends the fit (``die_with_parent``), but not its child processes.
    """
    script = 'read -r _; kill -9 "-$1"'  # reading ends with this program
    process = subprocess.Popen(
        ["sh", "-c", script, "sh", str(group)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def supervise(args: argparse.Namespace, folder: Path, gpus: str | None) -> dict[str, Any]:
    """Run the program on the chosen GPUs; returns its outcome and measurements."""
    command = list(args.command)
    for place, word in enumerate(command[:-1]):
        if word == "--output" and command[place + 1] == "{}":  # --params may be {} as well
            command[place + 1] = str(folder)
    adopt_orphans()
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=clean_environment(args.threads, args.gpus, gpus),
            start_new_session=True,
            preexec_fn=die_with_parent,  # no threads run yet
        )
    except (FileNotFoundError, PermissionError) as error:
        return {"status": "error", "reason": f"{command[0]}: {error.strerror}"}
    assert process.stdout is not None
    last_line = LastLine(process.stdout)
    meter = GpuMeter()
    try:
        with guardian(process.pid):
            last_line.start()
            if args.gpus:
                meter.start()
            breach, peak = watch(process, folder, args, started)
    finally:
        meter.stop()
        kill_descendants()
        process.wait()
    seconds = round(time.monotonic() - started, 1)
    last_line.join(timeout=5)
    # The kernel also records a peak of the largest process between two measurements.
    peak = max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
    report = read_outcome(folder)
    gpu_peaks = [mb for mb in (report.get("peak_gpu_mb"), meter.peak_mb) if mb is not None]
    outcome = breach or classify(process.returncode, folder, report, last_line.text)
    if outcome["status"] == "killed" and peak > 0.9 * args.mem_mb:
        reason = f"{outcome['reason']} at {peak} of {args.mem_mb:g} MB of memory"
        outcome = {"status": "oom", "reason": reason}  # the system killed it before this program
    device = report.get("device") or ("cpu" if args.gpus == 0 else None)
    if device is None and meter.peak_mb is not None:
        device = "cuda"  # it used a GPU, but was stopped before it could report it
    device_name, driver = device_and_driver(device, gpus)
    no_gpu = "requested a GPU, ran on the CPU" if args.gpus and device == "cpu" else ""
    return {
        **outcome,
        "seconds": seconds,
        "gpu_seconds": seconds if device == "cuda" else None,
        "peak_rss_mb": peak,
        "peak_gpu_mb": max(gpu_peaks, default=None),
        "device": device,
        "note": "; ".join(filter(None, [report.get("note"), no_gpu])),
        "host": socket.gethostname(),
        "device_name": device_name,
        "driver": driver,
        **read_provenance(folder),
    }


def watch(
    process: subprocess.Popen[bytes], folder: Path, args: argparse.Namespace, started: float
) -> tuple[dict[str, Any] | None, int]:
    """Wait for the end or for a limit to be exceeded; the breach, and the peak memory (MiB)."""
    peak, pause = 0, 0.1
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=pause)
            return None, peak
        checked = time.monotonic()
        used = resident_mb(descendants())
        peak = max(peak, used)
        if used > args.mem_mb - HEADROOM_MB:
            reason = f"more than the {args.mem_mb:g} MB of memory of the job"
            return {"status": "oom", "reason": reason}, peak
        if checked - started > args.time_limit:
            reason = f"not finished within {args.time_limit:g} seconds"
            return {"status": "timeout", "reason": reason}, peak
        if not folder.is_dir():
            # Another run of the same fit has removed the folder; this one has no output any more.
            return {"status": "killed", "reason": f"{folder} was removed"}, peak
        # The check must be cheap, also on a machine with thousands of processes.
        pause = max(0.1, 20 * (time.monotonic() - checked))


def publish(folder: Path, outcome: Mapping[str, Any], args: argparse.Namespace) -> None:
    """Write status.json, remove the files of a failed fit, and rename the folder."""
    for name in ("outcome.json", "provenance.json"):
        (folder / name).unlink(missing_ok=True)
    if outcome["status"] != "ok":
        shutil.rmtree(folder)
        folder.mkdir()
    status = {
        "status": outcome["status"],
        "reason": outcome["reason"],
        "dataset": args.dataset,
        "method": args.method,
        "seed": args.seed,
        "seconds": outcome.get("seconds"),
        "gpu_seconds": outcome.get("gpu_seconds"),
        "peak_rss_mb": outcome.get("peak_rss_mb"),
        "peak_gpu_mb": outcome.get("peak_gpu_mb"),
        "device": outcome.get("device"),
        "note": outcome.get("note") or "",
        "attempt": args.attempt,
        "commit": args.commit,
        **{name: outcome.get(name) or "" for name in FIELDS},
        "code": outcome.get("code") or "",
        "reused_from": "",
    }
    name_folder(folder, status, args.output)


def name_folder(folder: Path, status: Mapping[str, Any], output: Path) -> None:
    """Write status.json and rename the finished folder."""
    (folder / "status.json").write_text(json.dumps(status, indent=2) + "\n", encoding="utf-8")
    reach_disk(folder)
    folder.rename(output)


def cancel(number: int, _frame: object) -> NoReturn:
    for other in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)  # a second signal must not interrupt the cleanup
    raise Cancelled(number)


def overrun(status: str) -> dict[str, str]:
    """The outcome of a killed fit if SLURM's time limit was the reason, else empty."""
    if status == "killed" and reason_of_end() == "TimeLimit":
        return {"status": "timeout", "reason": "ended by SLURM at its time limit"}
    return {}


def reused(args: argparse.Namespace, folder: Path, contents: Mapping[str, str]) -> bool:
    """Reuse a finished fit of the same contents, if one exists."""
    twin = finished_twin(args.output, contents, "--record" in args.command)
    if twin is None or not is_hdf5(twin / "fit.h5ad"):
        return False
    status = take_over(twin, folder)
    if not status:
        return False
    name_folder(folder, status, args.output)
    say(f"ok: reused from {status['reused_from']}, with the same contents")
    return True


def say(text: str) -> None:
    """Print a line; a full disk must not fail the job of a fit that is finished."""
    with suppress(OSError):
        os.write(1, f"{text}\n".encode())


def run(args: argparse.Namespace, attempts: Attempts) -> None:
    check_unchanged(args.command)
    if args.attempt == 1:
        attempts.clear()
    contents: dict[str, str] = {}
    if args.code:
        contents = contents_of(combined_hash(args.reads), args.parameters, args.code)
    with unfinished_folder(args.output) as folder:
        if contents and reused(args, folder, contents):
            return
        is_last = args.attempt >= args.max_attempts or attempts.overran(before=args.attempt)
        if is_last and args.max_attempts > 1 and attempts.started():
            outcome = attempts.verdict()
        else:
            with own_gpus(args.gpus) as gpus:
                attempts.start(args.attempt)
                outcome = supervise(args, folder, gpus)
            attempts.end(args.attempt, {**outcome, **overrun(outcome["status"])})
        text = f"{outcome['status']}: {outcome['reason']}".rstrip(": ")
        if outcome["status"] in RETRIED and args.attempt < args.max_attempts:
            number = f"attempt {args.attempt} of {args.max_attempts}"
            raise InputError(f"{args.dataset}, {args.method}, seed {args.seed}: {text} ({number})")
        publish(folder, {**outcome, **contents}, args)
        say(text)


def main() -> None:
    args = parse_arguments()
    if args.output.is_symlink():
        args.output = args.output.resolve()  # a folder on another disk, for example
    attempts = Attempts(args.attempts_log)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, cancel)
    try:
        run(args, attempts)
    except Cancelled as cancelled:
        outcome = {"status": "killed", "reason": str(cancelled), **overrun("killed")}
        with suppress(OSError):
            attempts.end(args.attempt, outcome)
        print(f"error: {cancelled}", file=sys.stderr)
        sys.exit(128 + cancelled.number)
    except OSError as error:
        reason = f"{error.filename or args.output}: {error.strerror or error}"
        with suppress(OSError):
            attempts.end(args.attempt, {"status": "killed", "reason": reason})
        raise InputError(reason) from error


if __name__ == "__main__":
    run_cli(main)
