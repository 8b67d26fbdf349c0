"""What is seen of a run: the plan before it, its progress, partial tables half-way."""

import json
import re
import subprocess
import sys

import pandas as pd

from workflow.conftest import TISSUE

SMALL = (
    f"datasets=[{TISSUE}]",
    "methods=[pca,random]",
    "seeds=[0,1]",
    "clusterers=[kmeans]",
    "rank_by=kmeans",
)


def status(flow):
    command = [sys.executable, flow.source / "scripts/status.py"]
    told = subprocess.run(command, cwd=flow.folder, capture_output=True, text=True)
    return told.stdout + told.stderr


def test_a_run_from_its_plan_to_its_end(copied_workflow):
    workflow = copied_workflow  # nobody edits it between the runs
    results = workflow.folder / "results"
    own = results / "default"

    lock = workflow.folder / ".snakemake/locks/0.output.lock"  # of another run in this folder
    lock.parent.mkdir(parents=True)
    lock.write_text("results/x\n")
    planned = workflow.run(*SMALL, args=("plan", "--nolock"))
    assert planned.returncode == 0, planned.stdout
    assert lock.exists()
    lock.unlink()
    assert "1 dataset x 2 methods x 2 seeds: 2 entries, 4 fits" in planned.stdout
    assert len(pd.read_csv(own / "plan.csv")) == 2
    assert "no run has been started here" in status(workflow)

    early = workflow.run(*SMALL, args=("tables",))
    assert early.returncode != 0 and "none is scored" in early.stdout
    assert not (own / "run.json").exists()  # neither of them is a run

    scores = workflow.paths(("scores", "tissue", "pca"), config=SMALL)
    half = workflow.run(*SMALL, args=(*scores,))
    assert half.returncode == 0, half.stdout
    assert "2 of 4 fits: 2 ok; 0 running, 2 left" in half.stdout
    assert "2 of 4 fits" in status(workflow) and "ended after" in status(workflow)

    tables = workflow.run(*SMALL, args=("tables",))
    assert tables.returncode == 0, tables.stdout
    assert "partial: 1 of 2 entries are scored" in tables.stdout
    ari = pd.read_csv(own / "partial/tables/ARI_final.csv").set_index("method")
    assert ari["status"].to_dict() == {"pca": "ok", "random": "pending"}
    assert not (results / "fits/tissue/random").exists()

    before = (own / "run.json").read_text()
    dry = workflow.run(*SMALL, args=("--dry-run",))
    assert dry.returncode == 0 and not re.search(r"\d of 4 fits", dry.stdout)
    assert (own / "run.json").read_text() == before

    whole = workflow.run(*SMALL, args=("results/default/tables",))
    assert whole.returncode == 0, whole.stdout
    assert "4 of 4 fits: 4 ok" in whole.stdout
    note = json.loads((own / "run.json").read_text())
    assert note["ended"] > note["started"] and not note["failed"]
    assert note["fits"] == [["domains", "tissue", "random", seed] for seed in (0, 1)]
    (own / "summary.txt").write_text("What the run found: ARI .5")
    planned = workflow.run(*SMALL, args=("plan",)).stdout
    assert "4 ok, 0 not applicable, 0 failed; 0 left" in planned
    assert "What the run found" not in planned and "ARI" not in planned  # no summary again
