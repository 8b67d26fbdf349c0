"""Supervise one fit: limit it, measure it, and turn its failure into data.

    python scripts/run_fit.py --output DIR ... -- python scripts/fit.py ... --output {} ...

The program after -- runs with the folder it is to write into in place of the {} that follows
--output. It has a soft time limit, a memory limit for all of its processes, few threads and an
environment without the user's own packages. Afterwards DIR appears as a whole, with status.json:

    ok, error, nan, timeout, not_applicable   final at once; exit code 0
    oom, killed                               the job fails (exit code 1, no DIR), so that it is
                                              sent again with more memory; the last attempt does
                                              not run the program but records what happened

Where SLURM's own time limit ended an attempt, the next one records the timeout.

With --code, a finished fit of the same code, parameters, contents of --reads and seed in a folder
<any>/<seed> beside that of DIR is linked in place of training; status.json says reused_from.

The program tells its outcome in outcome.json ({"status", "reason"}) in its folder; without that
file its exit code and its last line count. provenance.json, where it writes one, tells what it
runs on; the host and its hardware are added here. Only the standard library is used, since this
runs in the environment of the method.
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
from stbench.common.errors import InputError, one_line, run_cli
from stbench.common.io import reach_disk
from stbench.common.seeding import THREAD_VARIABLES
from stbench.supervisor.attempts import Attempts
from stbench.supervisor.clean_environment import cleaned
from stbench.supervisor.gpu_locks import own_gpus
from stbench.supervisor.gpu_memory import GpuMeter
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

STATUSES = ("ok", "error", "nan", "oom", "not_applicable")  # those a program may tell
RETRIED = ("oom", "killed")
HEADROOM_MB = 50  # of the memory limit, for this program itself
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


class Cancelled(BaseException):
    """Somebody asked this program to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"cancelled by {signal.Signals(number).name}")
        self.number = number


class LastLine(threading.Thread):
    """Passes a program's output on to ours and remembers its last line that is not empty."""

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
    parser.add_argument("--dataset", required=True, help="noted in status.json")
    parser.add_argument("--method", required=True, help="noted in status.json")
    parser.add_argument("--seed", required=True, type=int, help="noted in status.json")
    parser.add_argument("--commit", default="unknown", help="noted in status.json")
    parser.add_argument("--attempts-log", required=True, type=Path, help="JSON lines, kept")
    parser.add_argument("--attempt", type=int, default=1, help="number of this attempt, from 1")
    parser.add_argument("--max-attempts", type=int, default=1, help="the last one only records")
    parser.add_argument("--time-limit", required=True, type=float, help="seconds")
    parser.add_argument("--mem-mb", required=True, type=float, help="MiB for the whole job")
    parser.add_argument("--threads", type=int, default=1, help="threads of numerical libraries")
    parser.add_argument("--gpus", type=int, default=0, help="0 hides all GPUs from the program")
    parser.add_argument("--code", default="", help="hash of the method's code; empty: do not reuse")
    parser.add_argument("--parameters", default="{}", help="the method's parameters, as JSON")
    parser.add_argument(
        "--reads", nargs="*", default=[], type=Path, metavar="FILE", help="what the method reads"
    )
    parser.add_argument("command", nargs="+", help="the program and its arguments, after --")
    return parser.parse_args()


def clean_environment(threads: int, gpus: int, chosen: str | None = None) -> dict[str, str]:
    """Our environment without the user's own packages, with bounded threads, repeatable.

    Of several GPUs only those that are ``chosen`` are seen; with 0 ``gpus`` none is.
    """
    environment = cleaned(os.environ) | dict.fromkeys(THREAD_VARIABLES, str(threads))
    environment.update(
        PYTHONHASHSEED="0",
        CUBLAS_WORKSPACE_CONFIG=":4096:8",
        R_LIBS="",
        R_LIBS_USER="NULL",  # R takes an empty value for unset and looks into the home folder
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
    """A folder beside ``output`` to be renamed to it; what earlier attempts left is removed."""
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
    """Kill a process group should this program die without a chance to do so itself.

    The kernel ends the fit in that case (``die_with_parent``), but not the fit's own children.
    """
    script = 'read -r _; kill -9 "-$1"'  # reading ends when we do
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
    """Run the program on the chosen GPUs; its outcome and measurements."""
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
    # The kernel knows the peak of the largest process even if it fell between two looks.
    peak = max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
    told = read_outcome(folder)
    gpu_peaks = [mb for mb in (told.get("peak_gpu_mb"), meter.peak_mb) if mb is not None]
    outcome = breach or classify(process.returncode, folder, told, last_line.text)
    if outcome["status"] == "killed" and peak > 0.9 * args.mem_mb:
        reason = f"{outcome['reason']} at {peak} of {args.mem_mb:g} MB of memory"
        outcome = {"status": "oom", "reason": reason}  # the system was faster than we
    device = told.get("device") or ("cpu" if args.gpus == 0 else None)
    if device is None and meter.peak_mb is not None:
        device = "cuda"  # it was stopped before it could tell, but was seen there
    device_name, driver = device_and_driver(device, gpus)
    return {
        **outcome,
        "seconds": seconds,
        "gpu_seconds": seconds if device == "cuda" else None,
        "peak_rss_mb": peak,
        "peak_gpu_mb": max(gpu_peaks, default=None),
        "device": device,
        "note": "asked for a GPU, ran on the CPU" if args.gpus and device == "cpu" else "",
        "host": socket.gethostname(),
        "device_name": device_name,
        "driver": driver,
        **read_provenance(folder),
    }


def watch(
    process: subprocess.Popen[bytes], folder: Path, args: argparse.Namespace, started: float
) -> tuple[dict[str, Any] | None, int]:
    """Wait for the end or for a limit to be passed; the breach, and the memory seen (MiB)."""
    peak, pause = 0, 0.1
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=pause)
            return None, peak
        looked = time.monotonic()
        used = resident_mb(descendants())
        peak = max(peak, used)
        if used > args.mem_mb - HEADROOM_MB:
            reason = f"more than the {args.mem_mb:g} MB of memory that the job has"
            return {"status": "oom", "reason": reason}, peak
        if looked - started > args.time_limit:
            reason = f"not done within {args.time_limit:g} seconds"
            return {"status": "timeout", "reason": reason}, peak
        if not folder.is_dir():
            # Another run of the same fit clears what it finds; then this one is an orphan.
            return {"status": "killed", "reason": f"{folder} was removed"}, peak
        # Looking must stay cheap on a machine with thousands of processes.
        pause = max(0.1, 20 * (time.monotonic() - looked))


def read_outcome(folder: Path) -> dict[str, Any]:
    """What the program told, empty if it told nothing that can be understood."""
    with suppress(OSError, ValueError):
        told = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
        if isinstance(told, dict) and told.get("status") in STATUSES:
            return told
    return {}


def read_provenance(folder: Path) -> dict[str, str]:
    """What the program told of its packages, data and parameters; empty where it told nothing."""
    told: Any = None
    with suppress(OSError, ValueError):
        told = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    return {name: str(told[name]) for name in FIELDS if isinstance(told, dict) and name in told}


def classify(
    returncode: int, folder: Path, told: Mapping[str, Any], last_line: str
) -> dict[str, Any]:
    """Status and reason of a program that ended by itself or by somebody's signal."""
    if told and told["status"] != "ok":
        return {"status": told["status"], "reason": one_line(told.get("reason", ""))}
    number = -returncode if returncode < 0 else returncode - 128  # a shell adds 128
    if not told and number in set(signal.Signals):
        return {"status": "killed", "reason": f"ended by {signal.Signals(number).name}"}
    if not told and returncode == os.EX_TEMPFAIL:
        return {"status": "killed", "reason": last_line}
    if not told and returncode != 0:
        return {"status": "error", "reason": last_line or f"ended with exit code {returncode}"}
    if not is_hdf5(folder / "fit.h5ad"):
        return {"status": "error", "reason": "ended without a readable fit.h5ad"}
    return {"status": "ok", "reason": ""}


def is_hdf5(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE
    except OSError:
        return False


def publish(folder: Path, outcome: Mapping[str, Any], args: argparse.Namespace) -> None:
    """Write status.json, drop what a failed fit left, and give the folder its name."""
    for told in ("outcome.json", "provenance.json"):
        (folder / told).unlink(missing_ok=True)
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
    """Write status.json and give the finished folder its name."""
    (folder / "status.json").write_text(json.dumps(status, indent=2) + "\n", encoding="utf-8")
    reach_disk(folder)
    folder.rename(output)


def cancel(number: int, _frame: object) -> NoReturn:
    for other in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)  # cleaning up takes a moment; once is enough
    raise Cancelled(number)


def overrun(status: str) -> dict[str, str]:
    """The outcome of a fit that was killed, where SLURM's time limit was the reason."""
    if status == "killed" and reason_of_end() == "TimeLimit":
        return {"status": "timeout", "reason": "ended by SLURM at its time limit"}
    return {}


def reused(args: argparse.Namespace, folder: Path, contents: Mapping[str, str]) -> bool:
    """Take over a finished fit of the same contents, where there is one."""
    twin = finished_twin(args.output, contents)
    if twin is None or not is_hdf5(twin / "fit.h5ad"):
        return False
    status = take_over(twin, folder)
    if not status:
        return False
    name_folder(folder, status, args.output)
    print(f"ok: reused from {status['reused_from']}, which has the same contents", flush=True)
    return True


def run(args: argparse.Namespace, attempts: Attempts) -> None:
    contents: dict[str, str] = {}
    if args.code:
        contents = contents_of(combined_hash(args.reads), args.parameters, args.code)
    with unfinished_folder(args.output) as folder:
        if contents and reused(args, folder, contents):
            return
        if args.attempt >= args.max_attempts > 1 or attempts.overran(before=args.attempt):
            outcome = attempts.verdict()
        else:
            with own_gpus(args.gpus) as gpus:
                attempts.start(args.attempt)
                outcome = supervise(args, folder, gpus)
            attempts.end(args.attempt, {**outcome, **overrun(outcome["status"])})
        said = f"{outcome['status']}: {outcome['reason']}".rstrip(": ")
        if outcome["status"] in RETRIED and args.attempt < args.max_attempts:
            number = f"attempt {args.attempt} of {args.max_attempts}"
            raise InputError(f"{args.dataset}, {args.method}, seed {args.seed}: {said} ({number})")
        publish(folder, {**outcome, **contents}, args)
        print(said, flush=True)


def main() -> None:
    args = parse_arguments()
    if args.output.is_symlink():
        args.output = args.output.resolve()  # a folder elsewhere, as on a larger disk
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
        where = error.filename or args.output
        raise InputError(f"{where}: cannot be written ({error.strerror or error})") from error


if __name__ == "__main__":
    run_cli(main)
