"""Fetching: mirrors, checksums, and HTTP under fire against a local server."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stbench.common.errors import InputError
from stbench.data.download import Downloader, FetchError
from stbench.data.fetch import fetch_dataset, write_failure

CONTENT = b"the published bytes\n" * 500


SHA256 = hashlib.sha256(CONTENT).hexdigest()


LARGE = CONTENT * 100


OTHER = b"some other bytes, not the published ones"


class Handler(BaseHTTPRequestHandler):
    """Answers by path; counts what it was asked."""

    def do_GET(self):
        self.server.asked.append(self.path)
        getattr(self, self.path.strip("/").split("/")[0])()

    def send(self, body, status=200, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def right(self):
        self.send(CONTENT)

    def wrong(self):
        self.send(OTHER)

    def truncated(self):
        self.send(CONTENT[:100], length=len(CONTENT))

    def shy(self):  # a 503 twice, then success
        if self.server.asked.count(self.path) < 3:
            self.send(b"", status=503)
        else:
            self.send(CONTENT)

    def busy(self):
        self.send(b"", status=503)

    def absent(self):
        self.send(b"", status=404)

    def near(self):
        self.send(b"", status=302, Location="/right")

    def far(self):
        self.send(b"", status=302, Location="http://elsewhere.invalid/right")

    def circle(self):
        self.send(b"", status=302, Location="/circle")

    def hang(self):
        self.server.release.wait(20)

    def stall(self):  # hangs amid the body
        self.send(CONTENT[:100], length=len(CONTENT))
        self.wfile.flush()
        self.server.release.wait(20)

    def endless(self):
        self.send(CONTENT * 50)

    def fragile(self):  # breaks after a third of what is asked for, then serves the rest
        start, version = 0, self.server.version
        asked = self.headers.get("Range", "")
        self.server.ranges.append(asked)
        if asked and self.headers.get("If-Range") == version:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(LARGE):
            self.send(b"", 416)
            return
        rest = LARGE[start:]
        more = {"ETag": version, "Content-Range": f"bytes {start}-{len(LARGE)}"}
        whole = self.server.breaks == 0
        self.server.breaks = max(0, self.server.breaks - 1)
        body = rest if whole else rest[: len(rest) // 3]
        self.send(body, 206 if start else 200, len(rest), **more)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked, server.release = [], threading.Event()
    server.ranges, server.breaks, server.version = [], 0, '"one"'
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()


def downloader(*origins: str, read_timeout: float = 10) -> Downloader:
    return Downloader(origins, pause=0.01, connect_timeout=10, read_timeout=read_timeout)


def entry(*urls: str, **changes) -> dict:
    file = {"name": "set/file.bin", "url": list(urls), "sha256": SHA256, **changes}
    return {"id": "mine", "sources": [{"name": "first", "files": [file]}]}


def fetch(tmp_path: Path, what: dict, *mirrors: Path, origin: str = "") -> dict:
    urls = what["sources"][0]["files"][0]["url"]
    silent = any(url.endswith(("/hang", "/stall")) for url in urls)
    downloads = downloader(origin, read_timeout=0.3 if silent else 10)
    return fetch_dataset(what, tmp_path / "raw/mine", mirrors, downloads)


def nothing_left(tmp_path: Path) -> bool:
    raw = tmp_path / "raw"
    return not raw.exists() or not list(raw.iterdir())


@pytest.mark.parametrize(("path", "asked"), [("/right", 1), ("/shy", 3), ("/near", 2)])
def test_right_bytes_arrive(server, tmp_path, path, asked):
    status = fetch(tmp_path, entry(server.url + path), origin=server.url)
    assert (tmp_path / "raw/mine/file.bin").read_bytes() == CONTENT
    assert json.loads((tmp_path / "raw/mine/status.json").read_text()) == status
    assert status["status"] == "ok"
    assert status["files"] == [
        {
            "name": "file.bin",
            "bytes": len(CONTENT),
            "sha256": SHA256,
            "source": server.url + path,
        }
    ]
    assert len(server.asked) == asked


@pytest.mark.parametrize(
    ("path", "asked", "reason"),
    [
        ("/truncated", 3, "broke before the file was complete"),
        ("/busy", 3, "HTTP status 503"),
        ("/absent", 1, "HTTP status 404"),
        ("/hang", 3, "no data for 0.3 s"),
        ("/stall", 3, "no data for 0.3 s"),
        ("/far", 1, "http://elsewhere.invalid is not a host of the registry"),
        ("/circle", 5, "more than 5 redirects"),
    ],
)
def test_what_goes_wrong_is_said_and_nothing_is_left(server, tmp_path, path, asked, reason):
    with pytest.raises(InputError) as error:
        fetch(tmp_path, entry(server.url + path), origin=server.url)
    message = str(error.value)
    assert message.startswith("mine: data not available: put set/file.bin into a mirror folder")
    assert reason in message
    assert "\n" not in message
    assert len(server.asked) == asked
    assert nothing_left(tmp_path)


def test_wrong_bytes_name_both_hashes_and_are_asked_for_once(server, tmp_path):
    with pytest.raises(InputError) as error:
        fetch(tmp_path, entry(server.url + "/wrong"), origin=server.url)
    assert hashlib.sha256(OTHER).hexdigest() in str(error.value)
    assert SHA256 in str(error.value)
    assert len(server.asked) == 1
    assert nothing_left(tmp_path)


def test_the_next_url_is_tried_after_wrong_bytes(server, tmp_path):
    urls = [server.url + "/wrong", server.url + "/right"]
    assert fetch(tmp_path, entry(*urls), origin=server.url)["files"][0]["source"] == urls[1]


def test_a_file_longer_than_published_is_cut_off(server, tmp_path):
    with pytest.raises(InputError, match="longer than the"):
        fetch(tmp_path, entry(server.url + "/endless", bytes=len(CONTENT)), origin=server.url)


def test_only_hosts_of_the_registry_are_asked(server, tmp_path):
    with pytest.raises(InputError, match="is not a host of the registry"):
        fetch(tmp_path, entry(server.url + "/right"), origin="https://example.org")
    assert server.asked == []


def test_an_unreachable_host_is_given_up_after_two_tries(tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    many = {"id": "mine", "sources": [entry(f"{url}/{i}")["sources"][0] for i in range(5)]}
    with pytest.raises(InputError, match="cannot be reached"):
        fetch(tmp_path, many, origin=url)
    assert len(pauses) == 1


def test_the_mirror_comes_before_any_url(server, tmp_path):
    mirror = tmp_path / "mirror"
    (mirror / "set").mkdir(parents=True)
    (mirror / "set/file.bin").write_bytes(CONTENT)
    status = fetch(tmp_path, entry(server.url + "/right"), mirror, origin=server.url)
    assert status["files"][0]["source"] == "mirror:set/file.bin"
    assert server.asked == []


def test_a_wrong_byte_in_a_mirror_is_refused_with_both_hashes(server, tmp_path):
    mirror = tmp_path / "mirror"
    (mirror / "set").mkdir(parents=True)
    (mirror / "set/file.bin").write_bytes(OTHER)
    status = fetch(tmp_path, entry(server.url + "/right"), mirror, origin=server.url)
    assert status["files"][0]["sha256"] == SHA256
    with pytest.raises(InputError) as error:
        fetch(tmp_path / "second", entry(server.url + "/absent"), mirror, origin=server.url)
    first = str(error.value).split(";")[0]
    assert "set/file.bin" in first
    assert SHA256 in first
    assert hashlib.sha256(OTHER).hexdigest() in first
    assert (mirror / "set/file.bin").read_bytes() == OTHER
    assert nothing_left(tmp_path / "second")


def test_a_git_blob_id_serves_as_well(server, tmp_path):
    blob = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
    what = entry(server.url + "/right")
    file = what["sources"][0]["files"][0]
    del file["sha256"]
    file["blob"] = blob
    assert fetch(tmp_path, what, origin=server.url)["files"][0]["sha256"] == SHA256
    file["blob"] = "0" * 40
    with pytest.raises(InputError, match=f"blob is {blob}, expected {'0' * 40}"):
        fetch(tmp_path / "second", what, origin=server.url)


def test_the_next_source_is_used_when_one_cannot_be_had_whole(server, tmp_path):
    first = entry(server.url + "/right")["sources"][0]
    first["files"].append({"name": "set/more.bin", "get": "ask its author"})
    second = entry(server.url + "/right")["sources"][0] | {"name": "second"}
    what = {"id": "mine", "sources": [first, second]}
    assert fetch(tmp_path, what, origin=server.url)["source"] == "second"
    what = {"id": "mine", "sources": [first]}
    with pytest.raises(InputError, match=r"put set/more\.bin into .*: ask its author"):
        fetch(tmp_path / "alone", what, origin=server.url)


def test_a_file_that_another_dataset_has_is_not_downloaded_again(server, tmp_path):
    for name in ("other", "mine"):
        output = tmp_path / "raw" / name / "key"
        what = entry(server.url + "/right")
        status = fetch_dataset(what, output, [], downloader(server.url))
    assert status["files"][0]["source"] == "raw:other"
    assert server.asked == ["/right"]


def test_checked_data_are_neither_fetched_again_nor_replaced_by_a_failure(server, tmp_path):
    what, output = entry(server.url + "/right"), tmp_path / "raw/mine"
    first = fetch(tmp_path, what, origin=server.url)
    assert fetch(tmp_path, entry("http://gone.invalid/right")) == first
    assert server.asked == ["/right"]
    (output / "file.bin").write_bytes(OTHER)
    with pytest.raises(InputError, match="data not available"):
        fetch(tmp_path, entry())
    assert fetch(tmp_path, what, origin=server.url) == first
    assert (output / "file.bin").read_bytes() == CONTENT
    with pytest.raises(InputError, match="kept, but fetching them again failed: no network"):
        write_failure(output, "no network")
    assert (output / "file.bin").read_bytes() == CONTENT
    (output / "status.json").unlink()
    write_failure(output, "no network")
    assert [path.name for path in output.iterdir()] == ["status.json"]


def resuming(tmp_path: Path, origin: str) -> Downloader:
    downloads = downloader(origin)
    downloads.partial, downloads.resume_from, downloads.tries = tmp_path / ".partial", 1000, 1
    return downloads


@pytest.mark.parametrize("changed", [False, True])
def test_a_large_download_resumes_in_a_later_run(server, tmp_path, changed):
    """Where the server has another file by now, it is taken from the start."""
    server.breaks = 1
    target, url = tmp_path / "file.bin", server.url + "/fragile"
    with pytest.raises(FetchError, match="broke before the file was complete"):
        resuming(tmp_path, server.url).download(url, target)
    server.version = '"two"' if changed else server.version
    resuming(tmp_path, server.url).download(url, target)
    assert target.read_bytes() == LARGE
    assert server.ranges[0] == "" and server.ranges[1].startswith("bytes=")
    assert [path.suffix for path in (tmp_path / ".partial").iterdir()] == [".lock"]


def test_a_large_download_resumes_within_a_run(server, tmp_path):
    server.breaks = 2
    downloads = resuming(tmp_path, server.url)
    downloads.tries = 3
    downloads.download(server.url + "/fragile", tmp_path / "file.bin", len(LARGE))
    assert (tmp_path / "file.bin").read_bytes() == LARGE
    assert len(server.ranges) == 3 and server.ranges[2] > server.ranges[1] > ""


def test_a_part_that_does_not_fit_is_dropped(server, tmp_path):
    server.breaks = 1
    downloads = resuming(tmp_path, server.url)
    with pytest.raises(FetchError):
        downloads.download(server.url + "/fragile", tmp_path / "file.bin")
    part = next(path for path in (tmp_path / ".partial").iterdir() if not path.suffix)
    part.write_bytes(part.read_bytes() + LARGE)
    with pytest.raises(FetchError, match="does not fit the rest"):
        downloads.download(server.url + "/fragile", tmp_path / "file.bin", len(LARGE))
    downloads.download(server.url + "/fragile", tmp_path / "file.bin", len(LARGE))
    assert (tmp_path / "file.bin").read_bytes() == LARGE


def test_a_file_without_a_checksum_is_pinned_at_its_first_download(server, tmp_path):
    what = entry(server.url + "/right")
    del what["sources"][0]["files"][0]["sha256"]
    assert fetch(tmp_path, what, origin=server.url)["files"][0]["sha256"] == SHA256
    fetch(tmp_path, what, origin=server.url)
    what["sources"][0]["files"][0]["url"] = [server.url + "/wrong"]
    with pytest.raises(InputError, match=f"but {SHA256} at the first download; if the new"):
        fetch(tmp_path, what, origin=server.url)


def test_skipped_sources_are_recorded(server, tmp_path):
    first = entry(server.url + "/absent")["sources"][0]
    second = entry(server.url + "/right")["sources"][0] | {"name": "second"}
    status = fetch(tmp_path, {"id": "mine", "sources": [first, second]}, origin=server.url)
    assert status["source"] == "second"
    assert [one["source"] for one in status["skipped"]] == ["first"]
    assert "HTTP status 404" in status["skipped"][0]["reason"]
