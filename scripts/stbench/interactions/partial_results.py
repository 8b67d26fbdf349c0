"""The parts of a result: what cannot be made says why, and the others stand."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import Any

from stbench.common.errors import MACHINE_ERRORS, InputError, NotApplicableError, one_line


class Parts:
    """Status and reason of every part, in the order they were made.

    Attributes:
        status: part -> ``{"status": "ok" | "not_applicable" | "error", "reason": one line}``; the
            reason of a part that is ok is what is worth knowing about it.
    """

    def __init__(self) -> None:
        self.status: dict[str, dict[str, str]] = {}

    def make(self, part: str, maker: Callable[[], tuple[Any, str]], *needs: str) -> Any:
        """What the maker returns beside a remark; None where it, or a part it needs, is not ok.

        Raises:
            MemoryError, OSError: memory or the disk does not suffice; another try may do better.
        """
        missing = next((name for name in needs if self.status[name]["status"] != "ok"), None)
        if missing is not None:
            self.status[part] = dict(self.status[missing])
            return None
        value, started = None, time.perf_counter()
        try:
            value, remark = maker()
            status = "ok"
        except NotApplicableError as error:
            status, remark = "not_applicable", one_line(error)
        except (InputError, FloatingPointError) as error:
            status, remark = "error", one_line(error)
        except Exception as error:  # one part must not take all tables of the run with it
            if isinstance(error, MemoryError) or getattr(error, "errno", None) in MACHINE_ERRORS:
                raise  # to be tried again
            traceback.print_exc()
            status, remark = "error", one_line(f"{type(error).__name__}: {error}")[:500]
        self.status[part] = {"status": status, "reason": remark}
        told = f"{part}: {status}{': ' if remark else ''}{remark}"
        print(f"{told} ({time.perf_counter() - started:.1f} s)", flush=True)
        return value
