"""Text is UTF-8 in every locale: no call leaves its encoding to the machine."""

import ast
import re

import pytest

from stbench.common.paths import PROJECT

READERS = {"read_text", "write_text", "open", "NamedTemporaryFile", "TemporaryFile", "fdopen"}
STARTERS = {"run", "Popen", "check_output"}
NO_TEXT = {
    "packed.open",
    "archive.open",
    "Image.open",
    "os.open",
    "tarfile.open",
    "self.distribution.read_text",
}
NO_TEXT |= {"distribution.read_text"}
PROGRAMS = sorted([*(PROJECT / "scripts").rglob("*.py"), *(PROJECT / "benchmarks").rglob("*.py")])


def calls_without_encoding(text):
    """The calls in a program's text that read or write text in the encoding of the locale."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        written = ast.unparse(node.func)
        name = written.rpartition(".")[2]
        given = {word.arg: word.value for word in node.keywords}
        if written in NO_TEXT or "encoding" in given:
            continue
        given_modes = [word for word in [*node.args, given.get("mode")] if word]
        modes = [part.value for word in given_modes for part in ast.walk(word) if is_text(part)]
        binary = any("b" in mode for mode in modes if set(mode) <= set("rwaxbt+"))
        binary |= name.endswith("TemporaryFile") and not modes
        text_pipe = name in STARTERS and {"text", "universal_newlines"} & set(given)
        if (name in READERS and not binary) or text_pipe:
            found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_every_program_names_the_encoding():
    found = {
        str(path.relative_to(PROJECT)): calls_without_encoding(path.read_text(encoding="utf-8"))
        for path in PROGRAMS
    }
    assert {path: calls for path, calls in found.items() if calls} == {}


def test_every_rule_names_the_encoding():
    rules = [PROJECT / "Snakefile", *(PROJECT / "rules").rglob("*.smk")]
    for path in rules:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\.(read_text\(\)|write_text\((?!.*encoding))", text), path.name


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("path.read_text()", True),
        ("path.write_text(text)", True),
        ("path.open('a')", True),
        ("open(path)", True),
        ("subprocess.run(command, text=True)", True),
        ("path.read_text(encoding='utf-8')", False),
        ("path.open('rb')", False),
        ("path.open(mode='wb')", False),
        ("subprocess.run(command)", False),
        ("tempfile.TemporaryFile(dir=folder)", False),
    ],
)
def test_the_check_finds_what_it_forbids(call, wrong):
    assert bool(calls_without_encoding(call)) == wrong
