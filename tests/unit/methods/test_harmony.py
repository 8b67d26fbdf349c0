"""Harmony on joined sections: what it takes out, what it leaves, and where it says no."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import yaml
from anndata import AnnData
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from methods import harmony
from stbench.common.errors import NotApplicableError
from stbench.common.io import read_h5ad, write_h5ad
from stbench.common.paths import PROJECT
from stbench.data.preprocessing import preprocess
from stbench.data.sections import join_sections
from stbench.data.simulation import Tissue, simulate
from stbench.runs.environment import python_of

PARAMS = yaml.safe_load((PROJECT / "config/methods.yaml").read_text())["harmony"]["params"]
PYTHON = python_of("integration", PROJECT)
HERE = find_spec("harmonypy") is not None
needs_package = pytest.mark.skipif(
    not HERE and PYTHON == "python", reason="harmonypy is not installed: make setup-integration"
)


def sections(n_cells: int = 300) -> AnnData:
    """Two replicates, told apart by their genes' shifts; three domains."""
    shared = {"n_cells": n_cells, "n_genes": 200, "n_domains": 3, "contrast": 2.0}
    made = [
        simulate(Tissue(section=k, section_effect=0.6, seed=1, **shared), f"s{k}") for k in (1, 2)
    ]
    return join_sections(made, "both")


def fit(
    folder: Path,
    adata: AnnData,
    python: str,
    seed: int = 0,
    method: str = "harmony",
    params: dict = PARAMS,
) -> tuple[dict, AnnData | None]:
    """The outcome of scripts/fit.py, and the fit where there is one."""
    write_h5ad(folder / "in.h5ad", preprocess(adata))
    command = [python, PROJECT / "scripts/fit.py", "--method", method, "--seed", seed]
    command += ["--input", folder / "in.h5ad", "--output", folder / "fit"]
    command += ["--params", json.dumps(params)]
    subprocess.run(list(map(str, command)), capture_output=True, text=True)
    outcome = json.loads((folder / "fit/outcome.json").read_text())
    done = outcome["status"] == "ok"
    return outcome, read_h5ad(folder / "fit/fit.h5ad") if done else None


def agreement(embedding: np.ndarray, labels: object) -> float:
    found = KMeans(3, n_init=5, random_state=0).fit_predict(embedding)
    return adjusted_rand_score(labels, found)


@needs_package
def test_sections_are_mixed_and_domains_are_found_in_both(tmp_path) -> None:
    adata = sections()
    outcome, fitted = fit(tmp_path, adata, sys.executable if HERE else PYTHON)
    assert outcome["status"] == "ok", outcome
    before, after = preprocess(adata).obsm["X_pca"], fitted.obsm["embedding"]
    assert after.shape == before.shape and after.dtype == np.float32
    assert fitted.obs_names.equals(adata.obs_names)
    assert agreement(before, adata.obs["section"]) > 0.4
    assert agreement(after, adata.obs["section"]) < 0.05
    assert agreement(after, adata.obs["cluster"]) > agreement(before, adata.obs["cluster"]) + 0.1
    assert json.loads(fitted.uns["fit"]["info"])["iterations"] >= 1


@needs_package
def test_the_seed_decides(tmp_path) -> None:
    python = sys.executable if HERE else PYTHON
    one, again, other = (
        fit(tmp_path, sections(120), python, seed)[1].obsm["embedding"].tobytes()
        for seed in (0, 0, 1)
    )
    assert one == again != other


@needs_package
def test_too_few_cells_for_its_clusters(tmp_path) -> None:
    outcome, _ = fit(tmp_path, sections(22), sys.executable if HERE else PYTHON)
    assert outcome["status"] == "not_applicable"
    assert outcome["reason"] == "clusters of 30 cells: needs 45 cells, this dataset has 44"


@pytest.mark.skipif(HERE, reason="harmonypy is installed here")
def test_without_its_environment_it_says_what_to_install(tmp_path) -> None:
    outcome, _ = fit(tmp_path, sections(60), sys.executable)
    assert outcome["status"] == "not_applicable"
    assert outcome["reason"].startswith("environment missing: harmonypy is not installed: make ")


def test_one_section_leaves_nothing_to_correct() -> None:
    alone = preprocess(simulate(Tissue(n_cells=60), "alone"))
    joined = preprocess(sections(60))
    only_one = joined[joined.obs["section"] == "s1"].copy()
    for adata in (alone, only_one):
        with pytest.raises(NotApplicableError, match="this dataset has only one"):
            harmony.fit(adata, 3, 0, "cpu", PARAMS, lambda epoch, embedding: None)


@needs_package
def test_smoothed_harmony_is_the_mean_over_near_cells_of_what_harmony_gives(tmp_path) -> None:
    from stbench.graphs.neighbors import knn

    adata, folders = sections(), (tmp_path / "plain", tmp_path / "smoothed")
    for folder in folders:
        folder.mkdir()
    _, plain = fit(folders[0], adata, PYTHON)
    more = {**PARAMS, "n_neighbors": 15}
    _, averaged = fit(folders[1], adata, PYTHON, method="smoothed_harmony", params=more)
    near = knn(adata.obsm["spatial"], 15)[1]
    rows = np.column_stack([np.arange(adata.n_obs), near])
    expected = np.asarray(plain.obsm["embedding"])[rows].mean(axis=1)
    assert np.allclose(averaged.obsm["embedding"], expected, atol=1e-4)
