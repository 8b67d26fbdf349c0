"""The parts of a result; a part that fails has a reason and does not stop the others."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import Any

from stbench.common.errors import MACHINE_ERRORS, InputError, NotApplicableError, one_line


class Parts:
    """Status and reason of every part, in order of computation.

    Attributes:
        status: part -> ``{"status": "ok" | "not_applicable" | "error", "reason": one line}``; the
            reason of a part that is ok is a note on it.
    """

    def __init__(self) -> None:
        self.status: dict[str, dict[str, str]] = {}

    def make(self, part: str, maker: Callable[[], tuple[Any, str]], *needs: str) -> Any:
        """The value of the maker, which also returns a note; None if it or a required part fails.

        Raises:
            MemoryError, OSError: memory or disk space is not sufficient; a retry may succeed.
        """
        missing = next((name for name in needs if self.status[name]["status"] != "ok"), None)
        if missing is not None:
            self.status[part] = dict(self.status[missing])
            return None
        value, started = None, time.perf_counter()
        try:
            value, note = maker()
            status = "ok"
        except NotApplicableError as error:
            status, note = "not_applicable", one_line(error)
        except (InputError, FloatingPointError) as error:
            status, note = "error", one_line(error)
        except Exception as error:  # the failure of one part must not remove all tables of the run
            if isinstance(error, MemoryError) or getattr(error, "errno", None) in MACHINE_ERRORS:
                raise  # for a retry
            traceback.print_exc()
            status, note = "error", one_line(f"{type(error).__name__}: {error}")[:500]
        self.status[part] = {"status": status, "reason": note}
        message = f"{part}: {status}{': ' if note else ''}{note}"
        print(f"{message} ({time.perf_counter() - started:.1f} s)", flush=True)
        return value
