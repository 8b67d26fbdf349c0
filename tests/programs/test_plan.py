"""make plan: what there is, what is left, what it takes; nothing is started."""

import json

import pandas as pd

from helpers.finished_fits import config, configuration, write_fit, write_preprocessed
from helpers.programs import run_here
from stbench.common.paths import PROJECT
from stbench.config.keys import layout_of


def plan(results, *flags, **more):
    command = [PROJECT / "scripts/plan.py", "--config", json.dumps(config(**more))]
    return run_here(*command, "--results", results, *flags, cwd=results)


def row(text, title):
    return next(line.split() for line in text.splitlines() if line.startswith(title))


def test_done_failed_and_left_are_told_apart(tmp_path):
    chosen = {"datasets": ["BZ5", "sim_layers"], "methods": ["pca", "stague", "bass"]}
    layout = layout_of(configuration(**chosen), tmp_path)
    write_preprocessed(layout, "BZ5", 1049, 166)
    write_fit(layout, "BZ5", "pca", 0)
    write_fit(layout, "BZ5", "pca", 1)
    write_fit(layout, "BZ5", "stague", 0, "oom")
    write_fit(layout, "BZ5", "bass", 0, "not_applicable")
    table = tmp_path / "plan.csv"
    done = plan(*(tmp_path, "--output", table, "--jobs", "4"), **chosen)
    assert done.returncode == 0, done.stderr
    assert "2 datasets x 3 methods x 2 seeds: 6 entries, 12 fits" in done.stdout
    assert "2 ok, 1 not applicable, 1 failed; 8 left" in done.stdout
    assert row(done.stdout, "fit ") == ["fit", "12", "8"]
    assert row(done.stdout, "preprocess") == ["preprocess", "2", "1"]
    assert "at most" in done.stdout and "for methods never measured: bass" in done.stdout
    assert "for a held-out dataset: a factor of" in done.stdout
    assert "with 4 jobs at a time" in done.stdout
    assert "on a cluster: 4 submissions: 4 bundles, " in done.stdout
    cells = pd.read_csv(table).set_index(["dataset", "method"])
    assert cells.loc[("BZ5", "pca"), ["fits", "ok", "left"]].tolist() == [2, 2, 0]
    assert cells.loc[("BZ5", "stague"), ["failed", "left"]].tolist() == [1, 1]
    assert cells.loc[("BZ5", "bass"), "basis"] == "limit"
    assert cells.loc[("sim_layers", "pca"), "seconds"] > 0


def test_data_that_cannot_be_had_cost_nothing(tmp_path):
    chosen = {"datasets": ["BZ5", "Stereo-seq", "BZ9"], "methods": ["stague"]}
    failed = layout_of(configuration(**chosen), tmp_path).raw("BZ5") / "status.json"
    failed.parent.mkdir(parents=True)
    failed.write_text(json.dumps({"status": "error", "reason": "the host is down"}))
    done = plan(tmp_path, **chosen)
    assert done.returncode == 0, done.stderr
    assert "not available: the host is down" in done.stdout
    assert "4 of these fits only record missing data: BZ5, Stereo-seq" in done.stdout
    *_, bz5, stereo, bz9 = row(done.stdout, "stague (GPU)")
    assert bz5 == stereo == "-" != bz9


def test_own_fits_are_counted_among_the_measurements(tmp_path):
    write_preprocessed(tmp_path, "BZ5", 1049, 166)
    write_fit(tmp_path, "BZ5", "stague", 0, seconds=900.0, parameters={"epochs": 100})
    done = plan(tmp_path, datasets=["BZ5"], methods=["stague"])
    assert "and 1 of this results folder, which took" in done.stdout


def test_many_datasets_are_shown_in_blocks_and_a_wrong_configuration_in_one_line(tmp_path):
    datasets = [{"id": f"t{i}", "simulate": {"layout": "rings", "seed": i}} for i in range(20)]
    done = plan(tmp_path, datasets=datasets, methods=["pca"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("time of a fit") == 2
    assert max(map(len, done.stdout.splitlines())) < 250
    wrong = plan(tmp_path, methods=["stageu"])
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("error: config: methods: unknown method 'stageu'")


def test_too_little_memory_and_too_large_tissues_are_named(tmp_path):
    large = {"id": "large", "simulate": {"layout": "layers", "n_cells": 300_000}}
    chosen = {"datasets": ["BZ5", large], "methods": ["graphst", "bass"]}
    layout = layout_of(configuration(**chosen), tmp_path)
    write_preprocessed(layout, "BZ5", 1049, 166)
    write_fit(layout, "BZ5", "bass", 0, peak_rss_mb=50_000)
    done = plan(tmp_path, **chosen)
    assert done.returncode == 0, done.stderr
    assert "-, too large: more cells than the method's max_cells" in done.stdout
    assert row(done.stdout, "graphst (GPU)")[-1] == "-"
    (line,) = [line for line in done.stdout.splitlines() if "may need more memory" in line]
    assert line.startswith("bass may need") and "on 1 dataset: " in line


def test_environments_that_were_not_created_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("stbench.runs.plan_text.python_of", lambda *_: "python")
    done = plan(tmp_path, datasets=["BZ5"], methods=["pca", "novae", "drsc"])
    said = [line for line in done.stdout.splitlines() if "without their environments" in line]
    assert said == [
        "not applicable without their environments, except with conda: novae; create them first: "
        "make setup-novae"
    ]


def test_without_interactions_and_with_the_whole_paper(tmp_path):
    from stbench.config.schema import load_yaml

    paper = load_yaml(PROJECT / "config/paper.yaml")
    done = plan(tmp_path, **paper, interactions=None)
    assert done.returncode == 0, done.stderr
    assert "15 datasets x 41 methods x 5 seeds: 590 entries, 2950 fits" in done.stdout
    assert not any(line.startswith("interactions") for line in done.stdout.splitlines())


def test_a_second_entry_is_on_some_datasets_only(tmp_path):
    chosen = {"datasets": ["BZ5", "sim_layers"], "methods": ["stague"], "published_settings": True}
    done = plan(tmp_path, **chosen)
    assert done.returncode == 0, done.stderr
    assert "2 datasets x 2 methods x 2 seeds: 3 entries, 6 fits" in done.stdout
    assert row(done.stdout, "stague__published (GPU)")[-1] == "-"


def test_variants_of_a_method_take_as_long_as_it_does(tmp_path):
    table = tmp_path / "plan.csv"
    variants = {"stague": {"vary": {"gamma": [1]}, "without": {"triplet": {"margin_weight": 0}}}}
    done = plan(
        *(tmp_path, "--output", table), datasets=["BZ5"], methods=["stague"], variants=variants
    )
    assert done.returncode == 0, done.stderr
    cells = pd.read_csv(table)
    assert len(cells) == 3 and set(cells["basis"]) == {"measured"}
    assert cells["seconds"].nunique() == 1
