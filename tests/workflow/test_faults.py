"""Methods, data and configurations that go wrong: one clear line each, and the table stands."""

import json
import re
import subprocess
import sys

import anndata
import numpy as np
import pytest
import yaml

from workflow.conftest import TISSUE

NAUGHTY = {
    "raises": "raise ValueError('the matrix is cursed')",
    "hangs": "import time; time.sleep(600)",
    "writes_nan": "return Fit(embedding=np.full((adata.n_obs, 3), np.nan, dtype=np.float32))",
    "eats_memory": "return [bytearray(10**8) for _ in range(1000)]",
    "dies": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
}
METHOD = """import numpy as np
from stbench.fitting.interface import Fit


def fit(adata, n_domains, seed, device, params, record):
    {body}
"""


def add_method(flow, name, body):
    """The three pieces of a method: script, rule, entry."""
    (flow.source / f"scripts/methods/{name}.py").write_text(METHOD.format(body=body))
    template = (flow.source / "rules/methods/pca.smk").read_text()
    (flow.source / f"rules/methods/{name}.smk").write_text(template.replace("pca", name))
    entry = {
        "title": name,
        "implementation": "reimplemented",
        "citation": "none",
        "licence": "MIT",
        "resources": {
            "mem_mb": {"base": 1000},
            "minutes": {"base": 0.05 if name == "hangs" else 5},
        },
    }
    with (flow.source / "config/methods.yaml").open("a") as entries:
        entries.write(f"\n{yaml.safe_dump({name: entry})}")


def final_ari(flow, index):
    return flow.results().query("protocol == 'final' and metric == 'ARI'").set_index(index)


def test_misbehaving_methods_get_their_status_and_the_table_stands(copied_workflow):
    flow = copied_workflow
    statuses = {"writes_nan": "nan", "dies": "killed", "hangs": "timeout", "eats_memory": "oom"}
    for name in statuses:
        add_method(flow, name, NAUGHTY[name])
    methods = ",".join(["smoothed_pca", *statuses])
    run = flow.run(
        f"datasets=[{TISSUE}]",
        *("seeds=[0]", f"methods=[{methods}]", "clusterers=[kmeans]", "rank_by=kmeans"),
        args=("results/default/tables",),
    )
    assert run.returncode == 0, run.stdout
    final = final_ari(flow, "method")
    assert dict(final.status) == {"smoothed_pca": "ok", **statuses}
    assert "2000 MB" in final.reason["eats_memory"]  # of the second attempt
    retry = "retry: tissue, eats_memory, seed 0: oom: more than the 1000 MB"
    assert retry in run.stdout
    assert not re.search("Select jobs|Finished jobid|Error in rule|Building DAG", run.stdout)


LOST = {
    "BZ5": "wrong bytes",
    "V1": "data not available",
    "invalid": "coordinates: NaN or infinite in 60 cells",
}


def test_data_and_methods_that_fail_in_one_run_leave_every_other_entry(copied_workflow):
    """A download is corrupt, another cannot be had, a file is invalid; a method raises."""
    flow = copied_workflow
    add_method(flow, "raises", NAUGHTY["raises"])
    corrupt(flow)
    own_file(flow.folder / "mine.h5ad")
    own_file(flow.folder / "invalid.h5ad", spatial=np.full((60, 2), np.nan))
    own = (
        "{id: labeled, path: mine.h5ad, n_domains: 3, label: domain}",
        "{id: unlabeled, path: mine.h5ad, n_domains: [2, 4]}",
        "{id: invalid, path: invalid.h5ad, n_domains: 3}",
    )
    config = (
        f"datasets=[BZ5, V1, {', '.join(own)}]",
        "methods=[pca,raises]",
        "seeds=[0]",
        "clusterers=[kmeans]",
        "rank_by=kmeans",
    )
    run = flow.run(*config, args=("results/default/summary.txt",))
    assert run.returncode == 0, run.stdout
    final = final_ari(flow, ["dataset", "method"])
    labeled = final.loc["labeled"]
    assert dict(labeled.status) == {"pca": "ok", "raises": "error"}
    assert "the matrix is cursed" in labeled.reason["raises"]
    for dataset, reason in LOST.items():
        assert set(final.loc[dataset].status) == {"not_applicable"}
        assert final.loc[dataset].reason.str.contains(reason).all()
    exploratory = flow.results().query(
        "dataset == 'unlabeled' and method == 'pca' and protocol == 'final'"
    )
    assert set(exploratory.n_domains) == {2, 4} and exploratory.exploratory.all()
    assert set(exploratory.query("metric == 'ARI'").status) == {"not_applicable"}
    assert set(exploratory.query("metric == 'CHAOS'").status) == {"ok"}
    assert_both_hashes_are_named(flow)
    text = (flow.folder / "results/default/summary.txt").read_text()
    assert text in run.stdout
    last = "Failed: 2 fits and 3 datasets. `make retry`, then run again: only these are tried."
    assert text.splitlines()[-1] == last

    # What the last line says: reset, and only these are to be made again.
    program = [sys.executable, flow.source / "scripts/retry_failed.py", "--reset"]
    told = subprocess.run(program, cwd=flow.folder, capture_output=True, text=True)
    assert told.returncode == 0 and "5 reset" in told.stdout
    again = flow.run(*config, args=("--dry-run", "--quiet", "host")).stdout
    fits = set(re.findall(r"^    output: results/fits/([^/]+/[^/]+)/\S+/seed0$", again, re.M))
    assert fits == {f"{dataset}/{method}" for dataset in LOST for method in ("pca", "raises")} | {
        "labeled/raises",
        "unlabeled/raises",
    }


def assert_both_hashes_are_named(flow):
    """Of the file with the wrong byte: the one that was expected, and the one that was found."""
    status = json.loads(flow.found("raw/BZ5/*/status.json").read_text())
    assert status["status"] == "error"
    assert "6766a908c810b344ef5c26f91143c29f981c78b39b12a6db71d1d2f44df9fdd5" in status["reason"]
    assert len([word for word in status["reason"].split() if len(word.strip(".,;:()")) == 64]) == 2


def corrupt(flow):
    """One wrong bit in the committed file."""
    file = flow.source / "resources/mirror/STARmap_mPFC/starmap_mpfc.RData"
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(content)


def own_file(path, **change):
    rng = np.random.default_rng(0)
    adata = anndata.AnnData(rng.poisson(2, (60, 12)).astype(np.float32))
    adata.obsm["spatial"] = rng.random((60, 2))
    adata.obs["domain"] = np.repeat(["a", "b", "c"], 20)
    for field, value in change.items():
        if field == "X":
            adata.X = value
        else:
            adata.obsm[field] = value
    adata.write_h5ad(path)


MINE = "datasets=[{id: mine, path: mine.h5ad, n_domains: 3, label: domain}]"


def test_a_refused_file_alone_fails_the_run_with_its_reason(workflow):
    coordinates = np.random.default_rng(0).random((60, 2))
    coordinates[7, 1] = np.nan
    own_file(workflow.folder / "mine.h5ad", spatial=coordinates)
    run = workflow.run(MINE, "methods=[pca]", "seeds=[0]", "clusterers=[kmeans]", "rank_by=kmeans")
    assert run.returncode != 0
    assert "mine" in run.stdout and "coordinates: NaN or infinite in 1 cells" in run.stdout
    assert re.search(
        r"^failed: results/\S+: .*^  log: results/logs/\S+\.log$", run.stdout, re.M | re.S
    )
    assert "error: 1 job failed; completed outputs are kept; fix the cause" in run.stdout
    assert "Traceback" not in run.stdout


@pytest.mark.parametrize("config", ["seed=[0]", "seeds=[zero]"])
def test_a_wrong_configuration_is_refused_in_one_line(workflow, config):
    run = workflow.run(config)
    lines = [line for line in run.stdout.splitlines() if line.startswith("error:")]
    assert run.returncode != 0
    assert len(lines) == 1 and config.split("=")[0] in lines[0], run.stdout
    assert "Traceback" not in run.stdout
    assert not (workflow.folder / "results").exists()
