"""Source files are parsed once for each content, whatever process reads them."""

import json

import pytest

from stbench.common import source_code
from stbench.common.source_code import Import, forget_sources, read_source, save_sources


@pytest.fixture
def memory(tmp_path, monkeypatch):
    """The file of an empty cache, and a way to begin as a new process."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def restart():
        forget_sources()
        source_code._memory.cache_clear()

    restart()
    yield tmp_path / "cache/stbench/source_code.json", restart
    restart()


def test_what_was_read_is_kept_for_the_next_process(memory, tmp_path, monkeypatch):
    _, restart = memory
    code = tmp_path / "code.py"
    code.write_text("from ..a import b\nimport c.d\nx = 1\n")
    first = read_source(code)
    assert first.imports == [Import("a", ["b"], 2), Import("c.d", [], 0)]
    save_sources()
    restart()
    monkeypatch.setattr(source_code, "_python", None)  # nothing is parsed again
    assert read_source(code) == first
    code.write_text("x = 2\n")
    assert read_source(code) == first  # of this process
    restart()
    with pytest.raises(TypeError):
        read_source(code)


@pytest.mark.parametrize("content", ["{", "[1]", json.dumps({"a": 1})])
def test_a_broken_cache_is_ignored(memory, tmp_path, content):
    file, restart = memory
    file.parent.mkdir(parents=True)
    file.write_text(content)
    code = tmp_path / "code.py"
    code.write_text("x = 1\n")
    restart()
    assert read_source(code).imports == []
    save_sources()
    assert len(json.loads(file.read_text())) == 1


def test_without_a_cache_folder_it_is_read(memory, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file/cache"))
    code = tmp_path / "code.R"
    code.write_text("# comment\nx <- 1\n")
    assert read_source(code).imports == []
    save_sources()
