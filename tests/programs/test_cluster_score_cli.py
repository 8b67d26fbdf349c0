"""From fits to labels to scores: what arrives in the tables, and what is said where nothing can."""

import errno
import shutil
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest

from helpers.fits import (
    CELLS,
    COORDS,
    TRUTH,
    Bench,
    N,
    embedding,
    fit_h5ad,
    kmeans_ari,
    status_json,
)
from helpers.programs import run_apart, run_here
from stbench.clustering.algorithms import cluster_labels, refine_labels
from stbench.clustering.consensus import consensus_labels
from stbench.clustering.label_file import open_labels
from stbench.common.constants import ALL_SEEDS, HELD_OUT_SEEDS
from stbench.common.errors import InputError
from stbench.common.h5ad import cells_digest
from stbench.common.paths import PROJECT, SCRIPTS
from stbench.scoring.metrics import ari
from stbench.scoring.scores import COLUMNS, no_scores


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def cluster_arguments(bench, *more):
    folders = sorted((bench.root / "fits").iterdir())
    ids = ["--dataset", "D", "--method", "m", "--output", bench.labels]
    return ["--fits", *folders, "--preprocessed", bench.preprocessed, *ids, *more]


def score_arguments(bench, output, method="m"):
    ids = ["--dataset", "D", "--method", method, "--trainable", "true", "--output", output]
    epochs = output.with_name(f"epochs_{output.name}")
    return ["--data", bench.data, "--labels", bench.labels, *ids, "--epochs", epochs]


def test_the_three_protocols_look_at_their_epochs(bench):
    for seed in (0, 1):
        bench.recorded_fit(seed)
    bench.cluster()
    table = bench.score()
    for seed in (0, 1):
        for protocol, epoch in {"oracle": 2, "final": 4, "untrained": 0}.items():
            row = table.loc[seed, 3, "kmeans", protocol, "ARI"]
            values = kmeans_ari(embedding(epoch, seed))
            assert (row.epoch, row.status, row.reason) == (epoch, "ok", "")
            assert row.value == pytest.approx(values.mean())
            assert row.sd_clustering == pytest.approx(values.std(ddof=1))
    scores = table.xs("ARI", level="metric").value.unstack("protocol")
    scores = scores.loc[[0, 1]]
    assert (scores.oracle > scores.final).all() and (scores.final > scores.untrained).all()


def test_the_oracle_is_clustered_again_by_starts_that_did_not_choose_it(bench):
    bench.recorded_fit(0)
    bench.cluster()
    row = bench.score().loc[0, 3, "kmeans", "oracle_reclustered", "ARI"]
    starts = [cluster_labels(embedding(2), 3, "kmeans", seed).labels for seed in HELD_OUT_SEEDS]
    assert (row.epoch, row.status) == (2, "ok")
    assert row.value == pytest.approx(np.mean([ari(TRUTH, labels) for labels in starts]))


def test_the_selected_epoch_is_that_whose_domains_the_data_separate(bench, monkeypatch):
    bench.recorded_fit(0)
    bench.cluster(keep_trajectories=True)
    none = bench.score().loc[0, 3, "kmeans", "selected", "ARI"]
    assert (none.status, none.reason) == (
        "not_applicable",
        "no epoch from 10 on was clustered",
    )
    monkeypatch.setattr("stbench.clustering.selection.FIRST_EPOCH", 1)
    monkeypatch.setattr("stbench.clustering.selection.WINDOW", 1)
    bench.cluster()
    row = bench.score().loc[0, 3, "kmeans", "selected", "ARI"]
    assert (row.epoch, row.value) == (2, pytest.approx(kmeans_ari(embedding(2)).mean()))


def test_the_consensus_joins_the_last_third_of_the_epochs_of_all_seeds(bench):
    for seed in (0, 1):
        bench.recorded_fit(seed)
    bench.failed_fit(2, "oom", "more memory than there is")
    bench.cluster("kmeans", "gmm")
    with open_labels(bench.labels) as reader:
        rows = [reader.rows(3, seed, "kmeans", epoch) for seed in (0, 1) for epoch in (3, 4)]
        labels = consensus_labels(np.concatenate(rows), 3)
        assert np.array_equal(reader.consensus(3).labels, labels)
    table = bench.score()
    row = table.loc[ALL_SEEDS, 3, "kmeans", "consensus", "ARI"]
    assert row.value == pytest.approx(ari(TRUTH, labels))
    assert (row.status, row.reason) == ("ok", "consensus of 20 labelings of 2 training seeds")
    assert np.isnan(row.sd_clustering) and row.epoch == -1
    other = table.loc[ALL_SEEDS, 3, "gmm", "consensus", "ARI"]
    assert other.reason == "defined for k-means with one start only"


def test_without_epochs_the_consensus_joins_twenty_starts(bench):
    for seed in (0, 1):
        bench.plain_fit(seed, trainable=False)
    bench.cluster()
    starts = [
        cluster_labels(embedding(3, seed), 3, "kmeans", start).labels
        for seed in (0, 1)
        for start in range(20)
    ]
    row = bench.score(trainable=False).loc[ALL_SEEDS, 3, "kmeans", "consensus", "ARI"]
    assert row.reason == "consensus of 40 labelings of 2 training seeds"
    assert row.value == pytest.approx(ari(TRUTH, consensus_labels(np.stack(starts), 3)))


def test_refinement_reaches_every_kind_of_labels(bench):
    bench.recorded_fit(0)
    fit_h5ad(bench.folder(0), {"embedding": embedding(4)}, own=TRUTH[::-1])
    bench.cluster("kmeans", "gmm", "own", refine=10)
    with open_labels(bench.labels) as reader:
        for epoch in (2, 4):
            for seed, row in enumerate(reader.rows(3, 0, "kmeans", epoch)):
                plain = cluster_labels(embedding(epoch), 3, "kmeans", seed).labels
                assert np.array_equal(row, refine_labels(plain, COORDS, 10))
        plain = cluster_labels(embedding(4), 3, "gmm").labels
        assert np.array_equal(reader.rows(3, 0, "gmm", 4)[0], refine_labels(plain, COORDS, 10))
        own = refine_labels(TRUTH[::-1], COORDS, 10)
        assert np.array_equal(reader.rows(3, 0, "own", 4)[0], own)


def test_another_refinement_finds_the_epochs_though_their_embeddings_are_gone(bench):
    bench.recorded_fit(0)
    bench.cluster("kmeans", refine=10)
    assert not (bench.folder(0) / "trajectory.h5").exists()
    bench.cluster("kmeans", refine=0)
    with open_labels(bench.labels) as reader:
        plain = cluster_labels(embedding(2), 3, "kmeans", 0).labels
        assert np.array_equal(reader.rows(3, 0, "kmeans", 2)[0], plain)


def test_labels_do_not_depend_on_the_number_of_processes(bench):
    for seed in (0, 1):
        bench.recorded_fit(seed)
    one, two = bench.root / "one.h5", bench.root / "two.h5"
    bench.cluster("kmeans", "gmm", "leiden", output=one, keep_trajectories=True)
    for seed in (0, 1):
        (bench.folder(seed) / "epoch_labels.h5").unlink()
    bench.cluster("kmeans", "gmm", "leiden", output=two, processes=2)
    assert one.read_bytes() == two.read_bytes()


def test_epochs_are_clustered_once_and_their_embeddings_removed(bench):
    bench.recorded_fit(0)
    bench.cluster("kmeans", keep_trajectories=True)
    folder = bench.folder(0)
    assert (folder / "trajectory.h5").is_file()
    bench.cluster("kmeans")
    assert not (folder / "trajectory.h5").exists()
    first = bench.score().loc[0, 3, "kmeans"]
    bench.recorded_fit(1)  # one more seed and one more clusterer, the old epochs as they are
    bench.cluster("kmeans", "gmm")
    table = bench.score()
    pd.testing.assert_frame_equal(table.loc[0, 3, "kmeans"], first)
    assert table.loc[1, 3, "kmeans", "oracle", "ARI"].epoch == 2
    assert table.loc[0, 3, "gmm", "final", "ARI"].status == "ok"


def test_epochs_that_are_gone_cost_the_protocols_of_epochs_and_nothing_else(bench):
    bench.recorded_fit(0)
    bench.cluster()
    bench.dataset(n_domains=4)
    bench.cluster()
    table = bench.score()
    oracle = table.loc[0, 4, "kmeans", "oracle", "ARI"]
    assert oracle.status == "not_applicable"
    assert f"remove {bench.folder(0)} to train again" in oracle.reason
    assert table.loc[ALL_SEEDS, 4, "kmeans", "consensus", "ARI"].reason == oracle.reason
    assert table.loc[0, 4, "kmeans", "final", "ARI"].status == "ok"
    assert table.loc[0, 4, "kmeans", "untrained", "ARI"].status == "ok"


def test_trajectories_stay_when_the_labels_cannot_be_written(bench):
    bench.recorded_fit(0)
    bench.labels.mkdir()
    with pytest.raises(OSError):
        bench.cluster()
    assert (bench.folder(0) / "trajectory.h5").is_file()


def test_fewer_cells_than_domains_is_data_not_a_crash(bench):
    bench.dataset(n_domains=N + 1)
    bench.recorded_fit(0)
    bench.cluster("kmeans", "gmm")
    table = bench.score()
    assert set(table.status) == {"not_applicable"}
    assert table.loc[0, N + 1, "gmm", "final", "ARI"].reason == "90 cells are fewer than 91 domains"


def test_the_file_of_labels_is_what_its_contract_says(bench):
    import h5py

    for seed in (0, 1):
        bench.recorded_fit(seed)
    bench.cluster("kmeans", "gmm")
    with h5py.File(bench.labels) as file:
        labels = file["labels/3"]
        assert (labels.shape, labels.dtype) == ((2, 2, 5, 5, N), np.int16)
        assert (labels.chunks, labels.compression) == ((1, 1, 1, 5, N), "gzip")
        axes = ["training_seed", "clusterer", "epoch", "kmeans_seed", "cell"]
        assert [dimension.label for dimension in labels.dims] == axes
        assert (labels[:, 0] >= 0).all()
        assert (labels[:, 1, 1:4] == -1).all()
        assert (labels[:, 1, [0, 4], 0] >= 0).all() and (labels[:, 1, :, 1:] == -1).all()
        assert file["clusterer"].asstr()[:].tolist() == ["kmeans", "gmm"]
        assert file["epoch"][:].tolist() == [0, 1, 2, 3, 4]
        assert file["last_epoch"][:].tolist() == [4, 4]
        assert file["epoch"].attrs["observed"]
        assert file.attrs["cells_digest"] == cells_digest(CELLS)


def test_the_programs_give_the_same_bytes_twice(bench):
    bench.recorded_fit(0)
    outputs = [bench.root / "a.parquet", bench.root / "b.parquet"]
    for output, program in zip(outputs, (run_apart, run_here), strict=True):
        arguments = cluster_arguments(bench, "--clusterers", "kmeans", "gmm", "--threads", "2")
        for run in (
            program(SCRIPTS / "cluster.py", *arguments),
            program(SCRIPTS / "score.py", *score_arguments(bench, output)),
        ):
            assert (run.returncode, run.stderr) == (0, "")
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    table = pd.read_parquet(outputs[0])
    assert list(table.columns) == list(COLUMNS)
    kinds = {"str": "object"}
    assert {c: str(t) for c, t in table.dtypes.items()} == {
        c: kinds.get(t, t) for c, t in COLUMNS.items()
    }
    assert table[(table.protocol == "oracle") & (table.metric == "ARI")].epoch.tolist() == [2, -1]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda b: (b.folder(0) / "status.json").unlink(), "status.json: no such file"),
        (lambda b: (b.folder(0) / "fit.h5ad").unlink(), "fit.h5ad: no such file"),
        (lambda b: (b.folder(0) / "fit.h5ad").write_bytes(b"x" * 99), "not a readable h5ad file"),
        (lambda b: (b.folder(0) / "trajectory.h5").write_bytes(b""), "not a readable trajectory"),
        (lambda b: (b.folder(0) / "epoch_labels.h5").write_bytes(b"x"), "not readable"),
        (lambda b: fit_h5ad(b.folder(0), {}), "neither obsm['embedding'] nor obs['cluster_pred']"),
        (
            lambda b: fit_h5ad(b.folder(0), {"embedding": embedding(4)}, cells=CELLS[::-1]),
            "its cells are not those of the dataset",
        ),
        (lambda b: b.preprocessed.unlink(), "preprocessed.h5ad: no such file"),
        (lambda b: fit_h5ad(b.root, {}) or (b.root / "fit.h5ad").replace(b.preprocessed),
         "not a preprocessed dataset"),
        (lambda b: status_json(b.root / "fits" / "again", 0, "error", "x"), "the same seed"),
    ],
)  # fmt: skip
def test_bad_input_to_cluster_is_named(bench, spoil, said):
    bench.recorded_fit(0)
    spoil(bench)
    with pytest.raises(InputError) as error:
        bench.cluster()
    assert said in str(error.value)
    assert not bench.labels.exists()
    assert not list(bench.root.glob(".*tmp*"))


def test_bad_input_to_the_programs_is_one_line_and_writes_nothing(bench):
    bench.recorded_fit(0)
    output = bench.root / "scores.parquet"
    runs = [run_here(SCRIPTS / "score.py", *score_arguments(bench, output))]
    bench.labels.write_bytes(b"not labels")
    runs.append(run_here(SCRIPTS / "score.py", *score_arguments(bench, output)))
    bench.cluster()
    runs.append(run_here(SCRIPTS / "score.py", *score_arguments(bench, output, method="other")))
    anndata.AnnData(obs=pd.DataFrame(index=CELLS[:5])).write_h5ad(bench.data)
    runs.append(run_here(SCRIPTS / "score.py", *score_arguments(bench, output)))
    (bench.folder(0) / "status.json").write_text("{}")
    runs.append(run_here(SCRIPTS / "cluster.py", *cluster_arguments(bench)))
    for run, said in zip(
        runs,
        ["no such file", "not a readable file", "not of other on D", "5 cells", "status.json"],
        strict=True,
    ):
        assert run.returncode == 1
        assert run.stderr.startswith("error: ") and run.stderr.count("\n") == 1
        assert said in run.stderr
    assert not output.exists()


@pytest.mark.parametrize("file", ["trajectory.h5", "epoch_labels.h5", "labels.h5", "status.json"])
def test_a_fault_of_the_disk_is_no_fault_of_a_file(bench, file, monkeypatch):
    """It must not be recorded, nor the user be asked to remove a finished training."""
    bench.recorded_fit(0)
    if file != "trajectory.h5":
        bench.cluster()
    real_file, real_text = h5py.File, Path.read_text

    def open_file(path, *more, **options):
        if Path(path).name == file:
            raise OSError(errno.EIO, "Input/output error")
        return real_file(path, *more, **options)

    def read_text(path, *more, **options):
        if path.name == file:
            raise OSError(errno.EIO, "Input/output error")
        return real_text(path, *more, **options)

    monkeypatch.setattr(h5py, "File", open_file)
    monkeypatch.setattr(Path, "read_text", read_text)
    with pytest.raises(OSError, match="Input/output error"):
        bench.score() if file == "labels.h5" else bench.cluster()


def test_a_seed_that_cannot_be_clustered_leaves_the_failures_of_others_as_they_are(bench):
    bench.recorded_fit(0)
    (bench.folder(0) / "trajectory.h5").write_bytes(b"")
    bench.failed_fit(1, "oom", "more memory than there is")
    bench.failed_fit(2, "not_applicable", "it needs an image")
    done = run_here(SCRIPTS / "cluster.py", *cluster_arguments(bench, "--record-failure"))
    assert done.returncode == 0, done.stderr
    rows = bench.score().xs("ARI", level="metric").reset_index().set_index("seed")
    expected = {1: ("oom", "more memory than there is"), 2: ("not_applicable", "it needs an image")}
    for seed, end in expected.items():
        assert set(zip(rows.loc[[seed], "status"], rows.loc[[seed], "reason"])) == {end}
    assert set(rows.loc[[0], "status"]) == {"error"}
    with open_labels(bench.labels) as reader:
        _, scores = no_scores(reader.axes, TRUTH, True, "scoring: why")
    ends = scores.groupby("seed")["status"].agg(set)
    assert [ends[seed] for seed in (0, 1, 2)] == [{"error"}, {"oom"}, {"not_applicable"}]


def test_a_map_is_recommended_only_from_labels_of_these_cells(bench, tmp_path):
    bench.dataset(kind="features")
    bench.plain_fit(0)
    labels = tmp_path / "labels/m/key.h5"
    labels.parent.mkdir(parents=True)
    bench.cluster("kmeans20", output=labels)
    verdict = PROJECT / "resources/verdict"
    options = ["--data", bench.data, "--preprocessed", bench.preprocessed, "--dataset", "D"]
    options += ["--labels", labels, "--previous", verdict / "scores.parquet"]
    options += [verdict / "manifest.json", "--technology", "MERFISH", "--unit", "D"]

    def choose(*more):
        return run_here(SCRIPTS / "choose.py", *options, "--output", tmp_path / "out", *more)

    done = choose("--rank-by", "gmm")
    assert done.stderr == f"error: {labels}: no labels by gmm; use one of kmeans20\n"
    assert choose().returncode == 0
    table = pd.read_csv(tmp_path / "out/recommendation.csv")
    assert table[["method", "recommended", "status"]].to_numpy().tolist() == [["m", True, "ok"]]
    adata = anndata.read_h5ad(bench.preprocessed)
    adata[::-1].copy().write_h5ad(bench.preprocessed)
    assert "cells are not the" in choose().stderr
    shutil.rmtree(bench.folder(0))
    bench.failed_fit(0, "oom", "more memory than there is")
    bench.cluster("kmeans20", output=labels)
    assert choose().returncode == 0
    table = pd.read_csv(tmp_path / "out/recommendation.csv")
    assert table[["method", "recommended", "status"]].to_numpy().tolist() == [["m", False, "oom"]]
