"""Failed cells are listed, and reset with everything that rests on them."""

import json

import anndata
import numpy as np
import pytest

from helpers.finished_fits import config
from helpers.programs import run_here
from stbench.common.paths import PROJECT
from stbench.config.layout import Layout
from stbench.runs.run_record import note_start

PROGRAM = PROJECT / "scripts/retry_failed.py"


def status(folder, status, reason=""):
    folder.mkdir(parents=True)
    (folder / "status.json").write_text(json.dumps({"status": status, "reason": reason}))


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")


@pytest.fixture
def results(tmp_path):
    """Two datasets; one could not be had, on the other one fit in three failed."""
    root = tmp_path / "results"
    status(root / "raw/good", "ok")
    status(root / "raw/lost", "error", "data not available: ask the authors")
    for folder in ("data", "preprocessed"):
        for name, facts in (("good", {"status": "ok"}), ("lost", {"status": "error"})):
            (root / folder).mkdir(exist_ok=True)
            adata = anndata.AnnData(np.zeros((0, 0), np.float32))
            adata.uns["dataset"] = {"reason": "data not available: ask the authors", **facts}
            adata.write_h5ad(root / folder / f"{name}.h5ad")
    status(root / "fits/good/pca/seed0", "ok")
    status(root / "fits/good/stague/seed0", "ok")
    status(root / "fits/good/stague/seed1", "oom", "too big")
    status(root / "fits/good/bass/seed0", "not_applicable", "R not found")
    status(root / "fits/lost/pca/seed0", "not_applicable", "data not available")
    for cell in ("good/pca", "good/stague", "good/bass", "lost/pca"):
        touch(root / f"labels/{cell}.h5")
        touch(root / f"scores/{cell}.parquet")
    for cell in ("good/stague", "good/deeplinc", "lost/stague", "other/stague"):
        touch(root / f"interactions/{cell}/status.json")
    for dataset in ("good", "lost", "other"):
        touch(root / f"interactions/{dataset}/scores.parquet")
    for name in ("mine", "other"):
        touch(root / name / "results.parquet")
        touch(root / name / "tables/ARI_final.csv")
        touch(root / name / "summary.txt")
    chosen = {"name": "mine", "methods": ["pca", "stague", "bass"], "seeds": [0, 1]}
    datasets = [{"id": name, "simulate": {"layout": "rings"}} for name in ("good", "lost")]
    note_start(Layout(root, "mine"), config(**chosen, datasets=datasets), [], jobs=1)
    return root


def run(results, *flags):
    return run_here(PROGRAM, "--results", results, *flags)


def files(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_failed_cells_are_listed_and_nothing_is_touched(results):
    before = files(results)
    listed = run(results)
    assert listed.returncode == 0
    rows = [line.split(maxsplit=4) for line in listed.stdout.splitlines()]
    assert rows[:2] == [
        ["dataset", "method", "seed", "status", "reason"],
        ["lost", "(data)", "error", "data", "not available: ask the authors"],
    ]
    assert rows[2] == ["good", "stague", "1", "oom", "too big"]
    assert "2 failed" in listed.stdout
    assert files(results) == before


def test_reset_deletes_what_failed_and_what_was_made_of_it(results):
    assert run(results, "--reset").returncode == 0
    assert files(results) == {
        "raw/good/status.json",
        "data/good.h5ad",
        "preprocessed/good.h5ad",
        "fits/good/pca/seed0/status.json",
        "fits/good/stague/seed0/status.json",
        "fits/good/bass/seed0/status.json",
        "labels/good/pca.h5",
        "labels/good/bass.h5",
        "scores/good/pca.parquet",
        "scores/good/bass.parquet",
        "interactions/good/deeplinc/status.json",
        "interactions/other/stague/status.json",
        "interactions/other/scores.parquet",
        "other/results.parquet",
        "other/tables/ARI_final.csv",
        "other/summary.txt",
        "mine/run.json",
    }
    assert "no failed entries" in run(results).stdout


def test_a_failed_method_without_a_cell_graph_leaves_the_interactions(results):
    stague = results / "fits/good/stague/seed1/status.json"
    stague.write_text(json.dumps({"status": "ok", "reason": ""}))
    status(results / "fits/good/pca/seed1", "killed", "cancelled")
    assert run(results, "--reset").returncode == 0
    kept = {name for name in files(results) if name.startswith("interactions/good/")}
    places = ("stague/status.json", "deeplinc/status.json", "scores.parquet")
    assert kept == {f"interactions/good/{place}" for place in places}


def test_where_nothing_was_run_it_says_so(tmp_path):
    listed = run(tmp_path / "results")
    assert listed.returncode == 1
    assert listed.stderr.startswith("error: ") and "nothing has been run" in listed.stderr
