"""Failed cells are listed, and reset with everything that rests on them."""

import json

import anndata
import numpy as np
import pandas as pd
import pytest

from helpers.finished_fits import config, configuration
from helpers.programs import run_here
from stbench.clustering.mclust import NOT_FOUND
from stbench.common.paths import PROJECT
from stbench.config.keys import layout_of
from stbench.fitting.requirements import missing
from stbench.interactions.communication import write_no_communication
from stbench.runs.retry import _was_missing
from stbench.runs.run_record import note_end, note_start, read_run

PROGRAM = PROJECT / "scripts/retry_failed.py"
OTHER = ("other", "stague")  # of another configuration
OK = {"status": "ok", "reason": ""}


def status(folder, status, reason=""):
    folder.mkdir(parents=True)
    (folder / "status.json").write_text(json.dumps({"status": status, "reason": reason}))


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")


@pytest.fixture
def layout(tmp_path):
    """Two datasets; one is not available, on the other one fit in three failed."""
    datasets = [{"id": name, "simulate": {"layout": "rings"}} for name in ("good", "lost")]
    chosen = {"name": "mine", "methods": ["pca", "stague", "bass"], "seeds": [0, 1]}
    asked = config(**chosen, datasets=datasets)
    layout = layout_of(configuration(**asked), tmp_path / "results")
    for name, facts in (("good", {"status": "ok"}), ("lost", {"status": "error"})):
        adata = anndata.AnnData(np.zeros((0, 0), np.float32))
        adata.uns["dataset"] = {"reason": "data not available: ask the authors", **facts}
        for path in (layout.data(name), layout.preprocessed(name)):
            path.parent.mkdir(parents=True)
            adata.write_h5ad(path)
    status(layout.fit("good", "pca", 0), "ok")
    status(layout.fit("good", "stague", 0), "ok")
    status(layout.fit("good", "stague", 1), "oom", "too big")
    status(layout.fit("good", "bass", 0), "not_applicable", "R not found")
    status(layout.fit("lost", "pca", 0), "not_applicable", "data not available")
    for entry in (("good", "pca"), ("good", "stague"), ("good", "bass"), ("lost", "pca")):
        touch(layout.labels(*entry))
        touch(layout.scores(*entry))
        pd.DataFrame({"seed": [0], **OK}).to_parquet(layout.scores(*entry))
    for entry in (("good", "stague"), ("good", "deeplinc"), ("lost", "stague"), OTHER):
        touch(layout.root / "interactions" / "/".join(entry) / "key/status.json")
    for dataset in ("good", "lost", "other"):
        touch(layout.root / f"interactions/{dataset}/key.parquet")
    for name in ("mine", "other"):
        touch(layout.root / name / "results.parquet")
        touch(layout.root / name / "tables/ARI_final.csv")
        touch(layout.root / name / "summary.txt")
    note_end(layout, note_start(layout, asked, [], jobs=1), failed=True)
    return layout


@pytest.fixture
def with_r(monkeypatch):
    """R counts as installed."""
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr("stbench.runs.retry.find_spec", lambda name: name)


@pytest.fixture
def results(layout):
    return layout.root


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


def test_reset_deletes_what_failed_and_what_was_made_of_it(layout):
    root = layout.root
    assert run(root, "--reset").returncode == 0
    kept = [
        layout.data("good"),
        layout.preprocessed("good"),
        layout.fit_status("good", "pca", 0),
        layout.fit_status("good", "stague", 0),
        layout.fit_status("good", "bass", 0),
        *(
            kind("good", method)
            for kind in (layout.labels, layout.scores)
            for method in ("pca", "bass")
        ),
    ]
    assert files(root) == {str(path.relative_to(root)) for path in kept} | {
        "interactions/good/deeplinc/key/status.json",
        "interactions/other/stague/key/status.json",
        "interactions/other/key.parquet",
        "other/results.parquet",
        "other/tables/ARI_final.csv",
        "other/summary.txt",
        "mine/run.json",
    }
    assert "no failed entries" in run(root).stdout


def test_a_failed_method_without_a_cell_graph_leaves_the_interactions(layout):
    stague = layout.fit_status("good", "stague", 1)
    stague.write_text(json.dumps({"status": "ok", "reason": ""}))
    status(layout.fit("good", "pca", 1), "killed", "cancelled")
    assert run(layout.root, "--reset").returncode == 0
    kept = {name for name in files(layout.root) if name.startswith("interactions/good/")}
    places = ("stague/key/status.json", "deeplinc/key/status.json", "key.parquet")
    assert kept == {f"interactions/good/{place}" for place in places}


@pytest.mark.parametrize("there", [True, False])
def test_what_was_missing_is_retried_once_it_may_be_there(tmp_path, monkeypatch, there):
    monkeypatch.setattr("stbench.runs.retry.PROJECT", tmp_path)
    monkeypatch.setattr("shutil.which", lambda name: name if there else None)
    monkeypatch.setattr("stbench.runs.retry.find_spec", lambda name: name if there else None)
    if there:
        (tmp_path / ".venv-novae").mkdir()
        (tmp_path / ".venv-novae/.ready").touch()
    for reason in (missing("novae", "novae"), missing("BASS", "bass"), NOT_FOUND):
        assert _was_missing(str(reason)) is there
    assert _was_missing(str(missing("scanpy"))) and not _was_missing("needs a lattice")


def test_a_fit_whose_environment_was_missing_is_retried(layout, with_r):
    status(layout.fit("good", "bass", 1), "not_applicable", str(missing("BASS", "bass")))
    rows = [line.split()[:4] for line in run(layout.root, "--reset").stdout.splitlines()]
    assert ["good", "bass", "1", "not_applicable"] in rows
    assert layout.fit("good", "bass", 0).exists() and not layout.fit("good", "bass", 1).exists()
    assert not layout.labels("good", "bass").exists()


def test_every_missing_environment_is_retried_on_request(layout, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    status(layout.fit("good", "bass", 1), "not_applicable", str(missing("BASS", "bass")))
    assert "BASS" not in run(layout.root).stdout
    assert run(layout.root, "--reset", "--environments").returncode == 0
    assert layout.fit("good", "bass", 0).exists() and not layout.fit("good", "bass", 1).exists()


def test_maps_and_tests_of_genes_that_failed_are_made_again(tmp_path):
    own = tmp_path / "own.h5ad"
    own.touch()
    markers = {"genes": ["A"]}
    datasets = [{"id": "own", "path": str(own), "n_domains": 3}]
    asked = config(name="mine", methods=["pca"], datasets=datasets, markers=markers)
    layout = layout_of(configuration(**asked), tmp_path / "results")
    maps, tests = layout.domains("own", "h5ad"), layout.markers("own") / "genes.csv"
    for path in (maps, tests):
        path.parent.mkdir(parents=True)
    adata = anndata.AnnData(np.zeros((0, 0), np.float32))
    adata.uns["stbench"] = {"status": "error", "reason": "the maps broke"}
    adata.write_h5ad(maps)
    pd.DataFrame({"status": ["error"], "reason": ["the tests broke"]}).to_csv(tests, index=False)
    note_end(layout, note_start(layout, asked, [], jobs=1), failed=True)
    listed = run(layout.root, "--reset").stdout
    assert "the maps broke" in listed and "the tests broke" in listed
    assert not maps.exists() and not tests.exists()


def test_a_failed_download_is_reset_without_any_run(tmp_path):
    """As after make fetch, which makes no scores."""
    file = tmp_path / "mine.yaml"
    file.write_text("datasets: [BZ5]\nmethods: [pca]\ninteractions: {reach: 30}\n")
    asked = config(name="mine", methods=["pca"], datasets=["BZ5"])
    layout = layout_of(configuration(**asked), tmp_path / "results")
    status(layout.raw("BZ5"), "error", "no network")
    assert "no network" in run(layout.root, "--configfile", file, "--reset").stdout
    assert not layout.raw("BZ5").exists()


@pytest.mark.parametrize(
    ("row", "reset"),
    [
        (("error", "the program crashed (SIGSEGV)"), True),
        (("not_applicable", NOT_FOUND), True),
        (("not_applicable", "epochs cannot be observed"), False),
    ],
)
def test_labels_and_scores_that_failed_are_made_again_of_the_same_fit(layout, with_r, row, reset):
    state, reason = row
    scores = pd.DataFrame({"seed": [0, 1], "status": ["ok", state], "reason": ["", reason]})
    status(layout.fit("good", "pca", 1), "ok")
    scores.to_parquet(layout.scores("good", "pca"))
    listed = run(layout.root, "--reset").stdout
    assert (reason in listed) is reset
    assert (
        layout.labels("good", "pca").exists() is layout.scores("good", "pca").exists() is not reset
    )
    assert layout.fit("good", "pca", 0).exists() and layout.fit("good", "pca", 1).exists()


def test_an_analysis_that_failed_is_made_again(layout):
    folder = layout.interactions("good", "stague")
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"dataset": ("ok", ""), "all parts": ("error", "the disk was full")}
    parts = {name: {"status": s, "reason": reason} for name, (s, reason) in parts.items()}
    (folder / "status.json").write_text(json.dumps(parts))
    assert "the disk was full" in run(layout.root, "--reset").stdout
    assert not folder.exists() and layout.fit("good", "stague", 0).exists()
    assert layout.labels("good", "pca").exists()


def test_scores_of_interactions_that_failed_are_made_again(layout):
    path = layout.interaction_scores("good")
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = {"scorer": ["stague", "distance"], "status": ["ok", "error"], "reason": ["", "it broke"]}
    pd.DataFrame(rows).to_parquet(path)
    assert "it broke" in run(layout.root, "--reset").stdout
    assert not path.exists() and layout.fit("good", "stague", 0).exists()


def test_the_log_of_attempts_goes_with_the_fit(layout):
    log = layout.attempts("good", "stague", 1)
    touch(log)
    assert run(layout.root, "--reset").returncode == 0
    assert not log.exists()


@pytest.mark.parametrize("downloaded", [True, False])
def test_published_files_that_were_fetched_are_kept(downloaded, tmp_path):
    asked = config(name="mine", methods=["pca"], datasets=["BZ5"])
    layout = layout_of(configuration(**asked), tmp_path / "results")
    adata = anndata.AnnData(np.zeros((0, 0), np.float32))
    adata.uns["dataset"] = {"status": "error", "reason": "it broke"}
    layout.preprocessed("BZ5").parent.mkdir(parents=True)
    adata.write_h5ad(layout.preprocessed("BZ5"))
    status(layout.raw("BZ5"), "ok" if downloaded else "error", "no network")
    note_end(layout, note_start(layout, asked, [], jobs=1), failed=True)
    assert run(layout.root, "--reset").returncode == 0
    assert layout.raw("BZ5").exists() is downloaded
    assert not layout.preprocessed("BZ5").exists()


def test_nothing_is_deleted_while_a_run_is_working(layout):
    note_start(layout, read_run(layout).config, [], jobs=1)
    before = files(layout.root)
    refused = run(layout.root, "--reset")
    assert refused.returncode == 1
    assert "a run of mine is still working" in refused.stderr
    assert files(layout.root) == before


def test_where_nothing_was_run_it_says_so(tmp_path):
    listed = run(tmp_path / "results")
    assert listed.returncode == 1
    assert listed.stderr.startswith("error: ") and "nothing has been run" in listed.stderr


def test_a_tool_that_was_not_installed_is_reset_with_the_scores_that_it_is_part_of(tmp_path):
    interactions = {
        **{"graph": "raw", "threshold": 0.5, "threshold_by": "value", "shuffles": 10},
        **{"reach": 8, "communication": ["commot", "laris"]},
    }
    datasets = [{"id": "good", "simulate": {"layout": "rings"}}]
    asked = config(name="mine", methods=["stague"], datasets=datasets, interactions=interactions)
    layout = layout_of(configuration(**asked), tmp_path / "results")
    write_no_communication(layout.communication("good", "commot"), "error", "not installed")
    write_no_communication(layout.communication("good", "laris"), "not_applicable", "no types")
    touch(layout.interaction_scores("good"))
    pd.DataFrame([OK]).to_parquet(layout.interaction_scores("good"))
    note_end(layout, note_start(layout, asked, [], jobs=1), failed=True)
    listed = run(layout.root).stdout
    assert "commot" in listed and "not installed" in listed and "laris" not in listed
    assert run(layout.root, "--reset").returncode == 0
    assert not layout.communication("good", "commot").exists()
    assert not layout.interaction_scores("good").exists()
    assert layout.communication("good", "laris").exists()


@pytest.mark.parametrize("state", ["ok", "error"])
def test_scores_of_deconvolution_that_failed_are_made_again(state, tmp_path):
    pair = {"id": "pair", "spot_size": 2, "simulate": {"layout": "rings", "n_cells": 200}}
    asked = config(name="mine", methods=["nnls"], seeds=[0], datasets=[pair])
    layout = layout_of(configuration(**asked), tmp_path / "results")
    status(layout.fit("pair", "nnls", 0), "ok")
    path = layout.scores("pair", "nnls")
    path.parent.mkdir(parents=True)
    rows = {"metric": ["rmse"], "status": [state], "reason": ["" if state == "ok" else "it broke"]}
    pd.DataFrame(rows).to_parquet(path)
    note_end(layout, note_start(layout, asked, [], jobs=1), failed=True)
    listed = run(layout.root, "--reset").stdout
    failed = state == "error"
    assert ("it broke" in listed) is failed and path.exists() is not failed
    assert layout.fit("pair", "nnls", 0).exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"[1, 2]", "not a configuration"), (b"\xff\xfe\x00", "not a readable YAML file")],
)
def test_a_file_that_is_no_configuration_is_one_line(tmp_path, content, reason):
    (tmp_path / "results").mkdir()
    (tmp_path / "mine.yaml").write_bytes(content)
    refused = run(tmp_path / "results", "--configfile", tmp_path / "mine.yaml")
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1
    assert refused.stderr.startswith("error: ") and reason in refused.stderr
