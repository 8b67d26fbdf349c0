"""Where a run may write, what paths may be called, and that two runs do not share a folder."""

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest

from helpers.malformed import MALFORMED, good
from stbench.common.h5ad import read_elements
from stbench.common.paths import PROJECT
from workflow.conftest import TISSUE, Workflow, environment

CONFIG = (
    f"datasets=[{TISSUE}]",
    "methods=[pca]",
    "seeds=[0]",
    "clusterers=[kmeans]",
    "rank_by=kmeans",
)
DATA = ("datasets",)


def errors(text):
    return [line for line in text.splitlines() if line.startswith("error:")]


@contextmanager
def read_only(folder):
    """A folder that nobody can write to; root needs a disk of its own for that."""
    folder.mkdir()
    if os.geteuid():
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(0o755)
        return
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("root may write everywhere, and mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_results_folder_is_one_line(workflow):
    with read_only(workflow.folder / "results"):
        run = workflow.run(*CONFIG, args=DATA)
    assert run.returncode != 0
    (line,) = errors(run.stdout)
    assert "results: the results cannot be written" in line
    assert "Traceback" not in run.stdout


def test_a_missing_scratch_folder_is_one_line(workflow):
    workflow.environment["TMPDIR"] = str(workflow.folder / "none")
    run = workflow.run(*CONFIG, args=DATA)
    assert run.returncode != 0
    (line,) = errors(run.stdout)
    assert "TMPDIR" in line and "is missing" in line


def test_an_unwritable_cache_is_one_line_of_make(workflow):
    """Snakemake needs its cache before it reads the Snakefile, so make asks first."""
    (workflow.folder / "file").write_text("")
    environment = {**workflow.environment, "XDG_CACHE_HOME": str(workflow.folder / "file/cache")}
    program = workflow.source / "scripts/preflight.py"
    command = [workflow.command()[0], str(program)]
    run = subprocess.run(
        command, cwd=workflow.folder, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "the cache cannot be written" in run.stderr and "XDG_CACHE_HOME" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    makefile = (workflow.source / "Makefile").read_text()
    assert "SNAKEMAKE = $(BIN)/python scripts/preflight.py && " in makefile


def test_a_second_run_in_the_same_folder_is_refused_and_the_first_goes_on(workflow):
    log = (workflow.folder.parent / "first.log").open("w")
    with (
        log,
        subprocess.Popen(
            workflow.command(*CONFIG, args=DATA),
            cwd=workflow.folder,
            env=workflow.environment,
            stdout=log,
            stderr=log,
        ) as first,
    ):
        locks = workflow.folder / ".snakemake/locks"
        while first.poll() is None and not list(locks.glob("*")):
            time.sleep(0.02)
        first.send_signal(signal.SIGSTOP)  # it waits for us, so that the second one meets it
        second = workflow.run(*CONFIG, args=DATA)
        first.send_signal(signal.SIGCONT)
        assert first.wait() == 0
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stdout
    assert "no other Snakemake process" in second.stdout
    assert workflow.found("data/tissue/*.h5ad").is_file()


CASES = list(MALFORMED)[:30:8]
HOSTILE = {
    "spaces": "a  b .h5ad",
    "quotes": """it's "mine".h5ad""",
    "commands": "x; touch sprung; $(touch sprung) `touch sprung` && touch sprung #.h5ad",
    "newline": "one\nline.h5ad",
    "unicode": "Großhirn 脳.h5ad",
    "option": "-rf.h5ad",
    "glob": "[a]*?.h5ad",
}


def section(name, path, **more):
    return {"id": name, "path": path, "n_domains": 2, "label": "cluster", **more}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """One run that prepares files with hostile names, and some that are malformed."""
    folder = tmp_path_factory.mktemp("prepared")
    sections = []
    for name, path in HOSTILE.items():
        good().write_h5ad(folder / path)
        sections.append(section(name, path))
    broken = {f"bad{i}": MALFORMED[case] for i, case in enumerate(CASES)}
    for name, (write, changes, _) in broken.items():
        write(folder / f"{name}.h5ad")
        sections.append(section(name, f"{name}.h5ad", **changes))
    file = folder / "config.json"
    file.write_text(json.dumps({"datasets": sections, "methods": ["pca"]}))
    flow = Workflow(PROJECT, folder, environment())
    targets = flow.paths(*(("data", each["id"]) for each in sections), file=str(file))
    run = flow.run(args=(*targets, "--configfile", str(file)))
    assert run.returncode == 0, run.stdout
    return flow, broken


def test_paths_may_hold_anything(prepared):
    """Quotes, ``;``, ``$()``, newlines: they are names of files and never more than that."""
    flow, _ = prepared
    for name in HOSTILE:
        assert flow.found(f"data/{name}/*.h5ad").is_file()
        log = flow.found(f"logs/prepare/{name}/*.log").read_text()
        assert "40 cells x 6 genes" in log, log
    assert not (flow.folder / "sprung").exists()


def test_malformed_files_are_each_recorded(prepared):
    """Some of them; every one is tried with the program alone."""
    flow, broken = prepared
    for name, (_, _, message) in broken.items():
        made = read_elements(flow.found(f"data/{name}/*.h5ad"), "uns/dataset")
        told = made["uns/dataset"]
        assert told["status"] == "error" and message.replace("mine", name) in told["reason"]
        log = flow.found(f"logs/prepare/{name}/*.log").read_text()
        assert len([line for line in log.splitlines() if line.startswith(name)]) == 1
        assert "Traceback" not in log
