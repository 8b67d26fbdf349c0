"""Whether the registry's files are still where it says, asked without downloading them."""

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
    """What a server says of one URL.

    Attributes:
        url: as in the registry.
        datasets: those that need it.
        state: one of ``STATES``; ``changed`` is another size than the registry's.
        text: the size, where it moved to, or what went wrong.
    """

    url: str
    datasets: tuple[str, ...]
    state: str
    text: str


def urls_of(registry: Mapping[str, Any]) -> dict[str, tuple[int | None, tuple[str, ...]]]:
    """Every URL of the registry with its size, where published, and the datasets that need it."""
    found: dict[str, tuple[int | None, tuple[str, ...]]] = {}
    for name, entry in registry.items():
        for source in entry.get("sources", []):
            for file in source["files"]:
                for url in file.get("url", []):
                    names = found.get(url, (None, ()))[1]
                    found[url] = (file.get("bytes"), tuple(dict.fromkeys([*names, name])))
    return found


def ask(urls: Mapping[str, tuple[int | None, tuple[str, ...]]]) -> Iterator[Answer]:
    """Ask for the headers of every URL; a host that does not answer is asked once."""
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
    """How many URLs there are of each state."""
    states = [answer.state for answer in answers]
    counts = [f"{states.count(state)} {state}" for state in STATES if state in states]
    return f"{len(states)} URLs: {', '.join(counts) or 'none'}"
