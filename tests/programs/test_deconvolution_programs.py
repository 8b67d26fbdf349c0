"""The configuration and the programs of deconvolution, from files to tables."""

from __future__ import annotations

import json

import pandas as pd
from anndata import read_h5ad

from helpers.deconvolution import METHODS, simulated
from helpers.programs import run_here
from stbench.common.io import write_h5ad
from stbench.common.paths import CONFIG, PROJECT
from stbench.config.benchmark import load_benchmark
from stbench.config.pairs import raw_parts
from stbench.config.schema import load_yaml
from stbench.deconvolution.pairs import checked_pair
from stbench.deconvolution.proportions import read_proportions, truth_as_anndata


def test_the_committed_configuration():
    config = load_yaml(CONFIG / "config.yaml") | load_yaml(CONFIG / "deconvolution.yaml")
    made = load_benchmark(config, CONFIG)
    assert made.tasks == ["deconvolution"]
    assert set(config["methods"]) == set(METHODS)
    sizes = {pair["spot_size"] for pair in made.datasets.values() if "simulate" in pair}
    assert len(sizes) == 3
    assert raw_parts(made.datasets["DECONV_STARmap"]) == {
        "spots": "DECONV_STARmap",
        "reference": "V1_0410_cells",
    }
    assert made.datasets["DECONV_seqFISHplus"]["reference_is"] == "oracle"
    assert made.params("spatialfusion", "DECONV_STARmap")["epochs"] == 600
    assert made.params("tangram", "DECONV_STARmap")["epochs"] == 300  # budget: cpu


def run(program: str, *arguments: object):
    return run_here(PROJECT / "scripts" / program, *arguments)


def test_from_files_of_ones_own_to_the_summary(tmp_path):
    spots, reference, truth = simulated()
    spots.obsm["shares"] = truth
    spots.write_h5ad(tmp_path / "s.h5ad")
    reference.write_h5ad(tmp_path / "r.h5ad")
    own = {
        "id": "mine",
        "spots": {"path": str(tmp_path / "s.h5ad"), "proportions": "shares"},
        "reference": {"path": str(tmp_path / "r.h5ad"), "celltype": "celltype"},
        "reference_is": "replicate",
    }
    files = {part: tmp_path / f"out/{part}.h5ad" for part in ("spots", "reference", "truth")}
    written = [word for part, path in files.items() for word in (f"--{part}", path)]
    made = run("prepare_deconvolution.py", "--pair", json.dumps(own), *written)
    assert made.returncode == 0, made.stderr
    assert "mine: " in made.stdout and "4 types" in made.stdout
    tables = []
    for method in ("nnls", "mean_reference", "tangram_that_fails"):
        folder = tmp_path / f"fits/{method}/seed0"
        status = {"status": "oom", "reason": "too large", "seed": 0}
        if method in METHODS:
            fit = run(
                *("fit_deconvolution.py", "--method", method, "--output", folder),
                *("--spots", files["spots"], "--reference", files["reference"]),
            )
            assert fit.returncode == 0, fit.stderr
            assert read_h5ad(folder / "fit.h5ad").obsm["proportions"].shape == truth.shape
            status = {"status": "ok", "reason": "", "seed": 0}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "status.json").write_text(json.dumps(status))
        tables.append(tmp_path / f"{method}.parquet")
        scored = run(
            *("score_deconvolution.py", "--dataset", "mine", "--fits", folder),
            *("--method", method if method in METHODS else "tangram", "--output", tables[-1]),
            *("--spots", files["spots"], "--truth", files["truth"]),
        )
        assert scored.returncode == 0, scored.stderr
    made = run(
        *("aggregate.py", "--deconvolution", *tables),
        *("--methods", PROJECT / "config/methods.yaml", "--tables", tmp_path / "tables"),
    )
    assert made.returncode == 0, made.stderr
    told = run(
        *("summarize.py", "--deconvolution", *tables, "--tables", tmp_path / "tables"),
        *("--figures", tmp_path / "figures", "--output", tmp_path / "summary.txt"),
    )
    assert told.returncode == 0, told.stderr
    summary = (tmp_path / "summary.txt").read_text()
    assert "reference: cells of another replicate" in summary
    assert "NNLS: better than all controls (disjoint intervals) in 8 of 8 metrics" in summary
    assert "oom: too large" in summary
    table = pd.read_csv(tmp_path / "tables/deconvolution_jsd.csv")
    assert list(table["method"]) == ["nnls", "mean_reference", "tangram"]
    assert table["mean"].notna().tolist() == [True, True, False]
    assert table["status"].tolist() == ["ok", "ok", "oom"]


def test_a_pair_that_is_refused_is_recorded_and_methods_say_why(tmp_path):
    spots, reference, _ = simulated()
    spots[:, :10].copy().write_h5ad(tmp_path / "s.h5ad")
    reference.write_h5ad(tmp_path / "r.h5ad")
    own = {
        "id": "mine",
        "spots": {"path": str(tmp_path / "s.h5ad")},
        "reference": {"path": str(tmp_path / "r.h5ad"), "celltype": "celltype"},
        "reference_is": "other",
    }
    files = {part: tmp_path / f"out/{part}.h5ad" for part in ("spots", "reference", "truth")}
    written = [word for part, path in files.items() for word in (f"--{part}", path)]
    refused = run("prepare_deconvolution.py", "--pair", json.dumps(own), *written)
    reason = "genes: spots and reference share 10, at least 50 are needed"
    assert refused.returncode == 1 and refused.stderr.startswith(f"error: mine: {reason}")
    assert not files["spots"].exists()
    recorded = run(
        "prepare_deconvolution.py", "--pair", json.dumps(own), *written, "--record-failure"
    )
    assert recorded.returncode == 0
    fit = run(
        *("fit_deconvolution.py", "--method", "nnls", "--output", tmp_path / "fit"),
        *("--spots", files["spots"], "--reference", files["reference"]),
    )
    assert fit.stderr.startswith(f"not_applicable: {reason}")


def test_tangram_without_its_environment_is_not_applicable(tmp_path):
    pair = checked_pair("mine", *simulated())
    for part, table in (("spots", pair.spots), ("reference", pair.reference)):
        write_h5ad(tmp_path / f"{part}.h5ad", table.copy())
    fit = run(
        *("fit_deconvolution.py", "--method", "tangram", "--output", tmp_path / "fit"),
        *("--spots", tmp_path / "spots.h5ad", "--reference", tmp_path / "reference.h5ad"),
    )
    assert fit.stderr.startswith("not_applicable: environment missing: tangram is not installed: ")
    assert "make setup-tangram" in fit.stderr


def test_a_pair_made_worse_by_the_program_or_why_it_was_not(tmp_path):
    spots, reference, truth = simulated()
    pair = checked_pair("mine", spots, reference, truth)
    pair.spots.uns["pair"] |= {"reference": "cells of another study", "notes": "as it was"}
    files = {part: tmp_path / f"{part}.h5ad" for part in ("spots", "reference", "truth")}
    write_h5ad(files["spots"], pair.spots)
    write_h5ad(files["reference"], pair.reference)
    write_h5ad(files["truth"], truth_as_anndata(pair.truth))
    given = [word for part, path in files.items() for word in (f"--base-{part}", path)]
    for level, n_spots in ((0.5, round(spots.n_obs / 2)), (0.1, 0)):
        entry = {"id": "mine.cells", "degrade": {"way": "cells", "level": level, "draw": 0}}
        written = {part: tmp_path / f"{level}/{part}.h5ad" for part in ("spots", "truth")}
        told = [word for part, path in written.items() for word in (f"--{part}", path)]
        made = run("degrade_deconvolution.py", "--pair", json.dumps(entry), *given, *told)
        assert made.returncode == 0, made.stderr
        worse = read_h5ad(written["spots"])
        assert worse.n_obs == n_spots == len(read_proportions(written["truth"]))
        facts = worse.uns["pair"]
        assert (facts["id"], facts["notes"]) == ("mine.cells", "as it was")
        assert facts["reference"] == "cells of another study"
        assert facts["status"] == ("ok" if n_spots else "error")
    assert "at least 20 are needed" in facts["reason"] and facts["reason"] in made.stderr
