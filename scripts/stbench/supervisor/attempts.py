"""The log of the attempts of a fit, outside its outputs, which a failed job loses."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

NAMED = ("oom", "timeout")  # a verdict distinguishes these from other ends


class Attempts:
    """A log of JSON lines: one when an attempt starts, one when it ends."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def clear(self) -> None:
        """Begin a new log."""
        self.path.unlink(missing_ok=True)

    def start(self, attempt: int) -> None:
        """Record that an attempt starts the fit."""
        self._append({"attempt": attempt, "event": "start", "host": socket.gethostname()})

    def end(self, attempt: int, outcome: Mapping[str, Any]) -> None:
        """Record the outcome (``status``, ``reason``, measurements) of an attempt."""
        self._append({"attempt": attempt, "event": "end", **outcome})

    def started(self) -> bool:
        """Whether any attempt started the fit; faults of the machine may prevent all of them."""
        return any(event["event"] == "start" for event in self.events())

    def overran(self, before: int) -> bool:
        """Whether the attempt before this one ended at the machine's time limit."""
        ends = [e for e in self.events() if e["attempt"] == before - 1 and e["event"] == "end"]
        return bool(ends) and ends[-1].get("status") == "timeout"

    def verdict(self) -> dict[str, Any]:
        """The outcome that the last attempt records instead of trying again; one has started.

        Returns:
            ``status``: ``oom`` where the latest attempt ran out of memory, ``timeout`` where the
            machine's time limit ended it, else ``killed``;
            ``reason``: all attempts in one line; the measurements of the latest that has them.
        """
        last: dict[int, dict[str, Any]] = {}
        measured: dict[str, Any] = {}
        for event in self.events():
            last[event["attempt"]] = event
            if event["event"] == "end":
                measured = event
        latest = last[max(last)]
        reasons = [f"attempt {number}: {_describe(last[number])}" for number in sorted(last)]
        return {
            **{k: v for k, v in measured.items() if k not in ("attempt", "event", "time")},
            "status": status if (status := latest.get("status")) in NAMED else "killed",
            "reason": "; ".join(reasons),
        }

    def events(self) -> list[dict[str, Any]]:
        """All recorded events, in order; none if there is no log."""
        if not self.path.is_file():
            return []
        events = []
        for line in self.path.read_text(errors="replace", encoding="utf-8").splitlines():
            with suppress(ValueError):  # the machine failed while it wrote the line
                events.append(json.loads(line))
        return events

    def _append(self, event: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        # An incomplete last line must not be joined with this one.
        with self.path.open("a", encoding="utf-8") as file:
            file.write(("\n" if file.tell() else "") + json.dumps({**event, "time": now}))
            file.flush()
            os.fsync(file.fileno())


def _describe(event: Mapping[str, Any]) -> str:
    if event["event"] == "start":
        return f"ended without a trace on {event.get('host', 'an unknown machine')}"
    reason = event.get("reason")
    return f"{event.get('status')} ({reason})" if reason else str(event.get("status"))
