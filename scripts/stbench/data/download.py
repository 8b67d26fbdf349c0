"""Download over HTTP from registered hosts only, with retries, time-outs and progress bars."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from stbench.config.registry import origin

if TYPE_CHECKING:
    import requests

_CHUNK = 1 << 16
_REDIRECTS = 5
_PARTIAL, _NO_RANGE = 206, 416
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


class FetchError(Exception):
    """A file is not available; the message says why."""


class _TransientError(FetchError):
    """A failure for which a retry may succeed."""


class _UnreachableError(_TransientError):
    """The host is refused, unknown or does not answer: not retried after two failures."""


@dataclass
class Downloader:
    """Downloads files; an unreachable host is not contacted again.

    The received part of a large file is kept when the connection breaks, and only the rest is
    requested, also by a later run. A validator (ETag or date) ensures that the file is the same.

    Attributes:
        origins: allowed ``scheme://host[:port]``; a redirect to another one is refused.
        tries: number of requests of a URL after transient failures (503, truncated, hanging).
        pause: seconds before the second try, four times as long before each further one.
        connect_timeout, read_timeout: seconds without an answer.
        partial: the folder for parts of large files; None: no file is resumed.
        resume_from: minimal size in bytes of files that are resumed.
    """

    origins: Collection[str]
    tries: int = 3
    pause: float = 1.0
    connect_timeout: float = 4.0
    read_timeout: float = 30.0
    partial: Path | None = None
    resume_from: int = 20_000_000
    _unreachable: dict[str, str] = field(default_factory=dict, repr=False)

    def download(self, url: str, target: Path, size: int | None = None) -> None:
        """Download a URL into ``target``.

        Args:
            url: URL of the file; its origin must be among ``origins``.
            target: the file to write; incomplete when an error is raised.
            size: expected bytes, if known.

        Raises:
            FetchError: the reason, after the last try.
        """
        host = origin(url)
        for attempt in range(self.tries):
            if host in self._unreachable:
                raise FetchError(self._unreachable[host])
            if attempt:
                time.sleep(self.pause * 4 ** (attempt - 1))
            try:
                return self._try(url, target, size)
            except _UnreachableError as error:
                if attempt:
                    self._unreachable[host] = str(error)
                last: FetchError = error
            except _TransientError as error:
                last = error
        raise FetchError(str(last))

    def _try(self, url: str, target: Path, size: int | None) -> None:
        import requests

        try:
            with (
                requests.Session() as session,
                self._part(url) as part,
                self._open(session, url, part) as response,
            ):
                self._save(response, target, size, part)
        except (requests.ConnectTimeout, requests.exceptions.ProxyError) as error:
            raise _UnreachableError(f"{origin(url)} does not answer") from error
        except requests.Timeout as error:
            raise _TransientError(f"no data for {self.read_timeout:g} s") from error
        except requests.exceptions.ChunkedEncodingError as error:
            raise _TransientError("the connection broke before the file was complete") from error
        except requests.ConnectionError as error:
            if "Read timed out" in str(error):  # how requests reports a hang in the body
                raise _TransientError(f"no data for {self.read_timeout:g} s") from error
            raise _UnreachableError(f"{origin(url)} cannot be reached") from error
        except requests.RequestException as error:
            raise FetchError(f"{origin(url)}: {type(error).__name__}") from error
        except ValueError as error:  # of urllib, for an invalid URL
            raise FetchError(f"{origin(url)}: redirects to an invalid URL") from error

    @contextmanager
    def _part(self, url: str) -> Iterator[_Part | None]:
        """The stored part of this file; None if another process is downloading it."""
        if self.partial is None:
            yield None
            return
        self.partial.mkdir(parents=True, exist_ok=True)
        path = self.partial / hashlib.sha256(url.encode()).hexdigest()[:16]
        with path.with_suffix(".lock").open("w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield None
            else:
                yield _Part(path)

    def _save(
        self, response: requests.Response, target: Path, size: int | None, part: _Part | None
    ) -> None:
        """Write the body to the target; a large file is first written to its part."""
        length = response.headers.get("Content-Length", "")
        begun = part.size if part is not None and response.status_code == _PARTIAL else 0
        total = size or (begun + int(length) if length.isdigit() else None)
        if part is None or (total or 0) < self.resume_from:
            _write(response, target, total, size)
            return
        if not begun:
            part.begin(response.headers)
        try:
            _write(response, part.path, total, size, begun)
        except _TransientError:
            raise
        except FetchError:
            part.drop()
            raise
        part.finish(target)

    def _open(self, session: requests.Session, url: str, part: _Part | None) -> requests.Response:
        """Follow redirects one by one, so that each host is checked before it is contacted."""
        rest = {} if part is None else part.request()
        for _ in range(_REDIRECTS):
            if origin(url) not in self.origins:
                raise FetchError(f"{origin(url)} is not a host of the registry; not asked")
            response = session.get(
                url,
                stream=True,
                allow_redirects=False,
                timeout=(self.connect_timeout, self.read_timeout),
                headers={"Accept-Encoding": "identity", **rest},
            )
            if response.is_redirect:
                url = urljoin(url, response.headers["Location"])
                response.close()
                continue
            if response.status_code == 200 or (part is not None and part.continues(response)):
                return response
            response.close()
            if response.status_code in (_PARTIAL, _NO_RANGE) and part is not None:
                part.drop()
                raise _TransientError("what was there of the file does not fit the rest")
            kind = _TransientError if response.status_code in _TRANSIENT else FetchError
            # A query may hold a signature, which must not be printed.
            raise kind(f"{url.partition('?')[0]}: HTTP status {response.status_code}")
        raise FetchError(f"more than {_REDIRECTS} redirects")


@dataclass(frozen=True)
class _Part:
    """The first part of a file, and the server's validator of the file at the start.

    Attributes:
        path: the part; the validator is in the same folder.
    """

    path: Path

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def _validator(self) -> Path:
        return self.path.with_suffix(".validator")

    def request(self) -> dict[str, str]:
        """The headers that request the rest, if the file is unchanged."""
        if not self.size or not self._validator.is_file():
            return {}
        validator = self._validator.read_text(encoding="utf-8")
        return {"Range": f"bytes={self.size}-", "If-Range": validator}

    def continues(self, response: requests.Response) -> bool:
        """Whether the answer continues this part."""
        start = response.headers.get("Content-Range", "").startswith(f"bytes {self.size}-")
        return response.status_code == _PARTIAL and start

    def begin(self, headers: Mapping[str, str]) -> None:
        """Start over with the file that these headers describe."""
        self.drop()
        validator = headers.get("ETag", "")
        if not validator or validator.startswith("W/"):
            validator = headers.get("Last-Modified", "")
        if validator:
            self._validator.write_text(validator, encoding="utf-8")

    def finish(self, target: Path) -> None:
        """Move the part, now the complete file, to the target."""
        shutil.move(self.path, target)
        self.drop()

    def drop(self) -> None:
        for path in (self.path, self._validator):
            path.unlink(missing_ok=True)


def _write(
    response: requests.Response, path: Path, total: int | None, size: int | None, done: int = 0
) -> None:
    """Write the body after the ``done`` bytes that already exist."""
    from tqdm import tqdm

    shown: dict[str, Any] = {"unit": "B", "unit_scale": True, "disable": None, "leave": False}
    bar = tqdm(total=total, initial=done, desc=path.name, **shown)
    with bar, path.open("ab" if done else "wb") as stream:
        for chunk in response.iter_content(_CHUNK):
            done += len(chunk)
            if size is not None and done > size:
                raise FetchError(f"longer than the {size} bytes that were published")
            stream.write(chunk)
            bar.update(len(chunk))
    if total is not None and done < total:
        raise _TransientError(f"only {done} of {total} bytes arrived")
