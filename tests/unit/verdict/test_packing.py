"""What of an unfinished run can be compared: datasets and methods without a missing entry."""

from itertools import product
from types import SimpleNamespace

import h5py
import hypothesis.strategies as st
import numpy as np
import pandas as pd
from anndata import AnnData
from hypothesis import given

from stbench.config.layout import Layout
from stbench.config.tasks import DOMAINS
from stbench.verdict.packing import add_blocks, finished_part, left_out

EVERY = list(product(("BZ5", "BZ9", "V1"), ("stague", "sedr", "novae")))


def test_a_slow_method_and_a_dataset_that_has_just_begun_are_left_out():
    scored = {*product(("BZ5", "BZ9"), ("stague", "sedr")), ("V1", "stague")}
    assert finished_part(EVERY, scored) == [*product(("BZ5", "BZ9"), ("stague", "sedr"))]
    assert finished_part(EVERY, EVERY) == EVERY
    assert finished_part(EVERY, []) == []


def test_a_method_that_is_not_for_every_dataset_is_missing_only_where_it_belongs():
    entries = [entry for entry in EVERY if entry != ("V1", "novae")]
    assert finished_part(entries, entries) == entries


@given(st.sets(st.sampled_from(EVERY)))
def test_it_is_complete_for_any_state_of_a_run(scored):
    part = finished_part(EVERY, scored)
    assert set(part) <= scored
    datasets, methods = ({entry[place] for entry in part} for place in (0, 1))
    assert set(part) == set(product(datasets, methods))


def test_what_is_left_out_says_how_far_it_came(tmp_path):
    titles = {"stague": "STAGUE", "sedr": "SEDR", "novae": "Novae"}
    methods = {name: {"title": title} for name, title in titles.items()}
    methods["sedr__published"] = {"title": "SEDR, published", "variant_of": "sedr"}
    every = [*EVERY, ("BZ5", "sedr__published")]
    benchmark = SimpleNamespace(methods={DOMAINS: methods}, entries=lambda task: every)
    layout = Layout(tmp_path)
    for entry in [*product(("BZ5", "BZ9"), ("stague", "sedr")), ("V1", "stague")]:
        layout.scores(*entry).parent.mkdir(parents=True, exist_ok=True)
        layout.scores(*entry).touch()
    here = finished_part(EVERY, [entry for entry in EVERY if layout.scores(*entry).is_file()])
    assert left_out(benchmark, layout, here) == {
        "datasets": {"V1": "1 of 3 entries scored"},
        "methods": {"Novae": "0 of 3 entries scored"},
    }
    former = SimpleNamespace(
        manifest={"unfinished": {"datasets": {}, "methods": {"Novae": "2 of 3 entries scored"}}}
    )
    again = left_out(benchmark, layout, here, former)
    assert again["methods"] == {"Novae": "2 of 3 entries scored"}
    assert again["datasets"] == {"V1": "1 of 3 entries scored"}
    assert left_out(benchmark, layout, EVERY) == {"datasets": {}, "methods": {}}


def test_labels_get_the_contributions_of_blocks_once(tmp_path):
    cells, rng = 400, np.random.default_rng(0)
    coords = rng.uniform(size=(cells, 2))
    truth = (coords[:, 0] > 0.5).astype(int)
    data = AnnData(obs=pd.DataFrame({"cluster": pd.Categorical(truth.astype(str))}))
    data.obsm["spatial"] = coords

    class Here(Layout):
        def data(self, dataset):
            return tmp_path / f"{dataset}.h5ad"

    data.write_h5ad(tmp_path / "BZ5.h5ad")
    half_wrong = np.where(coords[:, 1] > 0.5, truth, 0)
    with h5py.File(tmp_path / "labels.h5", "w") as file:
        file["BZ5/right"], file["BZ5/half"] = truth, half_wrong
        file["BZ5/former"], file["V1/sedr"] = truth, truth
        file["BZ5/former"].attrs["blocks"] = [1.0]
        entries = [("BZ5", "right"), ("BZ5", "half"), ("BZ5", "former"), ("V1", "sedr")]
        add_blocks(Here(tmp_path), entries, file)
        right, half = (file[f"BZ5/{name}"].attrs["blocks"] for name in ("right", "half"))
        assert np.allclose(right, 0) and half.dtype == np.float32
        assert np.ptp(half) > 0.01 and abs(half.sum()) < 1e-5
        assert list(file["BZ5/former"].attrs["blocks"]) == [1.0]
        assert "blocks" not in file["V1/sedr"].attrs
