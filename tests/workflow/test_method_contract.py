"""Every method there is, on a tissue of 200 cells: what each must give, whatever it computes."""

import os

import pytest

from check_method import in_a_process, make_tissue, planned_jobs, points
from helpers.copies import Copies
from helpers.programs import run_apart, run_here
from helpers.r import needs_r
from stbench.common.paths import PROJECT, SCRIPTS
from workflow.test_faults import add_method

METHODS = sorted(path.stem for path in (PROJECT / "rules/methods").glob("*.smk"))
# What most methods need, loaded once; a fit is then a copy of that process. Packages that start
# threads while they are loaded must not be among them.
LIBRARIES = (
    "anndata, scanpy, torch, torch_geometric, sklearn.cluster, sklearn.mixture, "
    "matplotlib.pyplot, networkx, igraph, leidenalg"
)
LOAD = (
    f"import sys; sys.path.insert(1, {str(SCRIPTS)!r}); import {LIBRARIES}; "
    "from stbench.graphs.compiled import keep_compiled; keep_compiled()"
)


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contract")
    return planned_jobs(METHODS, folder), folder


@pytest.fixture(scope="module")
def run():
    """Runs a fit in a copy of one process."""
    copies = Copies(LOAD)

    def run(words, log):
        python, *rest = words
        if python == "python":
            log.write_text(copies.run(rest, log.parent.parent, os.environ).stdout)
        else:  # an environment of its own, which no copy of this process has
            in_a_process(words, log)

    return run


@pytest.mark.parametrize("method", METHODS)
def test_a_method_keeps_the_contract(planned, run, method):
    jobs, folder = planned
    job = jobs[method]
    tissue = folder / job.preprocessed
    if not all((folder / path).is_file() for path in (job.preprocessed, *job.more)):
        tissue = make_tissue(job, folder)
    found, declined = points(method, job, tissue, folder / method, run)
    assert [point for point in found if point.problem] == []
    if declined:
        pytest.skip(declined)
    assert len(found) == 9


def test_no_method_but_the_jittered_truth_reads_truth(planned):
    jobs, _ = planned
    assert jobs.keys() == set(METHODS)
    assert {method for method, job in jobs.items() if job.more} == {"jittered_truth"}


def test_the_program_names_the_points_that_fail(copied_workflow):
    flow = copied_workflow
    add_method(flow, "mine", "return Fit(embedding=np.random.default_rng().random((200, 2)))")
    done = run_apart(flow.source / "scripts/check_method.py", "mine")
    assert done.returncode == 1, done.stdout
    lines = done.stdout.splitlines()
    assert [line for line in lines if not line.startswith("PASS ")] == [
        "FAIL repeat: the same seed gives the same bytes: embedding differ"
    ]
    assert len(lines) == 9 and done.stderr == "error: mine: 1 of 9 points failed\n"


@pytest.mark.parametrize("flags", [(), pytest.param(("--r",), marks=needs_r)])
def test_a_method_begins_with_pieces_that_work(copied_workflow, flags):
    source = copied_workflow.source
    made = run_apart(source / "scripts/new_method.py", "mine", "--repository", source, *flags)
    assert made.returncode == 0, made.stderr
    done = run_apart(source / "scripts/check_method.py", "mine")
    points = done.stdout.splitlines()
    assert len(points) == 9, done.stderr
    # What its author has to change: the texts, and that it draws no random numbers.
    failed = [point.partition(":")[0] for point in points if point.startswith("FAIL")]
    assert failed == ["FAIL entry", "FAIL seed"]


def test_a_method_without_a_rule_or_an_entry_is_one_line():
    done = run_here(SCRIPTS / "check_method.py", "stauge")
    assert done.returncode == 1
    assert done.stderr == "error: stauge: no such method (did you mean 'stague'?)\n"
