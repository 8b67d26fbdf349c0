"""Labels in a pickled array, read without unpickling: no code in the file can run."""

from __future__ import annotations

import pickletools
from pathlib import Path

from stbench.common.errors import InputError

_TEXTS = {"BINUNICODE", "SHORT_BINUNICODE", "UNICODE"}
_PUTS = {"BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"}
_GETS = {"BINGET", "LONG_BINGET", "GET"}
_LISTS = {"MARK", "APPENDS", "APPEND", "FRAME"}


def read_labels(path: Path) -> list[str]:
    """The texts of a 1-d object array that ``numpy.save`` wrote.

    A pickle is a program. Its instructions are listed, not run, and only those that build a list of
    texts are accepted.

    Raises:
        InputError: the file contains anything other than texts.
    """
    content = path.read_bytes()
    head, _, body = content.partition(b"\n")
    if not head.startswith(b"\x93NUMPY") or b"'|O'" not in head:
        raise InputError(f"{path.name}: not an array of texts as numpy saves it")
    try:
        return _texts(body)
    except ValueError as error:
        raise InputError(
            f"{path.name}: contains more than texts ({error}), which is never loaded "
            "because it can run any code"
        ) from None


def _texts(body: bytes) -> list[str]:
    """The texts of the pickle's first list, up to the tuple that contains the list."""
    memo: dict[int, str | None] = {}
    texts: list[str] = []
    latest: str | None = None
    inside = False
    for code, value, place in pickletools.genops(body):
        if code.name in _PUTS:
            memo[len(memo) if value is None else int(value)] = latest
            continue
        latest = None
        if code.name in _TEXTS:
            latest = str(value)
        elif code.name in _GETS:
            latest = memo.get(int(value or 0))
        if not inside:
            inside = code.name == "EMPTY_LIST"
        elif latest is not None:
            texts.append(latest)
        elif code.name == "TUPLE":
            return texts
        elif code.name not in _LISTS:
            raise ValueError(f"{code.name} at byte {place}")
    raise ValueError("no list of texts")
