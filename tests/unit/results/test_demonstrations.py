"""Measured beside published scores, and whether they may be compared."""

import anndata
import numpy as np
import pandas as pd
import pytest

from helpers.fits import TRUTH, Bench
from helpers.programs import run_here
from helpers.raw_files import REGISTRY
from stbench.common.errors import InputError, NotApplicableError
from stbench.config.benchmark import load_benchmark
from stbench.config.registry import source_entry
from stbench.config.schema import load_yaml
from stbench.results.demonstrations import (
    COMPARABLE,
    NOT_COMPARABLE,
    NOT_MEASURED,
    Demonstration,
    Outcome,
    choose,
    comparison_table,
    comparison_text,
    differences,
    last_labeling,
    measure,
    published_scores,
)
from stbench.results.published import read_published
from stbench.scoring.metrics import ari

CONFIG = REGISTRY.parent
PUBLISHED = CONFIG.parent / "resources/published/scores.csv"
ONE = Demonstration(
    title="A demonstration",
    method="m",
    dataset="D",
    source="its authors",
    seed=0,
    epochs=4,
    clusterer="kmeans",
    reported="their notebook",
    stand_in="E",
)
REPORTED = {"ARI": 0.642, "AMI": 0.725}


def facts(name, status="ok", reason="", source="its authors", note=""):
    return {"id": name, "status": status, "reason": reason, "source": source, "note": note}


GONE = facts("D", "error", "data not available: put D.h5ad into a mirror folder")


def outcome(**more):
    return Outcome(ONE, REPORTED, **more)


def measured(**more):
    return outcome(
        dataset="D", about="D (90 cells)", measured={"ARI": 0.5, "AMI": 0.6}, epoch=4, **more
    )


def test_the_published_dataset_is_taken_where_it_can_be_had():
    assert choose(ONE, {"D": facts("D"), "E": facts("E")}) == ("D", "")


def test_the_stand_in_takes_its_place_and_says_why():
    name, why = choose(ONE, {"D": GONE, "E": facts("E")})
    assert name == "E"
    assert why == "D: data not available: put D.h5ad into a mirror folder"
    assert choose(ONE, {"E": facts("E")})[1] == "D: not a dataset of this run"


def test_where_neither_can_be_had_both_reasons_are_told():
    name, why = choose(ONE, {"D": GONE, "E": facts("E", "error", "broken")})
    assert name == "" and why.startswith("D: data not") and why.endswith("; E: broken")


def test_the_same_source_and_epochs_are_comparable():
    assert differences(ONE, facts("D"), "", 4) == []
    text = comparison_text([measured()])
    assert text.splitlines()[1].startswith(f"  {COMPARABLE}: same data source")
    assert "ARI              0.500       0.642" in text and NOT_COMPARABLE not in text


@pytest.mark.parametrize(
    ("printed", "why", "epoch", "said"),
    [
        (facts("E"), "D: gone", 4, "E replaced D: different cells, different labels"),
        (
            facts("D", source="elsewhere", note="5000 genes"),
            "",
            4,
            "elsewhere; the published run used the files of its authors; 5000 genes",
        ),
        (facts("D"), "", 2, "trained for 2 epochs; the published run was trained for 4"),
    ],
)
def test_whatever_differs_makes_them_not_comparable_and_comes_before_the_numbers(
    printed, why, epoch, said
):
    found = measured(differences=differences(ONE, printed, why, epoch))
    lines = comparison_text([found]).splitlines()
    assert lines[1].startswith(f"  {NOT_COMPARABLE}: ")
    before = lines.index(next(line for line in lines if "measured" in line.split()))
    assert said in " ".join(line.strip() for line in lines[1:before])
    table = comparison_table([found])
    assert set(table["verdict"]) == {"not comparable"} and said in table["reason"][0]


def test_what_was_not_measured_has_no_number_and_a_reason():
    missing = outcome(missing="D: data not available")
    assert missing.verdict == NOT_MEASURED
    lines = comparison_text([missing]).splitlines()
    assert lines[1] == "  NOT MEASURED: D: data not available"
    assert "ARI                  -       0.642" in "\n".join(lines)
    table = comparison_table([missing, measured()])
    assert list(table["metric"]) == ["ARI", "AMI"] * 2
    assert table["measured"].isna().tolist() == [True, True, False, False]
    assert table["published"].tolist() == [0.642, 0.725] * 2


def test_no_line_is_wider_than_the_page():
    wide = measured(differences=["because " + "of this and that " * 30])
    assert max(map(len, comparison_text([wide]).splitlines())) <= 100


def test_the_labels_are_those_of_the_last_epoch_and_the_first_clustering_seed(tmp_path):
    bench = Bench(tmp_path)
    bench.recorded_fit(0)
    bench.failed_fit(1, "oom", "needed 9 GB")
    bench.cluster("kmeans", "own")
    found = last_labeling(bench.labels, ONE)
    assert found.epoch == 4 and found.labels.shape == (90,)
    truth = np.where(np.arange(90) < 5, -1, TRUTH)
    scores = measure(truth, found.labels, ["ARI"])
    assert scores == {"ARI": ari(TRUTH[5:], found.labels[5:])}

    def why(**more):
        with pytest.raises(NotApplicableError) as error:
            last_labeling(bench.labels, Demonstration(**{**vars(ONE), **more}))
        return str(error.value)

    assert why(seed=1) == "oom: needed 9 GB"
    assert why(seed=7) == "seed 7 was not trained"
    assert why(clusterer="gmm") == "gmm is not a clusterer of this run"
    assert why(clusterer="own").startswith("not_applicable: ")


def test_a_name_that_the_table_of_published_scores_does_not_know_is_refused():
    published = pd.DataFrame(
        [("D", "m", "AMI", 0.7, "their notebook"), ("D", "m", "ARI", 0.6, "their notebook")],
        columns=["dataset", "method", "metric", "mean", "source"],
    )
    assert list(published_scores(ONE, published).items()) == [("ARI", 0.6), ("AMI", 0.7)]
    with pytest.raises(InputError, match=r"m on D has the source 'another'"):
        published_scores(Demonstration(**{**vars(ONE), "reported": "another"}), published)


@pytest.mark.parametrize(
    ("name", "scores"),
    [
        ("demo", [{"ARI": 0.642, "AMI": 0.725}]),
        ("spatialfusion_paper", [{"ARI": 0.658, "NMI": 0.749}, {"ARI": 0.4656}]),
    ],
)
def test_the_shipped_demonstrations_are_runs_of_their_configuration(name, scores):
    config = {**load_yaml(CONFIG / "config.yaml"), **load_yaml(CONFIG / f"{name}.yaml")}
    benchmark, registry = load_benchmark(config, CONFIG), load_yaml(REGISTRY)
    published = read_published(PUBLISHED)
    shipped = [Demonstration(**section) for section in config["demonstrations"]]
    assert [published_scores(one, published) for one in shipped] == scores
    for one in shipped:
        assert one.dataset in benchmark.datasets and one.method in config["methods"]
        assert not one.stand_in or one.stand_in in benchmark.datasets
        assert one.seed in config["seeds"] and one.clusterer in config["clusterers"]
        assert benchmark.params(one.method, one.dataset)["epochs"] == one.epochs
        assert source_entry(one.dataset, one.source, registry)["id"] == one.dataset


def test_the_settings_of_stagues_demonstration_are_its_published_ones():
    config = {**load_yaml(CONFIG / "config.yaml"), **load_yaml(CONFIG / "demo.yaml")}
    params = load_benchmark(config, CONFIG).params("stague", "V1")
    published = {"lr": 5e-4, "epochs": 150, "k": 25, "a_k": 5, "adj_weight": 0.3, "gamma": 2}
    published |= {"exp_out": 512, "hidden_dim": 256, "rep_dim": 64, "proj_dim": 64, "tau": 0.999}
    published |= {"margin": 0.5, "margin_weight": 2, "temperature": 0.3, "w_decay": 1e-3}
    published |= {"maskfeat_rate_learner": 0.6, "maskfeat_rate_anchor": 0.9}
    published |= {"dropout": 0.5, "dropedge_rate": 0.5, "nlayers": 2}
    assert {key: params[key] for key in published} == published
    assert load_benchmark(config, CONFIG).params("stague", "V1_0410") == params


def test_a_dataset_without_cells_is_told_by_the_program(tmp_path):
    """The file that stands for data that could not be had is enough to say so."""
    import json

    empty = anndata.AnnData(np.zeros((0, 0), np.float32), uns={"dataset": {**GONE, "id": "V1"}})
    empty.write_h5ad(tmp_path / "V1.h5ad")
    section = load_yaml(CONFIG / "demo.yaml")["demonstrations"][0]
    done = run_here(
        CONFIG.parent / "scripts/demo.py",
        *("--demonstrations", json.dumps([section]), "--data", tmp_path / "V1.h5ad"),
        *("--published", PUBLISHED, "--methods", CONFIG / "methods.yaml"),
        *("--output", tmp_path / "demo"),
    )
    assert done.returncode == 0, done.stderr
    printed = (tmp_path / "demo/comparison.txt").read_text()
    assert "NOT MEASURED: V1: data not available: put D.h5ad into a mirror" in printed
    assert "V1_0410: not a dataset of this run" in " ".join(printed.split())
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == [
        "comparison.csv",
        "comparison.txt",
    ]
