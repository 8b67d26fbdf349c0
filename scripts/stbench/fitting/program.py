"""Shared code of the programs that run a method: options, parameters and outcome."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stbench.common.checksums import file_hash
from stbench.common.errors import MACHINE_ERRORS, InputError, NotApplicableError, one_line
from stbench.common.io import write_json
from stbench.common.seeding import limit_threads
from stbench.common.shutdown import end_quickly
from stbench.fitting.device import choose_device, out_of_memory, peak_gpu_mb
from stbench.supervisor.packages import loaded_versions
from stbench.supervisor.provenance import environment_hash


@dataclass(frozen=True)
class Outcome:
    """How a fit ended, as stored in ``outcome.json``.

    Attributes:
        status: ``ok``, ``error``, ``nan``, ``oom`` or ``not_applicable``.
        reason: one line; empty when ok.
        device: ``cpu`` or ``cuda``; None if the fit ended before the choice.
        peak_gpu_mb: peak of GPU memory; None without a GPU.
        note: about a fit that is ok.
    """

    status: str
    reason: str
    device: str | None
    peak_gpu_mb: int | None
    note: str = ""


def add_options_of_a_fit(parser: argparse.ArgumentParser) -> None:
    """Add the options of every program that runs a method."""
    parser.add_argument("--output", required=True, type=Path, help="folder to write into")
    parser.add_argument("--params", default="{}", help="the method's parameters as a JSON object")
    parser.add_argument("--seed", type=int, default=0, help="training seed (default 0)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    parser.add_argument(
        "--device",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="default: a GPU if available",
    )
    parser.add_argument(
        "--implementation",
        default="",
        help="recorded with the fit: reimplemented, package, control",
    )


def parse_params(text: str) -> dict[str, Any]:
    try:
        params = json.loads(text)
    except ValueError as error:
        raise InputError(f"--params: not valid JSON ({error})") from error
    if not isinstance(params, dict):
        raise InputError("--params: it must be a JSON object, for example '{\"epochs\": 50}'")
    return params


def circumstances_of(
    args: argparse.Namespace, params: Mapping[str, Any], device: str, seconds: float
) -> dict[str, Any]:
    """How a method was run, as recorded in its result."""
    return {
        "method": args.method,
        "implementation": args.implementation,
        "params": json.dumps(params, sort_keys=True),
        "seed": args.seed,
        "device": device,
        "seconds": round(seconds, 3),
        "versions": json.dumps(loaded_versions(), sort_keys=True),
    }


def note_provenance(
    output: Path,
    params: Mapping[str, Any],
    *data: Path,
    packages: Mapping[str, str] | None = None,
) -> None:
    """Write provenance.json before the training, so that a killed fit has it as well.

    The hash of the data is the SHA-256 of the file, whose bytes are reproducible; for several
    files, that of their hashes.

    Args:
        output: folder of the fit.
        params: of the method.
        data: files that the method reads.
        packages: versions of packages, if not those of this Python.
    """
    hashes = [file_hash(path) for path in data]
    together = hashlib.sha256("".join(hashes).encode()).hexdigest()
    provenance = {
        "environment": environment_hash(packages),
        "data_hash": hashes[0] if len(hashes) == 1 else together,
        "parameters": json.dumps(params, sort_keys=True),
    }
    write_json(output / "provenance.json", provenance)


def failure(error: Exception) -> tuple[str, str]:
    """Status and reason of an exception."""
    if isinstance(error, NotApplicableError):
        return "not_applicable", one_line(error)
    if isinstance(error, InputError):
        return "error", one_line(error)
    reason = one_line(f"{type(error).__name__}: {error}")[:500]
    if out_of_memory(error):
        return "oom", reason
    return "nan" if isinstance(error, FloatingPointError) else "error", reason


def data_of(args: argparse.Namespace) -> list[Path]:
    """The files that a method reads."""
    return [getattr(args, name) for name in ("input", "spots", "reference") if name in args]


def unavailable(args: argparse.Namespace) -> str:
    """Why the data of a fit are not available; empty if they are, or if a file is not readable.

    It is read without the libraries that read a dataset, because a benchmark of many methods has as
    many fits of data that are not there.
    """
    from stbench.common.h5ad import open_h5ad, read_element

    with suppress(InputError, KeyError, TypeError), open_h5ad(data_of(args)[0]) as file:
        facts = read_element(file["uns/pair" if "uns/pair" in file else "uns/dataset"])
        return str(facts["reason"]) if facts["status"] == "error" else ""
    return ""


def run_fit(
    args: argparse.Namespace, prepare: Callable[[argparse.Namespace], Callable[[str], str | None]]
) -> None:
    """Run a method and write outcome.json, also after a failure; the exit code agrees with it.

    Args:
        args: with ``output``, ``threads`` and ``device``.
        prepare: reads and checks the inputs of ``args``, and returns the fit, which is called with
            the chosen device and may return a note.
    """
    end_quickly()
    limit_threads(args.threads)
    args.output.mkdir(parents=True, exist_ok=True)
    outcome = _outcome(args, prepare)
    try:
        write_json(args.output / "outcome.json", asdict(outcome))
    except OSError as error:
        if error.errno in MACHINE_ERRORS:
            sys.exit(os.EX_TEMPFAIL)
        raise
    if outcome.status != "ok":
        sys.exit(f"{outcome.status}: {outcome.reason}")


def _outcome(
    args: argparse.Namespace, prepare: Callable[[argparse.Namespace], Callable[[str], str | None]]
) -> Outcome:
    device = None
    try:
        if reason := unavailable(args):
            note_provenance(args.output, parse_params(args.params), *data_of(args))
            raise NotApplicableError(reason)
        fit = prepare(args)
        device = choose_device(args.device)
        note = fit(device) or ""
    except Exception as error:  # any exception of a method is an outcome
        if not isinstance(error, (InputError, NotApplicableError)):
            traceback.print_exc()
        if isinstance(error, OSError) and error.errno in MACHINE_ERRORS:
            sys.exit(os.EX_TEMPFAIL)
        return Outcome(*failure(error), device, peak_gpu_mb())
    return Outcome("ok", "", device, peak_gpu_mb(), note)
