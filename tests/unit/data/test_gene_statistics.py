"""Statistics of genes: what they recover, and that the committed table is that of its section."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from helpers.programs import run_here
from stbench.common.errors import InputError
from stbench.common.io import write_h5ad
from stbench.common.paths import CONFIG, RESOURCES, SCRIPTS, gene_statistics_file
from stbench.config.registry import SCHEMA_FILE, load_registry
from stbench.config.schema import load_yaml
from stbench.data.loaders import load
from stbench.data.simulation.gene_statistics import gene_statistics, read_gene_statistics

MEAN = np.array([0.5, 2.0, 8.0, 1.0, 4.0, 9.0])
DISPERSION = np.array([0.5, 1.0, 2.0, 0.2, 0.5, 1.0])
DROPOUT = np.array([0.0, 0.0, 0.0, 0.5, 0.4, 0.2])
LIBRARY_SD = 0.4


def section(n: int = 6000) -> AnnData:
    """Cells of two types: six such genes, thirty Poisson ones, and one without counts."""
    rng = np.random.default_rng(1)
    types = rng.integers(0, 2, n)
    factor = np.where(types[:, None] == 1, [1, 1, 1, 3, 1 / 3, 1], 1.0)
    library = rng.lognormal(0, LIBRARY_SD, (n, 1))
    counts = rng.poisson(MEAN * factor * library * rng.gamma(1 / DISPERSION, DISPERSION, (n, 6)))
    counts[rng.random(counts.shape) < DROPOUT] = 0
    others = rng.poisson(np.full(30, 10.0) * library)
    counts = np.column_stack([counts, others, np.zeros(n)]).astype(np.float32)
    obs = pd.DataFrame({"celltype": pd.Categorical(types)}, index=[f"c{i}" for i in range(n)])
    adata = AnnData(counts, obs, pd.DataFrame(index=[f"g{i}" for i in range(37)]))
    adata.uns["dataset"] = {"id": "made", "kind": "counts"}
    return adata


def test_statistics_are_those_of_the_counts():
    adata = section()
    table = gene_statistics(adata).set_index("gene")
    assert list(table.index) == [*(f"g{i}" for i in range(36)), "total"]  # not the empty gene
    genes = table.iloc[:36]
    np.testing.assert_allclose(genes["mean"], adata.X[:, :36].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(genes["zeros"], (adata.X[:, :36] == 0).mean(axis=0))
    np.testing.assert_allclose(genes["dropout"][:6], DROPOUT, atol=0.08)
    np.testing.assert_allclose(genes["dispersion"][:6], DISPERSION, rtol=0.3, atol=0.1)
    assert genes["dispersion"][6:].max() < 0.05
    total = table.loc["total"]
    assert total["mean"] == pytest.approx(adata.X.sum(axis=1).mean(), rel=1e-5)
    assert np.sqrt(np.log1p(total["dispersion"])) == pytest.approx(LIBRARY_SD, abs=0.05)


def test_a_section_without_types_or_counts_is_refused():
    adata = section(50)
    adata.uns["dataset"]["kind"] = "intensities"
    with pytest.raises(InputError, match="require counts and cell types"):
        gene_statistics(adata)
    adata.uns["dataset"]["kind"] = "counts"
    del adata.obs["celltype"]
    with pytest.raises(InputError, match="require counts and cell types"):
        gene_statistics(adata)


def test_the_committed_table_is_what_the_program_makes_of_its_section(tmp_path):
    source = load_registry(CONFIG / "datasets.yaml")["BZ9"]["sources"][0]
    folder = RESOURCES / "mirror/STARmap_mPFC"
    adata = load(source["loader"], folder, source["options"])
    adata.uns["dataset"] = {"id": "BZ9", "kind": "counts"}
    write_h5ad(tmp_path / "data.h5ad", adata)
    program = SCRIPTS / "gene_statistics.py"
    done = run_here(program, "--data", tmp_path / "data.h5ad", "--output", tmp_path / "made.csv")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made.csv").read_bytes() == gene_statistics_file("BZ9").read_bytes()


def test_every_table_can_be_named_in_a_configuration_and_read():
    tables = sorted(path.stem for path in gene_statistics_file("x").parent.glob("*.csv"))
    options = load_yaml(SCHEMA_FILE)["$defs"]["simulate"]["properties"]
    assert options["reference"]["enum"] == tables
    for name in tables:
        found = read_gene_statistics(name)
        assert len(found.mean) == len(found.dispersion) == len(found.dropout) > 100
        assert (found.mean > 0).all() and (found.dispersion > 0).all()
        assert ((found.dropout >= 0) & (found.dropout < 1)).all()
        assert 0.3 < found.library_sd < 1
