"""The parts of the report: what is packed, said, drawn and cited is what the run left."""

import base64
import hashlib
import json
import re
import sys

import numpy as np
import pandas as pd
import pytest
import yaml

import report
from helpers.report import (
    CITATION,
    data_of,
    draw_picture,
    large_results,
    small_results,
    write_report,
    write_tables,
)
from helpers.results import made_results, scores_of
from stbench.common.errors import InputError
from stbench.common.paths import PROJECT
from stbench.config.layout import Layout
from stbench.ranking.tables import rankings
from stbench.report.overview import dataset_facts, missing_results
from stbench.report.page import Sources, report_page
from stbench.report.runs import fit_records
from stbench.report.scores import AXES, packed_scores, run_lengths
from stbench.report.studies import as_table, find_studies
from stbench.results.assembly import KEYS, method_titles
from stbench.summary.ranking import verdicts

CONFIG = {
    **yaml.safe_load((PROJECT / "config/config.yaml").read_text()),
    "datasets": ["BZ5"],
    "methods": ["stague", "smoothed_pca"],
    "rank_by": "kmeans",
}


def unpacked(packed):
    """The scores that are packed, as a table."""
    shape = [len(packed[axis]) for axis in AXES]
    codes = np.repeat(packed["codes"][::2], packed["codes"][1::2]).reshape(shape)
    values = iter(packed["values"])
    rows = []
    for place in np.ndindex(*shape):
        status, reason, given = packed["why"][codes[place]]
        if status == "not run":
            continue
        item, method = packed["items"][place[0]], packed["methods"][place[1]]
        names = [packed[axis][i] for axis, i in zip(AXES[2:], place[2:], strict=True)]
        value = next(values) / packed["scale"] if given else np.nan
        where = [item["dataset"], method["id"], names[0], item["n_domains"], *names[1:]]
        rows.append([*where, value, status, reason])
    return pd.DataFrame(rows, columns=[*KEYS, "value", "status", "reason"])


def test_without_any_truth_there_is_no_leaderboard_but_a_comparison_of_the_methods(tmp_path):
    made = scores_of("mine", "stague", [0.12], n_domains=3, exploratory=True)
    lacks = made["metric"] == "ARI"
    made.loc[lacks, ["value", "status", "reason"]] = [np.nan, "not_applicable", "no true labels"]
    results = made_results(made, scores_of("mine", "sedr", ["oom"], n_domains=3, exploratory=True))
    write_tables(results, tmp_path / "tables")
    rows = {"dataset": ["mine"], "method": ["stague"], "agreement": [0.61]}
    pd.DataFrame(rows).to_csv(tmp_path / "tables/label_free.csv", index=False)
    for name in ("gallery_mine", "label_free_agreement_mine"):
        draw_picture(tmp_path / f"figures/{name}.png")
    page = write_report(tmp_path, results, config=CONFIG).read_text()
    assert 'id="leaderboard"' not in page and 'id="statistics"' not in page
    assert "Which domains does the tissue have?" in page
    assert "Methods compared without true labels" in page and "0.61" in page
    assert "coordinates, which knows positions alone, is among the lowest" in page
    assert page.index('id="pictures"') < page.index('id="label_free"')
    assert "SEDR on mine" in page and "it said oom" in page


def test_packed_scores_are_the_results_and_nothing_more():
    results = small_results()
    results = results[~((results["dataset"] == "BZ1") & (results["method"] == "pca"))]
    columns = [*KEYS, "value", "status", "reason"]
    expected = results[columns].sort_values(KEYS, ignore_index=True)
    found = unpacked(packed_scores(results, "kmeans")).sort_values(KEYS, ignore_index=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=0, atol=1e-6)


def test_spreads_go_with_the_values():
    made = scores_of("A", "stague", [0.5, 0.6], oracle=[0.8, 0.8], spread=0.0125)
    single = scores_of("A", "stague", [0.7, 0.7], clusterer="kmeans20", spread=np.nan)
    packed = packed_scores(made_results(made, single), "kmeans")
    value, count = packed["spreads"][::2], packed["spreads"][1::2]
    spreads = np.repeat(value, count)
    assert len(spreads) == len(packed["values"])
    assert set(spreads) == {-1, 12} and (spreads == 12).sum() == 2 * 2 * 4


def test_run_lengths_hold_every_value():
    assert run_lengths(np.array([3, 3, 0, 7, 7, 7])) == [3, 2, 0, 1, 7, 3]
    assert run_lengths(np.array([], dtype=int)) == []


def test_the_full_matrix_stays_small():
    packed = packed_scores(large_results(), "kmeans")
    assert len(packed["values"]) == 15 * 14 * 5 * 4 * 9 * 3
    assert len(json.dumps(packed)) < 2e6


def test_a_fit_keeps_all_that_is_known_of_it(tmp_path):
    attempts = Layout(tmp_path).attempts("BZ0", "stague", 0)
    attempts.parent.mkdir(parents=True)
    events = [
        {"attempt": 1, "event": "start", "host": "a", "time": "2026-01-01T00:00:00Z"},
        {"attempt": 2, "event": "start", "host": "b", "time": "2026-01-01T01:00:00Z"},
        {"attempt": 2, "event": "end", "status": "ok", "time": "2026-01-01T02:00:00Z"},
    ]
    attempts.write_text("\n".join(map(json.dumps, events)))
    results = small_results().assign(host="")
    fits = fit_records(results, Layout(tmp_path))
    assert len(fits) == 3 * 4 * 2
    fit = fits.query("dataset == 'BZ0' and method == 'stague' and seed == 0").iloc[0]
    assert (fit.host, fit.attempts, fit.finished) == ("b", "2", "2026-01-01T02:00:00Z")
    assert (fit.commit, fit.environment, fit.seconds) == ("abc", "0123456789ab", "10")
    failed = fits.query("dataset == 'BZ2' and method == 'sedr'").iloc[0]
    assert (failed.status, failed.reason, failed.seconds) == ("oom", "it said oom", "")


def test_what_is_missing_is_told_once_with_its_reason():
    told = {"value": np.nan, "status": "not_applicable", "n_domains": 0}
    gone = "data not available: put V1/adata.h5ad into a mirror folder"
    lost = [scores_of("V1", m, [0.0]).assign(**told, reason=gone) for m in ("stague", "pca")]
    absent = scores_of("BZ0", "sedr", [0.0]).assign(**told, reason="environment missing")
    fine = [scores_of("BZ0", m, [0.5, "oom"]) for m in ("stague", "pca")]
    nowhere = scores_of("V1", "sedr", [0.0]).assign(**told, reason=gone)
    results = made_results(*lost, absent, nowhere, *fine)
    missing = dict(missing_results(results, method_titles(results)))
    assert list(missing) == ["Datasets", "Methods", "Single fits"]
    assert [(m.what, m.reason) for m in missing["Datasets"]] == [("V1", gone)]
    assert [(m.what, m.reason) for m in missing["Methods"]] == [("SEDR", "environment missing")]
    assert {(m.what, m.seeds, m.status, m.reason) for m in missing["Single fits"]} == {
        ("STAGUE on BZ0", "1", "oom", "it said oom"),
        ("PCA on BZ0", "1", "oom", "it said oom"),
    }
    assert missing_results(made_results(scores_of("A", "pca", [0.5])), {"pca": "PCA"}) == []


def test_a_dataset_has_the_size_of_its_file_and_not_that_of_its_publication(tmp_path):
    from anndata import AnnData

    at_hand = AnnData(np.ones((4, 3), dtype=np.float32))
    at_hand.uns["dataset"] = {"source": "mirror", "note": "of a mirror", "dropped_cells": 2}
    path = Layout(tmp_path).data("here")
    path.parent.mkdir(parents=True)
    at_hand.write_h5ad(path)
    published = {"cells": 3000, "genes": 33538, "sources": [{"name": "mirror", "licence": "MIT"}]}
    described = dict.fromkeys(("away", "here"), published)
    away, here = dataset_facts(["here", "away"], described, Layout(tmp_path))
    assert (here["cells"], here["genes"], here["licence"]) == (4, 3, "MIT")
    assert here["note"] == "of a mirror; 2 cells without a count dropped"
    assert (away["cells"], away["genes"]) == (3000, 33538)


def test_the_words_claim_what_the_tests_found():
    rng = np.random.default_rng(0)
    scores = [
        scores_of(f"d{i}", method, [height + rng.normal(0, 0.01)])
        for i in range(9)
        for method, height in (("stague", 0.8), ("sedr", 0.8), ("smoothed_pca", 0.2))
    ]
    results = made_results(*scores)
    both = list(rankings(results, "kmeans").values())
    (worst,) = verdicts(both, method_titles(results), {"smoothed_pca"})  # the policies agree
    text = " ".join(worst.sentences)
    assert "Best of the methods by mean rank over 9 datasets: S" in text
    assert (
        "Best of the controls that smooth by mean rank over 9 datasets: Smoothed PCA (3.00" in text
    )
    assert "Friedman's test over 9 datasets: p = 0.00" in text and "the methods differ" in text
    assert "2 of 3 pairs of methods differ significantly" in text
    assert [set(group) for group in worst.groups] == [{"STAGUE", "SEDR"}]


def test_without_a_test_no_group_is_claimed(tmp_path):
    results = small_results()
    text = write_report(tmp_path, results).read_text()
    assert "No test is possible: 2 independent units, at least 5 are needed." in text
    assert "do not differ significantly:" not in text


def test_studies_are_found_by_name_and_left_out_where_nothing_applies(tmp_path):
    pd.DataFrame({"k": [1, 2], "ARI": [0.51234567, np.nan]}).to_csv(
        tmp_path / "sensitivity_stague.csv", index=False
    )
    idle = {"dataset": ["BZ5"], "status": ["not_applicable"], "reason": ["nothing planted"]}
    pd.DataFrame(idle).to_csv(tmp_path / "interactions_truth.csv", index=False)
    pd.DataFrame({"method": []}).to_csv(tmp_path / "published_vs_measured.csv", index=False)
    (tmp_path / "sensitivities.csv").write_text("another\n1\n")
    (sensitivity,) = find_studies([tmp_path], [])
    (table,) = sensitivity.tables
    assert table.rows == [["1", "0.5123"], ["2", ""]] and table.numeric == [True, True]
    counts = pd.DataFrame({"edges": [123456.0, np.nan, 1e300]})  # a gap makes them floats
    assert as_table(counts, "t").rows == [["123456"], [""], ["1e+300"]]
    beside = pd.DataFrame({"expected": [24498.34, -12345.6, 9999.44]})
    assert as_table(beside, "t").rows == [["24498"], ["-12346"], ["9999"]]
    (tmp_path / "robustness_x.csv").write_text("")
    with pytest.raises(InputError, match=r"robustness_x\.csv: not a readable table"):
        find_studies([tmp_path], [])


def test_deconvolution_is_shown_beside_domains_and_alone(tmp_path):
    draw_picture(tmp_path / "figures/deconvolution_scores.png")
    write_tables(small_results(), tmp_path / "tables")
    (tmp_path / "tables/deconvolution_jsd.csv").write_text("method,mean\nNNLS,0.0625\n")
    beside = write_report(tmp_path, small_results()).read_text()
    pairs = {"pair": {"spots": "a", "reference": "b", "title": "spots", "n_cells": 600}}
    methods = {"nnls": {"title": "NNLS", "licence": "BSD", "citation": "Lawson and Hanson 1974"}}
    config = {"methods": ["nnls"], "seeds": [0]}
    sources = Sources(Layout(tmp_path, "."), pairs, {"deconvolution": methods}, config, CITATION)
    alone = report_page(None, sources)
    for text, place in ((beside, "deconvolution"), (alone, "answer")):
        section = re.search(r'<section id="deconvolution".*?</section>', text, re.S)[0]
        assert "0.0625" in section
        pictured = re.search(rf'<section id="{place}".*?</section>', text, re.S)[0]
        assert pictured.count("<img") == text.count("<img") == 1
    assert '<section id="leaderboard"' in beside and '<section id="leaderboard"' not in alone
    assert "Lawson and Hanson 1974" in alone and "600" in alone


def test_the_page_allows_only_its_own_style_and_script(tmp_path):
    draw_picture(tmp_path / "figures/domains_BZ0.png")
    text = write_report(tmp_path, small_results()).read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src &#39;none&#39;")
    for tag in ("style", "script"):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy
    assert not re.search(r"<link|<iframe|src=\"(?!data:)|@import|url\(|\son\w+=|\sstyle=", text)


def test_no_text_of_the_data_ends_the_script(tmp_path):
    results = small_results()
    results["fit_reason"] = "</script><!-- \u2028 &"
    data = data_of(write_report(tmp_path, results))
    assert data["fits"]["facts"]["reason"]["pool"] == ["</script><!-- \u2028 &"]


def arguments(root, config=CONFIG):
    return [
        *("--results", root, "--config", json.dumps(config)),
        *("--config-dir", PROJECT / "config", "--citation", PROJECT / "CITATION.cff"),
        *("--output", Layout(root).report),
    ]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run on BZ5 without pictures, and the program on it."""
    scores = [scores_of("BZ5", m, [0.5, 0.6]) for m in ("stague", "smoothed_pca")]
    results = made_results(*scores)
    layout = Layout(tmp_path)
    write_tables(results, layout.tables)
    results.to_parquet(layout.results)

    def start(config=CONFIG):
        words = ["report.py", *map(str, arguments(tmp_path, config))]
        monkeypatch.setattr(sys, "argv", words)
        report.main()
        return layout.report

    return start


def test_the_program_writes_the_page(run):
    text = run().read_text()
    assert "mouse medial prefrontal cortex, section BZ5" in text  # of datasets.yaml
    assert "Nie et al., Advanced Science 2024" in text  # of methods.yaml
    assert "&#34;rank_by&#34;: &#34;kmeans&#34;" in text


def test_the_same_results_give_the_same_bytes(run):
    first = run().read_bytes()
    assert run().read_bytes() == first


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda layout: (layout.tables / "gain.csv").unlink(), "gain.csv: no such file"),
        (lambda layout: layout.results.write_text("x"), "not a readable parquet"),
    ],
)
def test_what_lacks_is_told_and_nothing_is_written(run, tmp_path, harm, told):
    harm(Layout(tmp_path))
    with pytest.raises(InputError, match=told):
        run()
    assert not Layout(tmp_path).report.exists()


def test_an_unknown_configuration_is_told(run):
    with pytest.raises(InputError, match="unknown dataset 'BZ55'"):
        run({**CONFIG, "datasets": ["BZ55"]})
