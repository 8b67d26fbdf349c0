"""A machine without any network, given nothing but a bundle, runs the default configuration."""

import shutil
import subprocess
import sys
import tarfile

import pytest

from workflow.conftest import QUICK


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
    subprocess.run([*program, flow.folder / "results/raw/BZ5"], check=True)
    with tarfile.open(bundle) as tar:
        tar.extractall(folder, filter="data")
    shutil.rmtree(flow.folder / "results")
    shutil.rmtree(flow.source / "resources/mirror")
    return folder / "stbench-bundle/mirror"


def test_the_default_configuration_runs_from_a_bundle_without_a_route(copied_workflow, tmp_path):
    flow = copied_workflow
    probe = "import socket; socket.create_connection(('192.0.2.1', 80), 5)"
    tried = without_network([sys.executable, "-c", probe]) if shutil.which("unshare") else None
    if tried is None or "unshare" in tried.stdout:
        pytest.skip(f"no network namespace: {tried.stdout.strip() if tried else 'no unshare'}")
    assert "Network is unreachable" in tried.stdout
    mirror = bundled_mirror(flow, tmp_path)
    narrow = ("datasets=[BZ5, V1]", "methods=[stague, pca]", "seeds=[0]", "clusterers=[kmeans]")
    run = without_network(
        flow.command(*narrow, QUICK, args=("results/tables",)),
        cwd=flow.folder,
        env={**flow.environment, "STBENCH_MIRROR": str(mirror)},
    )
    assert run.returncode == 0, run.stdout
    final = flow.results().query("protocol == 'final' and metric == 'ARI'")
    statuses = final.groupby("dataset").status.unique().apply(list).to_dict()
    assert statuses == {"BZ5": ["ok"], "V1": ["not_applicable"]}
    reasons = set(final[final.dataset == "V1"].reason)
    assert all("data not available: put V1/adata.h5ad into a mirror folder" in r for r in reasons)
