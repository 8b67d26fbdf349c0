"""STAGUE as a program of its own: options, positions, columns, errors of one line."""

from __future__ import annotations

import sys
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import stague as stague_program
from helpers import own_sections
from helpers.programs import run_here
from helpers.two_halves import SMALL, tissue
from stbench.common.errors import InputError
from stbench.common.io import write_h5ad
from stbench.common.paths import SCRIPTS

PROGRAM = SCRIPTS / "stague.py"


def count_file(path: Path) -> ad.AnnData:
    """A file of counts of two halves."""
    adata = tissue()
    half = adata.uns.pop("half")
    adata.X = np.expm1(adata.X).round()
    adata.obs["mine"] = half
    adata.write_h5ad(path)
    return adata


def test_command_line(tmp_path: Path) -> None:
    half = count_file(tmp_path / "in.h5ad").obs["mine"]
    model = [text for name, value in SMALL.items() for text in (f"--{name}", value)]
    done = run_here(
        PROGRAM,
        *("--adata_file", tmp_path / "in.h5ad", "--output_dir", tmp_path / "out"),
        *("--n_clusters", 2, "--device", "cpu", "--adj_weight", 0.3, "--refine", 5, *model),
    )
    assert done.returncode == 0, done.stderr
    result = ad.read_h5ad(tmp_path / "out" / "adata_processed.h5ad")
    assert result.obsm["embedding"].shape == (80, 8)
    assert result.obsp["learned_adj_raw"].nnz == result.obsp["learned_adj_normalized"].nnz > 0
    assert result.obs["cluster_pred"].nunique() == 2
    assert (result.obs["mine"] == half).all()
    totals = np.expm1(np.asarray(result.X.todense())).sum(1)
    np.testing.assert_allclose(totals, totals[0], rtol=1e-4)  # all scaled to the median
    noted = result.uns["stague"]
    assert noted["parameters"]["adj_weight"] == 0.3 and noted["parameters"]["seed"] == 0
    assert noted["versions"]["torch"] and noted["versions"]["anndata"]
    lines = (tmp_path / "out" / "args.txt").read_text().splitlines()
    assert {"adj_weight: 0.3", "clu_model: kmeans", "n_clusters: 2"} <= set(lines)


def test_positions_may_be_columns_of_obs_and_texts_survive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adata = count_file(tmp_path / "spatial.h5ad")
    xy = np.asarray(adata.obsm.pop("spatial"))
    adata.obs["st_x"], adata.obs["st_y"] = xy.T
    adata.write_h5ad(tmp_path / "in.h5ad")
    found = ad.read_h5ad(tmp_path / "in.h5ad")
    found.obs["text"] = pd.array([f"cell {i}" for i in range(80)], dtype="string")
    found.obs["some"] = pd.array(["a", None] * 40, dtype="string")
    write_h5ad(tmp_path / "texts.h5ad", found)
    texts = ad.read_h5ad(tmp_path / "texts.h5ad").obs
    assert list(texts["text"][:2]) == ["cell 0", "cell 1"] and texts["some"].isna().sum() == 40
    model = [text for name, value in SMALL.items() for text in (f"--{name}", str(value))]
    model += ["--clu_model", "leiden"]
    paths = ["--adata_file", str(tmp_path / "texts.h5ad"), "--output_dir", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["stague.py", *paths, "--n_clusters", "2", *model])
    stague_program.main()
    result = ad.read_h5ad(tmp_path / "out" / "adata_processed.h5ad")
    np.testing.assert_allclose(result.obsm["spatial"], xy)
    assert list(result.obs["text"][:2]) == ["cell 0", "cell 1"]


def test_nullable_columns_survive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_sections.write_nullable_strings(tmp_path / "in.h5ad")
    model = [text for name, value in SMALL.items() for text in (f"--{name}", str(value))]
    paths = ["--adata_file", str(tmp_path / "in.h5ad"), "--output_dir", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["stague.py", *paths, "--n_clusters", "4", *model])
    stague_program.main()
    obs = ad.read_h5ad(tmp_path / "out" / "adata_processed.h5ad").obs
    assert list(obs) == ["cluster", "seen", "age", "words", "cluster_pred"]
    assert obs["words"].isna().sum() == 1 and obs["age"].isna().sum() == 40


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--norm_target", "nan"], "--norm_target nan: must be a number above 0"),
        (["--norm_target", "-5"], "--norm_target -5: must be a number above 0"),
        (["--refine", "-1"], "--refine -1: must be 0 or more cells"),
    ],
)
def test_wrong_options_are_refused_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], reason: str
) -> None:
    paths = ["--adata_file", str(tmp_path / "in.h5ad"), "--output_dir", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["stague.py", *paths, "--n_clusters", "4", *words])
    with pytest.raises(InputError, match=reason):
        stague_program.main()
    assert not (tmp_path / "out").exists()


def test_command_line_errors_are_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.h5ad"
    plain = ["--output_dir", tmp_path / "out", "--n_clusters", 2]
    done = run_here(PROGRAM, "--adata_file", missing, *plain)
    assert done.returncode == 1
    assert done.stderr == f"error: {missing}: no such file or folder\n"

    adata = tissue()
    del adata.obsm["spatial"]
    adata.write_h5ad(tmp_path / "flat.h5ad")
    done = run_here(PROGRAM, "--adata_file", tmp_path / "flat.h5ad", *plain)
    assert done.returncode == 1
    assert "neither obsm['spatial'] nor columns x, y (or st_x, st_y;" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()

    adata = tissue()
    del adata.uns["half"]
    adata.write_h5ad(tmp_path / "logged.h5ad")
    done = run_here(PROGRAM, "--adata_file", tmp_path / "logged.h5ad", *plain)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "were log-transformed" in done.stderr and "kind: intensities" not in done.stderr
    assert not (tmp_path / "out").exists()
