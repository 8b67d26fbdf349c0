"""Scores and fits become one table; what is missing is named in one line."""

import json

import pandas as pd
import pytest

from helpers.results import METHODS, fits_of, made_results, scores_of, write_results
from stbench.common.constants import ALL_SEEDS
from stbench.common.errors import InputError
from stbench.results.assembly import (
    COLUMNS,
    assemble,
    fit_folders,
    method_titles,
    natural,
    one_row_per_fit,
    read_fits,
    read_results,
    read_scores,
    with_blocks,
)

BZ5 = scores_of("BZ5", "stague", [0.8, "oom"], untrained=[0.6, 0.6])


def test_scores_carry_what_their_fit_took():
    results = made_results(BZ5)
    assert list(results.columns) == COLUMNS
    first = results[results["seed"] == 0].iloc[0]
    assert (first.implementation, first.title) == ("reimplemented", "STAGUE")
    assert (first.seconds, first.peak_rss_mb, first.device) == (10.0, 300.0, "cpu")
    lost = results[results["seed"] == 1]
    assert set(lost["fit_status"]) == {"oom"} and lost["seconds"].isna().all()
    assert set(lost["device"]) == {""}


def test_a_score_of_all_seeds_belongs_to_no_fit_and_has_their_best_status():
    made = scores_of("BZ5", "stague", [0.8, "oom"], consensus=0.9)
    lost = scores_of("BZ9", "stague", ["not_applicable", "oom"], consensus=0.9)
    results = made_results(made, lost)
    together = results[results["seed"] == ALL_SEEDS].set_index("dataset")
    assert together["fit_status"].to_dict() == {"BZ5": "ok", "BZ9": "oom"}
    assert together["seconds"].isna().all() and set(together["host"]) == {""}
    fits = one_row_per_fit(results)
    assert list(fits["dataset"] + fits["seed"].astype(str)) == ["BZ50", "BZ51", "BZ90", "BZ91"]


def test_order_does_not_depend_on_the_order_of_files():
    more = scores_of("BZ14", "stague", [0.5, 0.6])
    one, other = made_results(BZ5, more), made_results(more, BZ5)
    pd.testing.assert_frame_equal(one, other)
    assert list(one["dataset"].unique()) == ["BZ5", "BZ14"]


def test_numbers_in_names_sort_as_numbers():
    names = ["BZ14", "V1", "BZ5", "151507", "Bregma0.09", "BZ9"]
    assert sorted(names, key=natural)[1:4] == ["BZ5", "BZ9", "BZ14"]


def test_methods_come_before_controls():
    parts = [scores_of("BZ5", m, [0.1]) for m in ("pca", "smoothed_pca", "stague", "sedr")]
    assert list(method_titles(made_results(*parts))) == ["sedr", "stague", "smoothed_pca", "pca"]


def test_files_are_found_below_the_root(tmp_path):
    write_results(tmp_path, BZ5)
    scores = read_scores(tmp_path.glob("scores/*/*/*.parquet"))
    fits = read_fits(fit_folders(scores, tmp_path.glob("fits/*/*/*")))
    pd.testing.assert_frame_equal(assemble(scores, fits, METHODS), made_results(BZ5))


def test_a_score_given_twice_is_refused(tmp_path):
    BZ5.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"BZ5, stague, 0.*given twice"):
        read_scores([tmp_path / "a.parquet"] * 2)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match="no entry for stague"):
        assemble(BZ5, fits_of(BZ5), {})
    with pytest.raises(InputError, match="no fit for the scores of BZ5/stague/1"):
        assemble(BZ5, fits_of(BZ5).iloc[:1], METHODS)
    with pytest.raises(InputError, match=r"nowhere.parquet: no such file"):
        read_results(tmp_path / "nowhere.parquet")
    with pytest.raises(InputError, match=r"status\.json: no such file"):
        read_fits([tmp_path])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not valid JSON"),
        (json.dumps({"dataset": "BZ5"}), "the key 'method' is missing"),
    ],
)
def test_a_broken_status_is_refused(tmp_path, content, message):
    (tmp_path / "status.json").write_text(content)
    with pytest.raises(InputError, match=message):
        read_fits([tmp_path])


def test_a_file_that_is_no_table_of_scores_is_refused(tmp_path):
    broken, foreign = tmp_path / "broken.parquet", tmp_path / "foreign.parquet"
    broken.write_bytes(b"PAR1 not really")
    pd.DataFrame({"a": [1]}).to_parquet(foreign)
    with pytest.raises(InputError, match="not a readable parquet"):
        read_scores([broken])
    with pytest.raises(InputError, match="the column 'dataset' is missing"):
        read_scores([foreign])


def test_contributions_of_blocks_come_from_the_first_table_that_has_them():
    results = made_results(scores_of("D", "sedr", [0.5, 0.6]), scores_of("D", "pca", [0.1, 0.2]))
    own = results[results["method"] == "sedr"]
    own = own.assign(blocks=[[1.0, 2.0]] * len(own))
    shipped = results.assign(blocks=[[3.0, 4.0]] * len(results))
    found = with_blocks(results, [own, shipped]).groupby("method")["blocks"].first()
    assert list(found["sedr"]) == [1.0, 2.0] and list(found["pca"]) == [3.0, 4.0]
    unknown = with_blocks(results, [own])
    assert unknown.loc[unknown["method"] == "pca", "blocks"].isna().all()
    assert list(unknown.columns) == COLUMNS
