"""A description of a run for archives: ``ro-crate-metadata.json`` beside its results.

It follows RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) and the profile Process Run Crate 0.5: what
was run, on what, by which program, with which outcome, and who is to be cited.
"""

from __future__ import annotations

import datetime
import mimetypes
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from stbench.common.io import write_json
from stbench.config.layout import Layout
from stbench.runs.run_record import RunNote

FILE = "ro-crate-metadata.json"
_CRATE = "https://w3id.org/ro/crate/1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"

Entity = dict[str, Any]


def write_crate(
    layout: Layout,
    run: RunNote,
    software: Mapping[str, Any],
    commit: str,
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
) -> None:
    """Describe the files in the folder of a configuration.

    Args:
        layout: of the configuration.
        run: its latest run, which has ended.
        software: this project, as in ``CITATION.cff``.
        commit: of the code.
        datasets, methods: entries of the registry by id; ``title``, ``citation``, ``licence`` and
            ``sha256`` are used where they exist.
    """
    ended = _time(run.ended or run.seen)
    files = [_file(path, layout.own) for path in _files(layout.own)]
    used = [_described("Dataset", f"#dataset-{name}", name, e) for name, e in datasets.items()]
    programs = [
        _described("SoftwareApplication", f"#method-{name}", name, e) for name, e in methods.items()
    ]
    benchmark = {
        "@id": "#stbench",
        "@type": "SoftwareApplication",
        "name": software["title"],
        "version": f"{software['version']} ({commit})",
        "softwareRequirements": [_link(entity) for entity in programs],
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"stbench: results of {layout.name}",
        "description": "Scores, tables, figures and report of a benchmark of methods for spatial "
        "transcriptomics.",
        "datePublished": ended,
        "license": "Not stated. Each dataset has a license of its own.",
        "conformsTo": {"@id": _PROFILE},
        "hasPart": [_link(entity) for entity in files],
        "mentions": {"@id": "#run"},
    }
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"run of the configuration {layout.name}",
        "instrument": _link(benchmark),
        "object": [_link(entity) for entity in used],
        "result": [_link(entity) for entity in files],
        "startTime": _time(run.started),
        "endTime": ended,
        "actionStatus": f"http://schema.org/{'Failed' if run.failed else 'Completed'}ActionStatus",
    }
    descriptor = {
        "@id": FILE,
        "@type": "CreativeWork",
        "about": _link(root),
        "conformsTo": {"@id": _CRATE},
    }
    profile = {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate"}
    graph = [descriptor, root, profile, action, benchmark, *files, *used, *programs]
    write_json(layout.own / FILE, {"@context": f"{_CRATE}/context", "@graph": graph})


def _files(folder: Path) -> Iterable[Path]:
    """All files of a configuration but this description and what a run is working on."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.name != FILE:
            yield path


def _file(path: Path, folder: Path) -> Entity:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return {
        "@id": path.relative_to(folder).as_posix(),
        "@type": "File",
        "name": path.name,
        "encodingFormat": kind,
        "contentSize": str(path.stat().st_size),
    }


def _described(kind: str, identifier: str, name: str, entry: Mapping[str, Any]) -> Entity:
    facts = {
        "name": entry.get("title") or name,
        "identifier": name,
        "creditText": entry.get("citation"),
        "license": entry.get("licence"),
        "sha256": entry.get("sha256"),
    }
    known = {key: str(value) for key, value in facts.items() if value}
    return {"@id": identifier, "@type": kind, **known}


def _link(entity: Mapping[str, Any]) -> dict[str, str]:
    return {"@id": entity["@id"]}


def _time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="seconds")
