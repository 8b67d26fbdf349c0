"""Rows of scores: one for every combination, with a reason where there is no value."""

import numpy as np
import pytest

from helpers.fits import (
    COORDS,
    TRUTH,
    Bench,
    N,
    embedding,
    fit_h5ad,
    kmeans_ari,
    status_json,
)
from stbench.clustering.algorithms import cluster_labels
from stbench.clustering.label_file import open_labels
from stbench.common.constants import ALL_SEEDS, OF_ALL_SEEDS, OF_EACH_SEED
from stbench.scoring.metrics import METRICS, TRUTH_METRICS, ari
from stbench.scoring.scores import COLUMNS
from stbench.scoring.spatial_metrics import SPATIAL_METRICS, pas

KINDS = len(OF_EACH_SEED) + len(OF_ALL_SEEDS)  # of scores of one training seed


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_every_combination_has_a_row_of_the_right_types(bench):
    bench.recorded_fit(0)
    bench.failed_fit(1, "oom", "more memory than there is")
    clusterers = ("kmeans", "kmeans20", "gmm", "own")
    bench.cluster(*clusterers)
    table = bench.score().reset_index()
    kinds = 2 * len(OF_EACH_SEED) + len(OF_ALL_SEEDS)
    assert len(table) == kinds * len(clusterers) * len(METRICS)
    assert not table.duplicated(["seed", "clusterer", "protocol", "metric"]).any()
    assert set(table.columns) == set(COLUMNS)
    assert (table.value.notna() == (table.status == "ok")).all()
    assert (table.reason[table.status != "ok"] != "").all()
    assert not table.exploratory.any()


def test_other_clusterers_see_the_last_and_the_untrained_epoch_only(bench):
    bench.recorded_fit(0)
    bench.cluster("kmeans", "kmeans20", "gmm")
    table = bench.score()
    for clusterer in ("kmeans20", "gmm"):
        rows = table.loc[0, 3, clusterer]
        assert rows.loc["final"].epoch.unique().tolist() == [4]
        assert rows.loc["untrained"].epoch.unique().tolist() == [0]
        assert rows.loc["final", "ARI"].value == pytest.approx(
            ari(TRUTH, cluster_labels(embedding(4), 3, clusterer).labels)
        )
        assert np.isnan(rows.loc["final", "ARI"].sd_clustering)
        assert set(rows.loc["oracle"].status) == {"not_applicable"}
        assert set(rows.loc["oracle"].reason) == {"defined for k-means with one start only"}


def test_a_failed_fit_stands_in_all_its_rows_and_hides_no_other(bench):
    bench.recorded_fit(0)
    bench.failed_fit(1, "oom", "more memory than there is")
    bench.cluster("kmeans", "gmm")
    table = bench.score()
    assert set(table.loc[1].status) == {"oom"}
    assert set(table.loc[1].reason) == {"more memory than there is"}
    assert set(table.loc[1].epoch) == {-1}
    assert table.loc[0, 3, "kmeans", "oracle", "ARI"].status == "ok"


def test_when_all_fits_failed_the_table_still_stands(bench):
    bench.failed_fit(0, "timeout", "longer than 5 minutes")
    bench.cluster()
    table = bench.score()
    assert set(table.status) == {"timeout"}
    assert len(table) == KINDS * len(METRICS)


def test_a_dataset_that_could_not_be_had_gives_rows_with_its_reason(bench):
    bench.failed_dataset("data not available: ask")
    bench.failed_fit(0, "not_applicable", "data not available: ask")
    bench.cluster("kmeans", "gmm")
    table = bench.score().reset_index()
    assert len(table) == 2 * KINDS * len(METRICS)
    assert set(table.reason) == {"data not available: ask"}
    assert set(table.n_domains) == {0}


def test_unlabelled_cells_are_clustered_but_not_scored(bench):
    truth = np.where(np.arange(N) < 30, 3, TRUTH)  # code 3 is "no label"
    bench.dataset(truth)
    bench.recorded_fit(0)
    bench.cluster()
    table = bench.score()
    values = kmeans_ari(embedding(4), known=slice(30, None))
    assert table.loc[0, 3, "kmeans", "final", "ARI"].value == pytest.approx(values.mean())
    labelings = [cluster_labels(embedding(4), 3, "kmeans", seed).labels for seed in range(5)]
    smooth = np.mean([pas(COORDS, labels) for labels in labelings])
    assert table.loc[0, 3, "kmeans", "final", "PAS"].value == pytest.approx(smooth)


def test_without_truth_only_smoothness_is_scored_for_each_number_of_domains(bench):
    bench.dataset(None, n_domains=np.array([4, 2, 3]))
    bench.recorded_fit(0)
    bench.cluster("kmeans", "gmm")
    table = bench.score()
    assert table.exploratory.all()
    assert sorted(set(table.index.get_level_values("n_domains"))) == [2, 3, 4]
    for k in (2, 3, 4):
        final = table.loc[0, k, "kmeans", "final"]
        assert set(final.loc[list(SPATIAL_METRICS)].status) == {"ok"}
        assert set(final.loc[list(TRUTH_METRICS)].reason) == {"no true labels"}
        assert set(table.loc[0, k, "kmeans", "oracle"].reason) == {"no true labels"}
        assert table.loc[0, k, "gmm", "untrained", "ASW"].status == "ok"


def test_a_control_has_its_result_and_no_training(bench):
    bench.plain_fit(0, trainable=False)
    bench.cluster("kmeans", "gmm")
    with open_labels(bench.labels) as reader:
        assert (reader.axes.epochs, reader.axes.observed) == ([1], False)
    table = bench.score(trainable=False)
    assert table.loc[0, 3, "kmeans", "final", "ARI"].status == "ok"
    for protocol in ("oracle", "untrained"):
        assert set(table.loc[0, 3, "kmeans", protocol].reason) == {"no training"}


def test_a_training_that_cannot_be_observed_says_so(bench):
    bench.plain_fit(0, trainable=False)
    bench.cluster()
    table = bench.score(trainable=True)
    for protocol in ("oracle", "untrained"):
        assert set(table.loc[0, 3, "kmeans", protocol].status) == {"not_applicable"}
        assert set(table.loc[0, 3, "kmeans", protocol].reason) == {"epochs cannot be observed"}


def test_a_method_that_gives_labels_only(bench):
    status_json(bench.folder(0), 0)
    fit_h5ad(bench.folder(0), {}, own=[f"domain {10 - t}" for t in TRUTH], trainable=False)
    bench.cluster("kmeans", "own")
    table = bench.score(trainable=False)
    own = table.loc[0, 3, "own", "final", "ARI"]
    assert (own.value, own.status, own.epoch) == (1, "ok", 1)
    kmeans = table.loc[0, 3, "kmeans", "final", "ARI"]
    assert (kmeans.value, kmeans.status) == (1, "ok")
    consensus = table.loc[ALL_SEEDS, 3, "kmeans", "consensus", "ARI"]
    assert (consensus.value, consensus.reason) == (1, "consensus of 1 labeling of 1 training seed")
    assert kmeans.reason == "the method's own labels; it provides no embedding"


def test_own_labels_are_for_the_number_that_the_method_was_told(bench):
    bench.dataset(None, n_domains=np.array([2, 3]))
    bench.plain_fit(0, own=TRUTH, trainable=False)
    bench.cluster("own")
    table = bench.score(trainable=False)
    assert table.loc[0, 3, "own", "final", "PAS"].status == "ok"
    other = table.loc[0, 2, "own", "final", "PAS"]
    assert (other.status, other.reason) == ("not_applicable", "the method was run with 3 domains")


def test_a_method_without_own_labels_says_so(bench):
    bench.recorded_fit(0)
    bench.cluster("own")
    reasons = set(bench.score().loc[0, 3, "own"].reason)
    assert reasons == {"the method provides an embedding, not labels"}


def test_a_number_not_reached_is_scored_and_said(bench):
    status_json(bench.folder(0), 0)
    apart = np.column_stack([TRUTH * 100.0, np.linspace(0, 1, N)]).astype(np.float32)
    bench.dataset(n_domains=2)
    fit_h5ad(bench.folder(0), {"embedding": apart}, trainable=False)
    bench.cluster("louvain")
    row = bench.score(trainable=False).loc[0, 2, "louvain", "final", "ARI"]
    assert (row.value, row.status) == (1, "ok")
    assert row.reason.startswith("not reached: 3 of 2 domains")
