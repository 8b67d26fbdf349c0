"""The target `fetch`: everything a configuration needs, or a list of what is missing."""

import json


def test_what_can_be_had_is_listed_with_its_source(workflow):
    run = workflow.run("datasets=[BZ5, BZ9, sim_layers]", args=("fetch",))
    assert run.returncode == 0, run.stdout
    assert "BZ5: 0.4 MB from zhengli09/BASS-Analysis" in run.stdout
    assert not (workflow.folder / "results/data").exists()


def test_what_cannot_be_had_stops_the_run_with_a_list(workflow):
    run = workflow.run("datasets=[BZ5, Stereo-seq]", args=("fetch",))
    assert run.returncode != 0
    assert "Stereo-seq: data not available" in run.stdout
    assert "error: 1 of 2 datasets are not available" in run.stdout
    assert "Traceback" not in run.stdout


def test_a_reproduction_goes_on_with_what_is_there(workflow):
    run = workflow.run("datasets=[BZ5, Stereo-seq]", args=("available",))
    assert run.returncode == 0, run.stdout
    assert "Stereo-seq: data not available" in run.stdout
    assert "1 of 2 datasets are not available; the others are used" in run.stdout
    run = workflow.run("datasets=[Stereo-seq]", args=("available",))
    assert run.returncode != 0
    assert "error: 1 of 1 datasets are not available" in run.stdout


def test_the_archive_is_got_where_it_is_chosen(workflow):
    """Without gdown or a network it is a reason, and another dataset is used."""
    sources = "sources={BZ9: STAGUE archive}"
    run = workflow.run("datasets=[BZ5, BZ9]", sources, args=("available",))
    assert run.returncode == 0, run.stdout
    status = json.loads(workflow.found("raw/archive/STAGUE_archive/status.json").read_text())
    assert status["status"] == "error" and "--archive" in status["reason"]
    assert "BZ9: data not available: put STAGUE_archive/BZ9/adata.h5ad into a mirror" in run.stdout
    assert "BZ5: 0.4 MB" in run.stdout
