"""Asking whether files are still there, against a local server."""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import check_sources
from helpers.raw_files import REGISTRY
from stbench.common.errors import InputError
from stbench.config.registry import load_registry
from stbench.data.source_check import Answer, ask, summary, urls_of


class Handler(BaseHTTPRequestHandler):
    """Knows one file of 20 bytes."""

    def do_HEAD(self):
        self.send_response({"/there": 200, "/moved": 301, "/busy": 503}.get(self.path, 404))
        self.send_header("Content-Length", "20")
        self.send_header("Location", "https://elsewhere.example/x?key=secret")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_each_state_is_recognized(address):
    size = {"there": 20, "known": 20, "moved": None, "busy": None, "lost": None}
    urls = {f"{address}/{name}": (bytes_, ("mine",)) for name, bytes_ in size.items()}
    urls |= {f"{address}/there?": (21, ("mine",))}
    urls |= {f"http://127.0.0.1:1/{i}": (None, ("other",)) for i in range(2)}
    found = list(ask(urls))
    states = [answer.state for answer in found]
    expected = ["reachable", "gone", "moved", "unreachable", "gone", "changed"]
    assert states == [*expected, "unreachable", "unreachable"]
    assert found[2].text == "to https://elsewhere.example/x"
    assert found[3].text == "HTTP status 503" and "does not answer" in found[7].text
    assert found[5].text == "20 bytes, 21 in the registry"
    assert summary(found) == "8 URLs: 1 reachable, 1 moved, 1 changed, 2 gone, 3 unreachable"


def test_every_url_is_asked_once():
    registry = load_registry(REGISTRY)
    urls = urls_of(registry)
    layers = next(url for url in urls if url.endswith("barcode_level_layer_map.tsv"))
    assert urls[layers][0] == 1372541 and len(urls[layers][1]) == 11
    assert len(urls) > 130


@pytest.mark.parametrize(("state", "fails"), [("gone", True), ("unreachable", False)])
def test_the_program_lists_what_is_wrong(monkeypatch, capsys, state, fails):
    answers = [Answer("https://x/y", ("BZ5",), state, "why"), Answer("u", (), "reachable", "")]
    monkeypatch.setattr(check_sources, "ask", lambda urls: iter(answers))
    monkeypatch.setattr(sys, "argv", ["check_sources.py"])
    if fails:
        with pytest.raises(InputError, match="1 URLs in config"):
            check_sources.main()
    else:
        check_sources.main()
    told = capsys.readouterr().out
    assert f"{state}: https://x/y (BZ5): why" in told and "2 URLs: 1 reachable" in told
