"""Check of the URLs of the registry, without downloading the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stbench.config.registry import origin

if TYPE_CHECKING:
    import requests

STATES = ("reachable", "moved", "changed", "gone", "unreachable")
_GONE = (404, 410)
_TIMEOUT = (4, 30)  # seconds: to connect, to answer


@dataclass(frozen=True)
class Answer:
    """The answer of a server about one URL.

    Attributes:
        url: as in the registry.
        datasets: the datasets that need the file.
        state: one of ``STATES``; ``changed``: the size differs from the registry.
        text: the size, the new URL, or the error.
    """

    url: str
    datasets: tuple[str, ...]
    state: str
    text: str


def urls_of(registry: Mapping[str, Any]) -> dict[str, tuple[int | None, tuple[str, ...]]]:
    """Every URL of the registry with its size, if published, and the datasets that need it."""
    urls: dict[str, tuple[int | None, tuple[str, ...]]] = {}
    for name, entry in registry.items():
        for source in entry.get("sources", []):
            for file in source["files"]:
                for url in file.get("url", []):
                    names = urls.get(url, (None, ()))[1]
                    urls[url] = (file.get("bytes"), tuple(dict.fromkeys([*names, name])))
    return urls


def ask(urls: Mapping[str, tuple[int | None, tuple[str, ...]]]) -> Iterator[Answer]:
    """Request the headers of every URL; a host that does not answer is contacted once."""
    import requests

    silent: dict[str, str] = {}
    with requests.Session() as session:
        for url, (size, datasets) in urls.items():
            host = origin(url)
            if host not in silent:
                try:
                    response = session.head(
                        url,
                        allow_redirects=False,
                        timeout=_TIMEOUT,
                        headers={"Accept-Encoding": "identity"},
                    )
                    yield Answer(url, datasets, *_judge(response, size))
                    continue
                except requests.RequestException as error:
                    silent[host] = f"{host} does not answer ({type(error).__name__})"
            yield Answer(url, datasets, "unreachable", silent[host])


def _judge(response: requests.Response, size: int | None) -> tuple[str, str]:
    if response.is_redirect:
        return "moved", f"to {response.headers['Location'].partition('?')[0]}"
    if response.status_code in _GONE:
        return "gone", f"HTTP status {response.status_code}"
    if response.status_code != 200:
        return "unreachable", f"HTTP status {response.status_code}"
    length = response.headers.get("Content-Length", "")
    if size is not None and length.isdigit() and int(length) != size:
        return "changed", f"{length} bytes, {size} in the registry"
    return "reachable", f"{int(length) / 1e6:.1f} MB" if length.isdigit() else "size not given"


def summary(answers: Iterable[Answer]) -> str:
    """The number of URLs in each state."""
    states = [answer.state for answer in answers]
    counts = [f"{states.count(state)} {state}" for state in STATES if state in states]
    return f"{len(states)} URLs: {', '.join(counts) or 'none'}"
