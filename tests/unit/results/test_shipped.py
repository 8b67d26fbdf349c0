"""Shipped results beside those of a run."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest

from helpers.finished_fits import config
from helpers.results import made_results, scores_of
from stbench.common.checksums import file_hash
from stbench.common.errors import InputError
from stbench.common.paths import CONFIG
from stbench.config.benchmark import load_benchmark
from stbench.config.keys import keys_of
from stbench.results.marks import marks_note
from stbench.results.shipped import (
    LABELS,
    MANIFEST,
    SCORES,
    Shipped,
    beside,
    check_comparable,
    read_shipped,
    shipped_note,
    stale_entries,
    with_source,
)

SHIPPED = made_results(
    scores_of("BZ5", "sedr", [0.5, 0.6]),
    scores_of("BZ5", "smoothed_pca", [0.4, 0.4]),
    scores_of("BZ9", "sedr", [0.3, 0.3]),
)
OWN = made_results(
    scores_of("BZ5", "stague", [0.7, 0.8]), scores_of("BZ5", "smoothed_pca", [0.4, 0.4])
)
BLOCKS = np.array([0.1, -0.1], np.float32)
CONFIG_OF = {"rank_by": "kmeans", "clusterers": ["kmeans", "gmm"]}
MANIFEST_OF = {"entries": {"BZ5": {}, "BZ9": {}}, "config": CONFIG_OF}


def test_other_methods_on_the_same_datasets_are_added_and_marked():
    results = beside(OWN, Shipped(SHIPPED, MANIFEST_OF), {("BZ5", "sedr")})
    sources = results.groupby(["dataset", "method"])["source"].unique().map(list).to_dict()
    assert sources == {
        ("BZ5", "stague"): [""],
        ("BZ5", "smoothed_pca"): [""],  # that of the run, not the shipped one
        ("BZ5", "sedr"): ["shipped, stale"],
    }
    titles = results.drop_duplicates("method").set_index("method")["title"]
    assert titles["sedr"] == "SEDR‡" and titles["stague"] == "STAGUE"
    assert list(results.columns) == list(OWN.columns)


def test_blocks_of_a_stale_entry_may_be_of_other_cells_and_are_not_used():
    shipped = Shipped(SHIPPED.assign(blocks=[BLOCKS] * len(SHIPPED)), MANIFEST_OF)
    results = beside(OWN, shipped, {("BZ5", "sedr")})
    assert results.loc[results["method"] == "sedr", "blocks"].isna().all()
    rows = beside(OWN, shipped)
    assert rows.loc[rows["method"] == "sedr", "blocks"].notna().all()


def test_the_mark_is_explained_only_where_it_is():
    results = beside(OWN, Shipped(SHIPPED, MANIFEST_OF))
    assert shipped_note(results) == (
        "‡ shipped with the project, not run here: commit abc, on a processor."
    )
    assert marks_note(results) == shipped_note(results)
    stale = beside(OWN, Shipped(SHIPPED, MANIFEST_OF), {("BZ5", "sedr")})
    assert "(stale): SEDR." in shipped_note(stale)
    assert marks_note(OWN) == ""


def test_every_table_of_methods_says_which_of_them_were_shipped():
    results = beside(OWN, Shipped(SHIPPED, MANIFEST_OF), {("BZ5", "sedr")})
    names = ["stague", "sedr", "sedr"]
    table = pd.DataFrame({"dataset": ["BZ5", "BZ5", "BZ9"], "method": names, "mean": [1, 2, 3]})
    marked = with_source(table, results)
    assert list(marked) == ["dataset", "method", "source", "mean"]
    assert marked["source"].tolist() == ["", "shipped, stale", ""]  # BZ9 is not in this run
    by_method = with_source(table[["method", "mean"]], results)["source"]
    assert by_method.tolist() == ["", "shipped, stale", "shipped, stale"]
    for other in (table.rename(columns={"method": "name"}), marked):
        assert with_source(other, results) is other
    assert with_source(table, OWN) is table


def test_datasets_that_were_not_shipped_are_refused_with_those_that_were():
    own = made_results(scores_of("elsewhere", "stague", [0.7]))
    with pytest.raises(InputError, match="they have BZ5, BZ9"):
        beside(own, Shipped(SHIPPED, MANIFEST_OF))


def test_entries_of_studies_are_not_added():
    tuned = SHIPPED.assign(study="published settings")
    with_study = beside(OWN, Shipped(tuned, MANIFEST_OF))
    assert set(with_study["method"]) == {"stague", "smoothed_pca"}


@pytest.fixture
def folder(tmp_path):
    SHIPPED.drop(columns="blocks").to_parquet(tmp_path / SCORES)
    with h5py.File(tmp_path / LABELS, "w") as file:
        file["BZ5/sedr"] = np.zeros(4, np.int8)
        file["BZ5/sedr"].attrs["blocks"] = BLOCKS
        file["BZ5/smoothed_pca"] = np.zeros(4, np.int8)
    files = {name: file_hash(tmp_path / name) for name in (SCORES, LABELS)}
    (tmp_path / MANIFEST).write_text(json.dumps({**MANIFEST_OF, "files": files}))
    return tmp_path


def test_final_scores_have_the_blocks_of_the_shipped_labels(folder):
    rows = read_shipped(folder).results
    of_sedr = (rows["dataset"] == "BZ5") & (rows["method"] == "sedr")
    ranked = of_sedr & (rows["metric"] == "ARI") & (rows["protocol"] == "final")
    assert ranked.sum() == 2
    assert all(np.array_equal(parts, BLOCKS) for parts in rows.loc[ranked, "blocks"])
    assert rows.loc[~ranked, "blocks"].isna().all()


def test_a_run_with_shipped_results_has_only_what_was_shipped(folder):
    check_comparable(folder, ["BZ5", "BZ9"], "kmeans")
    with pytest.raises(InputError, match=r"no results of mine are shipped.*Shipped: BZ5, BZ9"):
        check_comparable(folder, ["BZ5", "mine"], "kmeans")
    with pytest.raises(InputError, match="`rank_by` to one of kmeans, gmm"):
        check_comparable(folder, ["BZ5"], "leiden")


def test_a_folder_is_read_and_a_file_that_is_not_the_manifests_is_refused(folder):
    assert set(read_shipped(folder).results["method"]) == {"sedr", "smoothed_pca"}
    (folder / LABELS).write_bytes(b"others")
    with pytest.raises(InputError, match=r"labels\.h5: not the file"):
        read_shipped(folder)


@pytest.mark.parametrize(("text", "reason"), [(None, "no such file"), ("{}", "not a readable")])
def test_a_folder_without_a_whole_manifest_is_refused(text, reason, folder):
    (folder / MANIFEST).unlink()
    if text:
        (folder / MANIFEST).write_text(text)
    with pytest.raises(InputError, match=reason):
        read_shipped(folder)


def test_an_entry_is_stale_if_its_fit_would_have_another_key(tmp_path):
    chosen = config(datasets=["BZ5"], methods=["pca", "smoothed_pca", "stague"])
    keys = keys_of(load_benchmark(chosen, CONFIG), tmp_path)
    entries = {"BZ5": {name: {"fit": keys.fit("BZ5", name)} for name in ("pca", "stague")}}
    manifest = {"config": chosen, "entries": entries}
    assert stale_entries(manifest, CONFIG, tmp_path) == set()
    other = {**chosen, "params": {"stague": {"epochs": 7}}}
    assert stale_entries({**manifest, "config": other}, CONFIG, tmp_path) == {("BZ5", "stague")}
    for changed in ({"data": "another"}, {"refine": [50, False]}):  # the truth, the labels
        made = {name: {**fit, **changed} for name, fit in entries["BZ5"].items()}
        altered = {**manifest, "entries": {"BZ5": made}}
        assert len(stale_entries(altered, CONFIG, tmp_path)) == 2
    renamed = {"config": {**chosen, "methods": ["unlisted"]}, "entries": entries}
    assert len(stale_entries(renamed, CONFIG, tmp_path)) == 2
