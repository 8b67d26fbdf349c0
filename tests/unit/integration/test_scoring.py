"""The program that scores joined sections: files in, a table out, whatever became of the fits."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest

from helpers.fits import TRUTH, Bench, N, fit_h5ad, status_json
from helpers.programs import run_here
from stbench.common.paths import PROJECT
from stbench.integration.metrics import METRICS
from stbench.integration.scoring import ARI_WITHIN, COLUMNS, Sections, ari_within

ALL = [*METRICS, ARI_WITHIN.name]
SECTION = np.where(np.arange(N) < N // 2, "left", "right")
NO_SCIB = find_spec("scib_metrics") is None


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    give_sections(made, SECTION)
    return made


def give_sections(bench: Bench, section: np.ndarray | None) -> None:
    data = anndata.read_h5ad(bench.data)
    if section is None:
        del data.obs["section"]
    else:
        data.obs["section"] = pd.Categorical(section)
    data.write_h5ad(bench.data)


def program(bench: Bench, *options: str):
    command = [PROJECT / "scripts/score_integration.py", "--data", bench.data]
    command += ["--clusterer", "kmeans"]
    command += ["--labels", bench.labels, "--fits", *sorted((bench.root / "fits").iterdir())]
    command += ["--dataset", "D", "--method", "m", "--output", bench.root / "out.parquet", *options]
    return run_here(*command)


def score(bench: Bench, *options: str) -> pd.DataFrame:
    done = program(bench, *options)
    assert done.returncode == 0, done.stderr
    return pd.read_parquet(bench.root / "out.parquet").set_index(["seed", "metric"])


def test_a_failed_fit_stands_in_all_its_rows_and_hides_no_other(bench: Bench) -> None:
    bench.plain_fit(0)
    bench.failed_fit(1, "oom", "more memory than there is")
    bench.cluster()
    table = score(bench)
    assert set(table.reset_index()) == set(COLUMNS)
    assert table.loc[1].index.tolist() == ALL
    assert set(table.loc[1, "status"]) == {"oom"}
    assert set(table.loc[1, "reason"]) == {"more memory than there is"}
    assert table.loc[1, "value"].isna().all()
    assert table.loc[(0, ARI_WITHIN.name), "status"] == "ok"


@pytest.mark.skipif(not NO_SCIB, reason="scib-metrics is installed here")
def test_without_the_environment_the_rows_say_what_to_do(bench: Bench) -> None:
    bench.plain_fit(0)
    bench.cluster()
    mine = score(bench).loc[0].loc[list(METRICS)]
    assert set(mine["status"]) == {"not_applicable"}
    assert set(mine["reason"]) == {
        "environment missing: scib-metrics is not installed: make setup-integration, "
        "or snakemake --sdm conda"
    }


def test_labels_without_an_embedding_have_the_ari_only(bench: Bench) -> None:
    status_json(bench.folder(0), 0)
    fit_h5ad(bench.folder(0), {}, own=TRUTH)
    bench.cluster()
    table = score(bench).loc[0]
    assert set(table.loc[list(METRICS), "reason"]) == {
        "the method provides labels only, no embedding"
    }
    assert table.loc[ARI_WITHIN.name, "value"] == 1


def test_one_section_has_nothing_to_integrate(bench: Bench) -> None:
    give_sections(bench, np.full(N, "whole"))
    bench.plain_fit(0)
    bench.cluster()
    table = score(bench)
    assert set(table["status"]) == {"not_applicable"}
    assert set(table["reason"]) == {"one section only"}


def test_a_dataset_that_could_not_be_had_says_why_in_every_row(bench: Bench) -> None:
    bench.failed_dataset("no such host")
    bench.failed_fit(0, "not_applicable", "no such host")
    bench.cluster()
    assert set(score(bench)["reason"]) == {"no such host"}


def test_the_same_fits_give_the_same_bytes(bench: Bench) -> None:
    bench.plain_fit(0)
    bench.cluster()
    score(bench)
    first = (bench.root / "out.parquet").read_bytes()
    score(bench)
    assert (bench.root / "out.parquet").read_bytes() == first


def test_wrong_input_is_one_line_and_writes_nothing(bench: Bench) -> None:
    bench.plain_fit(0)
    bench.cluster()
    for options, told in (
        (["--clusterer", "gmm"], "labels.h5: no labels by gmm; use one of kmeans"),
        (["--method", "other"], "labels of m on D, not of other on D"),
    ):
        done = program(bench, *options)
        assert done.returncode == 1 and told in done.stderr
        assert len(done.stderr.splitlines()) == 1
    give_sections(bench, np.where(SECTION == "left", "left", None))
    assert f"{(SECTION == 'right').sum()} cells have no section" in program(bench).stderr
    give_sections(bench, None)
    assert (
        "obs['section'] is missing; this is not a dataset of joined sections"
        in program(bench).stderr
    )
    assert not (bench.root / "out.parquet").exists()


def test_the_ari_within_sections_does_not_see_what_differs_between_them() -> None:
    section, domain = np.repeat([0, 1], 6), np.tile([0, 0, 0, 1, 1, 1], 2)
    swapped = np.where(section == 0, domain, 1 - domain)  # right in each, wrong together
    found = ari_within(swapped[None], Sections(section, domain))
    assert (found.value, found.status, found.reason) == (1.0, "ok", "")
    half = np.where(section == 0, domain, 0)
    assert ari_within(np.array([half, swapped]), Sections(section, domain)).value == 0.75


def test_sections_of_one_domain_are_left_out_of_the_ari_and_told() -> None:
    section, domain = np.repeat([0, 1, 2], 4), np.array([0, 0, 1, 1, 0, 0, 0, 0, -1, -1, -1, 1])
    found = ari_within(domain[None], Sections(section, domain))
    assert (found.value, found.reason) == (1.0, "2 of 3 sections have fewer than two domains")
    for domains, reason in (
        (np.full(12, -1), "no true labels"),
        (np.zeros(12, int), "no section has two domains"),
    ):
        found = ari_within(domain[None], Sections(section, domains))
        assert (found.status, found.reason) == ("not_applicable", reason)
        assert np.isnan(found.value)
