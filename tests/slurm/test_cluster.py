"""The benchmark on a real SLURM: what it asks for and gives, how killed jobs end, and bundles.

Two runs at the same time, as most of their time is waiting.
"""

import json
import subprocess
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import anndata
import numpy as np
import pytest

from stbench.common.paths import PROJECT
from stbench.config.benchmark import load_benchmark
from stbench.config.schema import load_yaml
from workflow.conftest import QUICK, TISSUE, Workflow, copy_of_the_project, environment
from workflow.test_faults import add_method

SMALL = (
    f"datasets=[{TISSUE}, BZ5]",
    "methods=[stague]",
    "seeds=[0]",
    QUICK,
    "clusterers=[kmeans]",
    "rank_by=kmeans",
    "interactions=null",
    "published_settings=false",
)
# Fits of the run, those of its tables and one that needs no GPU; each is clustered as well.
FITS = [("stague", "tissue"), ("stague", "BZ5"), ("pca", "BZ5")]
FAULTS = {
    "cancelled": "import time; time.sleep(600)",
    "overtime": "import time; time.sleep(600)",
    # More than the first attempt's 1000 MB, less than the second's.
    "hungry": "import time; eaten = b'x' * (1200 << 20); time.sleep(3)\n"
    "    return Fit(embedding=adata.obsm['X_pca'])",
}
# What is in the configuration is submitted in bundles, the targets beyond it one by one.
BUNDLES = {"data-1_prepare_preprocess_simulate", "gpu-1_train_stague"}
BUNDLES |= {"scores-1_aggregate_cluster_score"}
# Members of bundles.
MEMBERS = {
    "greedy": "return [bytearray(10**8) for _ in range(1000)]",
    "hungry": FAULTS["hungry"],
    "dies": "import os; os.kill(os.getpid(), 9)",
    # Waits in the first attempt, until the test cancels the whole job.
    "waits": "import time; from pathlib import Path; seen = Path('seen').resolve()\n"
    "    first = not seen.exists(); seen.touch(); time.sleep(600 * first)\n"
    "    return Fit(embedding=adata.obsm['X_pca'])",
}
BUNDLED = (
    f"datasets=[{TISSUE}]",
    f"methods=[random, pca, {', '.join(MEMBERS)}]",
    "seeds=[0]",
    "clusterers=[kmeans]",
    "rank_by=kmeans",
    "interactions=null",
    "published_settings=false",
)


@dataclass
class Run:
    """A finished run on the cluster, and the same benchmark on this machine alone."""

    cluster: Workflow
    local: Workflow
    jobs: dict[str, list[dict[str, str]]]
    scripts: dict[str, str]


@dataclass
class Bundles:
    """A finished run whose short jobs were submitted together, and its jobs."""

    flow: Workflow
    jobs: list[dict[str, str]]


def status_of(flow, method):
    path = flow.found(f"fits/tissue/{method}/*/seed0/status.json")
    return json.loads(path.read_text())


def rule(job):
    return job["Comment"].removeprefix("rule_").split("_wildcards_")[0]


def started(flow, method):
    """How often the supervisor has begun the fit."""
    logs = (flow.folder / "results").glob(f"attempts/tissue/{method}/*/seed0.jsonl")
    return sum(log.read_text().count('"start"') for log in logs)


class Interference:
    """Cancels every attempt of one fit; lets SLURM's time limit pass for another."""

    def __init__(self, slurm, flow):
        self.slurm, self.flow = slurm, flow
        self.shortened, self.cancelled = set(), set()

    def __call__(self):
        for job in self.slurm.jobs(self.flow.folder):
            number = job["JobId"]
            if job["JobState"] != "RUNNING":
                continue
            late = rule(job) == "train_overtime" and started(self.flow, "overtime")
            if late and number not in self.shortened:
                self.shortened.add(number)
                limit = ["scontrol", "update", f"JobId={number}", "TimeLimit=1"]
                subprocess.run(limit, check=True)
            running = started(self.flow, "cancelled") > len(self.cancelled)
            if rule(job) == "train_cancelled" and running and number not in self.cancelled:
                self.cancelled.add(number)
                subprocess.run(["scancel", number], check=True)


class FirstBundleCancelled:
    """Cancels the first job as soon as its member that waits has started."""

    def __init__(self, slurm, flow):
        self.slurm, self.flow = slurm, flow
        self.done = False

    def __call__(self):
        if not self.done and (self.flow.folder / "seen").exists():
            (job,) = self.slurm.jobs(self.flow.folder)
            self.done = subprocess.run(["scancel", job["JobId"]]).returncode == 0


def changed_copy(folder, methods):
    """A copy of the project with more methods, by their bodies, and an empty folder to run in."""
    folder.mkdir()
    flow = Workflow(copy_of_the_project(folder / "source"), folder / "cluster", environment())
    flow.folder.mkdir()
    for name, body in methods.items():
        add_method(flow, name, body)
    return flow


@pytest.fixture(scope="module")
def runs(slurm, tmp_path_factory):
    """One whose fits are jobs of their own, and one whose short fits share a job."""
    folder = tmp_path_factory.mktemp("slurm")
    cluster = changed_copy(folder / "single", FAULTS)
    bundled = changed_copy(folder / "bundled", MEMBERS)
    local = Workflow(cluster.source, folder / "local", environment())
    local.folder.mkdir()
    asked = [("fit", "tissue", name, 0) for name in FAULTS]
    pca, *fits = cluster.paths(("labels", "BZ5", "pca"), *asked, config=SMALL)
    made = ("results/default/tables", pca)
    with ThreadPoolExecutor() as beside:
        alone = beside.submit(local.run, *SMALL, args=made)
        second = beside.submit(
            slurm.run, bundled, BUNDLED, made[:1], FirstBundleCancelled(slurm, bundled)
        )
        slurm.run(cluster, SMALL, (*made, *fits), Interference(slurm, cluster))
        assert alone.result().returncode == 0, alone.result().stdout
        second.result()
    jobs = defaultdict(list)
    for job in slurm.jobs(cluster.folder):
        jobs[rule(job)].append(job)
    scripts = {job["JobId"]: slurm.job_script(job["JobId"]) for job in slurm.jobs(cluster.folder)}
    bundles = slurm.jobs(bundled.folder)
    return Run(cluster, local, dict(jobs), scripts), Bundles(bundled, bundles)


@pytest.fixture(scope="module")
def run(runs):
    return runs[0]


@pytest.fixture(scope="module")
def bundles(runs):
    return runs[1]


def minutes(limit):
    """SLURM's [days-]hours:minutes:seconds."""
    days, _, clock = limit.rpartition("-")
    hours, rest, _ = clock.split(":")
    return int(days or 0) * 1440 + int(hours) * 60 + int(rest)


def megabytes(memory):
    return int(float(memory[:-1]) * {"M": 1, "G": 1024}[memory[-1]])


def asked(job):
    return megabytes(job["MinMemoryNode"]), minutes(job["TimeLimit"]), int(job["CPUs/Task"])


def test_every_gpu_method_asks_for_a_gpu_and_nothing_else_does(run):
    for name, jobs in run.jobs.items():
        gpus = {job.get("TresPerJob") for job in jobs}
        assert gpus == ({"gres:gpu:1"} if "train_stague" in name else {None}), name


def test_memory_time_and_threads_are_those_of_the_rules(run):
    assert [asked(job) for job in run.jobs["cluster"]] == [(4000, 240, 1)]
    config = load_yaml(PROJECT / "config/config.yaml")
    benchmark = load_benchmark({**config, "datasets": ["BZ5"]}, PROJECT / "config")
    (job,) = run.jobs["train_pca"]
    limit = 10 + benchmark.minutes("pca", "BZ5")
    assert asked(job) == (400 + benchmark.mem_mb("pca", "BZ5", 1), limit, 1)
    (job,) = run.jobs["gpu-1_train_stague"]
    memory, minutes_, threads = asked(job)
    assert (memory, threads) == (400 + benchmark.mem_mb("stague", "BZ5", 2), 1)
    assert minutes_ > benchmark.minutes("stague", "BZ5")


def test_downloads_run_where_snakemake_runs(run):
    alone = {"cluster", *(f"train_{name}" for name in ("pca", *FAULTS))}
    assert set(run.jobs) == BUNDLES | alone
    assert run.cluster.found("raw/BZ5/*/status.json").exists()
    assert all("download" not in script for script in run.scripts.values())


def test_jobs_go_to_the_partition_of_the_profile_and_name_no_account(run):
    profile = load_yaml(PROJECT / "profiles/slurm/profile.yaml")["default-resources"]
    for job in chain.from_iterable(run.jobs.values()):
        assert job["Partition"] == profile["slurm_partition"]
        assert job["Account"] == "(null)"


def test_the_results_are_those_of_a_local_run_byte_for_byte(run):
    assert len(run.local.tables()) > 3
    assert run.cluster.tables() == run.local.tables()
    for method, dataset in FITS:
        path = f"fits/{dataset}/{method}/*/seed0/fit.h5ad"
        ours, theirs = (
            anndata.read_h5ad(flow.found(path)).obsm["embedding"]
            for flow in (run.cluster, run.local)
        )
        np.testing.assert_array_equal(ours, theirs)


def test_a_job_that_is_cancelled_each_time_ends_as_killed(run):
    states = [job["JobState"] for job in run.jobs["train_cancelled"]]
    assert states == ["CANCELLED", "CANCELLED", "COMPLETED"]
    # The last one runs nothing: it records the others, with the memory of the first.
    assert [asked(job)[0] for job in run.jobs["train_cancelled"]] == [1400, 2400, 1400]
    status = status_of(run.cluster, "cancelled")
    assert (status["status"], status["attempt"]) == ("killed", 3)
    assert status["reason"].count("SIGTERM") == 2


def test_a_job_past_slurms_time_limit_ends_as_timeout_without_a_third_try(run):
    states = [job["JobState"] for job in run.jobs["train_overtime"]]
    assert states == ["TIMEOUT", "COMPLETED"]
    assert status_of(run.cluster, "overtime")["status"] == "timeout"
    assert "ended by SLURM at its time limit" in status_of(run.cluster, "overtime")["reason"]


def test_out_of_memory_is_sent_again_with_more_memory(run):
    assert [asked(job)[0] for job in run.jobs["train_hungry"]] == [1400, 2400]
    assert (
        status_of(run.cluster, "hungry")["status"],
        status_of(run.cluster, "hungry")["attempt"],
    ) == ("ok", 2)


def test_no_job_retries_within_its_allocation(run):
    assert all("--retries 0" in script for script in run.scripts.values())


def test_few_jobs_are_submitted_and_a_cancelled_one_is_repeated(bundles):
    names = [job["Comment"].removeprefix("rule_").split("_")[0] for job in bundles.jobs]
    assert names == ["data-1", "data-1", "scores-1"]
    assert [job["JobState"] for job in bundles.jobs] == ["CANCELLED", "COMPLETED", "COMPLETED"]


def test_a_bundle_asks_for_one_core_and_the_memory_of_its_largest_job(bundles):
    assert {job["CPUs/Task"] for job in bundles.jobs} == {"1"}
    assert [job["MinMemoryNode"] for job in bundles.jobs] == ["8000M", "16000M", "4000M"]


def test_a_member_that_fails_fails_alone(bundles):
    assert status_of(bundles.flow, "greedy")["status"] == "oom"
    assert "2000 MB" in status_of(bundles.flow, "greedy")["reason"]
    assert status_of(bundles.flow, "dies")["status"] == "killed"
    for method in ("random", "pca", "hungry", "waits"):
        assert status_of(bundles.flow, method)["status"] == "ok", method
    final = bundles.flow.results().query("protocol == 'final' and metric == 'ARI'")
    assert final.groupby("method").status.first().to_dict() == {
        **dict.fromkeys(("random", "pca", "hungry", "waits"), "ok"),
        **{"greedy": "oom", "dies": "killed"},
    }
