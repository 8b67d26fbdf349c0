"""A machine without any network, given nothing but a bundle, runs the configurations."""

import shutil
import subprocess
import sys
import tarfile

import pytest

from stbench.common.paths import PROJECT
from workflow.conftest import QUICK, Workflow, copy_of_the_project, environment


def without_network(command, **more):
    """Run a command in a network namespace of its own, which has no route to anywhere."""
    return subprocess.run(
        ["unshare", "--net", "--map-root-user", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **more,
    )


def bundled_mirror(flow, folder):
    """What `make fetch` and `make bundle` make of BZ5, unpacked elsewhere."""
    assert flow.run("datasets=[BZ5]", args=("fetch",)).returncode == 0
    bundle = folder / "bundle.tar"
    program = [sys.executable, flow.source / "scripts/bundle.py", "--output", bundle]
    subprocess.run([*program, flow.found("raw/BZ5/*")], check=True)
    with tarfile.open(bundle) as tar:
        tar.extractall(folder, filter="data")
    shutil.rmtree(flow.folder / "results")
    shutil.rmtree(flow.source / "resources/mirror")
    return folder / "stbench-bundle/mirror"


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """The workflow and a function that runs it without a route, from a bundle of BZ5."""
    folder = tmp_path_factory.mktemp("offline")
    source = copy_of_the_project(folder / "copy")
    flow = Workflow(source, source, environment())
    probe = "import socket; socket.create_connection(('192.0.2.1', 80), 5)"
    tried = without_network([sys.executable, "-c", probe]) if shutil.which("unshare") else None
    if tried is None or "unshare" in tried.stdout:
        pytest.skip(f"no network namespace: {tried.stdout.strip() if tried else 'no unshare'}")
    assert "Network is unreachable" in tried.stdout
    mirror = bundled_mirror(flow, folder)

    def run(*config, args=()):
        done = without_network(
            flow.command(*config, args=("results/default/tables", *args)),
            cwd=flow.folder,
            env={**flow.environment, "STBENCH_MIRROR": str(mirror)},
        )
        assert done.returncode == 0, done.stdout
        final = flow.results().query("protocol == 'final' and metric == 'ARI'")
        return final[final.clusterer == "kmeans"]

    return run


def test_the_default_configuration_runs_from_a_bundle_without_a_route(offline):
    narrow = (
        "datasets=[BZ5, V1]",
        "methods=[stague, pca]",
        "seeds=[0]",
        "clusterers=[kmeans]",
        "rank_by=kmeans",
    )
    final = offline(*narrow, QUICK)
    statuses = final.groupby("dataset").status.unique().apply(list).to_dict()
    assert statuses == {"BZ5": ["ok"], "V1": ["not_applicable"]}
    reasons = set(final[final.dataset == "V1"].reason)
    assert all("data not available: put V1/adata.h5ad into a mirror folder" in r for r in reasons)


def test_the_real_configuration_runs_what_a_bundle_has_without_a_route(offline):
    real = str(PROJECT / "config/real.yaml")
    narrow = ("name=default", "methods=[pca]", "seeds=[0]", "clusterers=[kmeans]", "rank_by=kmeans")
    final = offline(*narrow, args=("--configfile", real))
    ok = set(final[final.status == "ok"].dataset)
    assert ok == {"BZ5", "BZ9", "BZ14"}
    missing = final[~final.dataset.isin(ok)]
    assert set(missing.dataset) == {"V1_0410", "osmFISH", "DLPFC151510"}
    assert missing.reason.str.startswith("data not available: ").all()
