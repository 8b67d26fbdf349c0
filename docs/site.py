"""Collect the documents for mkdocs (``make docs``), and write the reference pages.

Pages keep their folders, so that every link between them also holds in the repository. Reference
pages are made from the schemas and from the docstrings of the Python package; nothing is imported.
The report of the shipped results (``scripts/verdict_report.py``) is linked from the leaderboard.

Usage: python docs/site.py FOLDER REPORT
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
PAGES = ("*.md", "docs/*.md", "config/*.md", "benchmarks/*.md")
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def collect(target: Path) -> None:
    """Copy all pages and what they link to, and write ``reference/*.md``."""
    for page in {page for pattern in PAGES for page in PROJECT.glob(pattern)}:
        copy(page, target)
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            copy((page.parent / link).resolve(), target)
    (target / "reference").mkdir()
    for name, text in reference().items():
        (target / f"reference/{name}.md").write_text(text, encoding="utf-8")


def add_report(report: Path, target: Path) -> None:
    """Copy the report of the shipped results, and link it below the title of the leaderboard."""
    shutil.copyfile(report, target / "docs/report-of-shipped-results.html")
    leaderboard = target / "docs/leaderboard.md"
    title, rest = leaderboard.read_text(encoding="utf-8").split("\n", 1)
    link = "[The same results as an interactive report](report-of-shipped-results.html)."
    leaderboard.write_text(f"{title}\n\n{link}\n{rest}", encoding="utf-8")


def copy(file: Path, target: Path) -> None:
    if file.is_file():
        place = target / file.relative_to(PROJECT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)


def reference() -> dict[str, str]:
    """Text of every reference page by name."""
    config, datasets, methods = (
        yaml.safe_load((PROJECT / f"config/schemas/{name}.schema.yaml").read_text("utf-8"))
        for name in ("config", "datasets", "methods")
    )
    defaults = yaml.safe_load((PROJECT / "config/config.yaml").read_text("utf-8"))
    kinds = datasets["$defs"]
    entries = [
        ("A published dataset (`config/datasets.yaml`)", kinds["published"], datasets),
        ("A section of your own", kinds["own_section"], datasets),
        ("A simulated dataset", kinds["simulated"], datasets),
        ("A method (`config/methods.yaml`)", methods["additionalProperties"], methods),
    ]
    return {
        "configuration": "# Types and defaults of the configuration\n\n"
        "What the keys do is explained in [config/README.md](../config/README.md). Defaults are "
        "those of `config/config.yaml`.\n\n" + table(config, config, defaults, notes=False),
        "entries": "# Entries of datasets and methods\n\n"
        + "\n".join(f"## {title}\n\n{table(part, root)}" for title, part, root in entries),
        "python": "# Reference of the Python package\n\n"
        "[The Python package](../docs/python-api.md) has examples.\n\n" + "\n".join(interface()),
    }


def table(
    schema: dict[str, Any], root: dict[str, Any], defaults: Any = None, *, notes: bool = True
) -> str:
    """A row for each key: type, default or whether it is required, and the note of the schema."""
    columns = ["key", "type", "default", *(["note"] if notes else [])]
    rows = [columns, ["---"] * len(columns), *keys(schema, root, defaults or {})]
    return "".join(f"| {' | '.join(row[: len(columns)])} |\n" for row in rows)


def keys(
    schema: dict[str, Any], root: dict[str, Any], defaults: Any, above: str = ""
) -> Iterator[tuple[str, str, str, str]]:
    for name, given in schema.get("properties", {}).items():
        part = resolved(given, root)
        default = defaults.get(name, part.get("default")) if isinstance(defaults, dict) else None
        if isinstance(default, list | dict):
            shown = "see the file"
        elif default is None:
            shown = "required" if name in schema.get("required", []) else ""
        else:
            shown = f"`{str(default).lower() if isinstance(default, bool) else default}`"
        note = " ".join(str(part.get("description", "")).split()).replace("|", "\\|")
        yield f"`{above}{name}`", type_of(part, root), shown, note
        inner = default if isinstance(default, dict) else {}
        yield from keys(part, root, inner, f"{above}{name}.")


def resolved(part: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """A part of a schema with its reference followed."""
    reference = part.get("$ref", "").removeprefix("#/$defs/")
    return {**root["$defs"][reference], **part} if reference else part


def type_of(part: dict[str, Any], root: dict[str, Any]) -> str:
    part = resolved(part, root)
    if "enum" in part:
        return " or ".join(f"`{value}`" for value in part["enum"])
    types = part.get("type", "any")
    text = " or ".join(types if isinstance(types, list) else [types])
    if isinstance(part.get("items"), dict):
        text = text.replace("array", f"array of {type_of(part['items'], root)}")
    limits = [
        f"{words} {part[key]}"
        for key, words in (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"))
        if key in part
    ]
    return ", ".join([text, *limits])


def interface() -> Iterator[str]:
    """The public names of ``stbench.api`` with their signatures and docstrings."""
    scripts = PROJECT / "scripts"
    package = ast.parse((scripts / "stbench/api/__init__.py").read_text("utf-8"))
    for statement in package.body:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            path = scripts / statement.module.replace(".", "/")
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            body = ast.parse(file.read_text("utf-8")).body
            for alias in statement.names:
                yield from described(alias.name, statement.module, body)


def described(name: str, module: str, body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            result = f" -> {ast.unparse(statement.returns)}" if statement.returns else ""
            signature = f"{name}({ast.unparse(statement.args)}){result}"
        elif isinstance(statement, ast.ClassDef) and statement.name == name:
            signature = f"class {name}"
        else:
            continue
        yield f"## {name}\n\n```python\n{signature}\n```\n\n`{module}`\n"
        yield f"```text\n{ast.get_docstring(statement)}\n```\n"


if __name__ == "__main__":
    folder, report = map(Path, sys.argv[1:])
    shutil.rmtree(folder, ignore_errors=True)
    collect(folder)
    add_report(report, folder)
