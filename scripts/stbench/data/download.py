"""Download over HTTP from known hosts only, with retries, time-outs and a progress bar."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from stbench.config.registry import origin

if TYPE_CHECKING:
    import requests

_CHUNK = 1 << 16
_REDIRECTS = 5
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


class FetchError(Exception):
    """A file could not be had; the message says why."""


class _TransientError(FetchError):
    """Worth another try."""


class _UnreachableError(_TransientError):
    """The host is refused, unknown or does not answer: soon no longer worth a try."""


@dataclass
class Downloader:
    """Downloads files; a host that was found unreachable is not asked again.

    Attributes:
        origins: ``scheme://host[:port]`` that may be asked; a redirect elsewhere is refused.
        tries: how often a URL is asked when its answer is transient (503, truncated, hanging).
        pause: seconds before the second try, four times as long before each further one.
        connect_timeout, read_timeout: seconds without an answer.
    """

    origins: Collection[str]
    tries: int = 3
    pause: float = 1.0
    connect_timeout: float = 4.0
    read_timeout: float = 30.0
    _unreachable: dict[str, str] = field(default_factory=dict, repr=False)

    def download(self, url: str, target: Path, size: int | None = None) -> None:
        """Download a URL into ``target``.

        Args:
            url: where the file lies; its origin must be among ``origins``.
            target: the file to write; incomplete when an error is raised.
            size: expected bytes, where known.

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
            with requests.Session() as session, self._open(session, url) as response:
                _save(response, target, size)
        except (requests.ConnectTimeout, requests.exceptions.ProxyError) as error:
            raise _UnreachableError(f"{origin(url)} does not answer") from error
        except requests.Timeout as error:
            raise _TransientError(f"no data for {self.read_timeout:g} s") from error
        except requests.exceptions.ChunkedEncodingError as error:
            raise _TransientError("the connection broke before the file was complete") from error
        except requests.ConnectionError as error:
            if "Read timed out" in str(error):  # how requests reports a hang amid the body
                raise _TransientError(f"no data for {self.read_timeout:g} s") from error
            raise _UnreachableError(f"{origin(url)} cannot be reached") from error
        except requests.RequestException as error:
            raise FetchError(f"{origin(url)}: {type(error).__name__}") from error
        except ValueError as error:  # of urllib, for an address that is none
            raise FetchError(f"{origin(url)}: redirects to no address") from error

    def _open(self, session: requests.Session, url: str) -> requests.Response:
        """Follow redirects by hand, so that each one's host is checked before it is asked."""
        for _ in range(_REDIRECTS):
            if origin(url) not in self.origins:
                raise FetchError(f"{origin(url)} is not a host of the registry; not asked")
            response = session.get(
                url,
                stream=True,
                allow_redirects=False,
                timeout=(self.connect_timeout, self.read_timeout),
                headers={"Accept-Encoding": "identity"},
            )
            if response.is_redirect:
                url = urljoin(url, response.headers["Location"])
                response.close()
                continue
            if response.status_code == 200:
                return response
            response.close()
            kind = _TransientError if response.status_code in _TRANSIENT else FetchError
            # A query may hold a signature, which is nobody's business.
            raise kind(f"{url.partition('?')[0]}: HTTP status {response.status_code}")
        raise FetchError(f"more than {_REDIRECTS} redirects")


def _save(response: requests.Response, target: Path, size: int | None) -> None:
    from tqdm import tqdm

    length = response.headers.get("Content-Length", "")
    total = size or (int(length) if length.isdigit() else None)
    done = 0
    bar = tqdm(total=total, unit="B", unit_scale=True, desc=target.name, disable=None, leave=False)
    with bar, target.open("wb") as stream:
        for chunk in response.iter_content(_CHUNK):
            done += len(chunk)
            if size is not None and done > size:
                raise FetchError(f"longer than the {size} bytes that were published")
            stream.write(chunk)
            bar.update(len(chunk))
    if size is not None and done < size:
        raise _TransientError(f"only {done} of {size} bytes arrived")
