"""Texts for people are plain technical English: American spelling, no word of a short list.

Code and names of files are exempt: what is in backticks, in blocks of code, or has no space.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from stbench.common.paths import PROJECT

DOCS = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
    ".github/*.md",
    "benchmarks/RESULTS.md",
    "config/README.md",
    "docs/*.md",
)
CODE = (
    "Makefile",
    "Snakefile",
    "config/*.yaml",
    "profiles/**/*.yaml",
    "rules/**/*.smk",
    "scripts/**/*.R",
    "scripts/**/*.jinja",
    "scripts/**/*.py",
)
COVERED = (*DOCS, *CODE, "benchmarks/*.py", "tests/helpers/**/*.R", "tests/helpers/**/*.py")

INSTEAD = {
    r"tells?|told": "report, give, distinguish",
    r"mend|mends|mended|mending": "fix",
    r"be had": "be available",
    r"be it": "whether",
    r"nobody|whoever": "name the person or the program",
    r"bear|bears|borne": "withstand",
    r"as they should": "succeeded",
    r"lie|lies": "is, are",
    r"(?:stand|stands|stood)(?!-)": "is, are",
    r"vouch(?:es)? for": "trust",
    r"at hand": "available",
    r"made worse": "degraded",
    r"taken apart": "deconvolved, removed",
    r"sent again": "retried",
    r"to and fro": "back and forth",
    r"anew": "again",
    r"\w*(?:behavi|col|fav|flav|neighb|tum)our\w*": "-or",
    r"\w*(?:categor|character|discret|factor|general|initial|local|maxim|minim|normal|optim|organ|parametr|"
    r"penal|quant|random|real|recogn|regular|serial|special|standard|summar|symmetr|util|vector|visual)"
    r"is(?:e|ed|er|ers|es|ing|ation|ations)": "-ize",
    r"analyse|analysed|analysing": "analyze",
    r"(?:un)?labell(?:ed|ing)|modell(?:ed|ing)": "labeled, modeled",
    r"arte(?:fact|facts)": "artifact",
    r"centre|centres|centred": "center",
    r"grey": "gray",
    r"licen[c]es?": "license",
    r"programmes?": "program",
    r"whilst|amongst": "while, among",
}
WORDS = re.compile("|".join(rf"\b(?:{word})\b" for word in INSTEAD), re.IGNORECASE)

# Code inside a text is replaced by its own line breaks, so that lines keep their numbers.
MARKDOWN = re.compile(r"^```.*?^```|`[^`]+`|\]\([^)]*\)|https?://\S+", re.DOTALL | re.MULTILINE)
QUOTED = re.compile(r"``.*?``|`[^`]+`|\{[^}]*\}|https?://\S+|\w*[_/.]\w[\w./]*", re.DOTALL)
YAML = re.compile(r"^[\s-]*(?:\{|[\w./-]+:)|[\w./-]+:(?= )|\w*[_/.]\w[\w./]*|`[^`]+`", re.MULTILINE)
JINJA = re.compile(r"\{[{%#].*?[}%#]\}|<[^>]*>", re.DOTALL)
COMMENT_OR_STRING = re.compile(r"#.*|\"[^\"\n]*\"")
TEXT_TOKENS = (tokenize.COMMENT, tokenize.STRING)


def without(code: re.Pattern[str], text: str) -> str:
    return code.sub(lambda match: " " + "\n" * match[0].count("\n"), text)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """(line where it begins, text) of everything in a file that a person reads."""
    content = path.read_text(encoding="utf-8")
    if path.suffix in (".py", ".smk") or path.name == "Snakefile":
        for token in tokenize.generate_tokens(io.StringIO(content).readline):
            if token.type in TEXT_TOKENS and " " in token.string.strip():
                yield token.start[0], without(QUOTED, token.string)
    elif path.suffix == ".R" or path.name == "Makefile":
        for match in COMMENT_OR_STRING.finditer(content):
            if " " in match[0]:
                yield content.count("\n", 0, match.start()) + 1, without(QUOTED, match[0])
    else:
        code = {".md": MARKDOWN, ".yaml": YAML, ".jinja": JINJA}[path.suffix]
        yield 1, without(code, content)


def found(path: Path) -> list[str]:
    """<line>: <word> (<what to write instead>), for each word of the list."""
    words = []
    for begin, text in texts(path):
        for match in WORDS.finditer(text):
            line = begin + text.count("\n", 0, match.start())
            hint = next(INSTEAD[word] for word in INSTEAD if re.fullmatch(word, match[0], re.I))
            words.append(f"{line}: {match[0]} ({hint})")
    return words


def test_every_file_is_in_plain_english() -> None:
    paths = sorted({path for pattern in COVERED for path in PROJECT.glob(pattern)})
    assert len(paths) > 500
    words = {str(path.relative_to(PROJECT)): found(path) for path in paths}
    assert not {path: of_file for path, of_file in words.items() if of_file}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "page.md",
            "Text.\n\nIt `told`\nus [here](lies.md): the file lies there.\n```\ntold\n```\n",
        ),
        ("code.py", 'told = "told"\n\nsaid = f"{told} {lies} is"\n# ``told``: it lies there\n'),
        ("Makefile", "told:\n\n\n\t@echo 1  ## it lies there\n"),
        ("code.R", 'told <- "told"\n\nlies <- "a b"\n# it lies there\n'),
        ("some.yaml", "licence: MIT\n\nb: {told: 1}\nnote: it lies there\n"),
        ("some.jinja", "{{ told }}\n\n<p told>\nit lies there</p>\n"),
    ],
)
def test_words_are_found_in_texts_and_not_in_code(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert found(path) == ["4: lies (is, are)"]
