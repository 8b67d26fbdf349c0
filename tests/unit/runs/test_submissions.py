"""What a cluster is given: few jobs, none of them short, each after its inputs."""

from collections import Counter
from dataclasses import replace

import pytest

from helpers.finished_fits import configuration, write_fit
from stbench.common.paths import CONFIG, PROJECT
from stbench.config.benchmark import load_benchmark
from stbench.config.keys import layout_of
from stbench.config.schema import load_yaml
from stbench.runs.cost_model import fit_cost_model
from stbench.runs.fit_costs import LIMIT, fit_costs
from stbench.runs.job_costs import TABLES, Job, JobCosts
from stbench.runs.measurements import read_shipped
from stbench.runs.submissions import ALONE, JOBS, LEAST, MOST, packed, submissions


@pytest.fixture(scope="module")
def model():
    return fit_cost_model(read_shipped(PROJECT / "resources/cost_model.csv"))


def planned(benchmark, folder, model, **changed):
    layout = layout_of(benchmark, folder)
    costs = {k: replace(c, **changed) for k, c in fit_costs(benchmark, model, layout).items()}
    return submissions(benchmark, layout, costs)


def seconds_of(numbers):
    return sum(job.seed for job in numbers)


def jobs(*numbers):
    """Jobs that take as many seconds as their seeds say."""
    return [[Job("fit", "d", "m", number)] for number in numbers]


def sums(bundles):
    return [seconds_of(bundle) for bundle in bundles]


def test_bundles_are_filled_and_none_is_short():
    least, most = LEAST, MOST
    assert sums(packed(jobs(most - 1, 1, 1, most), seconds_of, most)) == [most, most + 1]
    assert sums(packed(jobs(most, most, least - 1), seconds_of, most)) == [most, most + least - 1]
    assert sums(packed(jobs(1, 0, 1), seconds_of, most)) == [2]
    assert sums(packed(jobs(least, least), seconds_of, least)) == [least, least]
    assert packed(jobs(0), seconds_of, most) == []
    assert sums(packed(jobs(*[1] * (JOBS + 1)), seconds_of, most)) == [JOBS, 1]


def test_the_paper_is_few_submissions_of_at_least_five_minutes(tmp_path, model):
    config = load_yaml(CONFIG / "config.yaml") | load_yaml(CONFIG / "paper.yaml")
    benchmark = load_benchmark(config, CONFIG)
    whole = planned(benchmark, tmp_path, model)
    assert len(whole) < 400
    assert min(bundle.seconds for bundle in whole.bundles) >= LEAST
    assert min(whole.alone.values()) >= ALONE
    fits = [job for job in (*whole.bundle_of, *whole.alone) if job.stage == "fit"]
    wanted = [(d, m, s) for d, m in benchmark.entries() for s in benchmark.seeds(m, d)]
    assert Counter(job[1:] for job in fits) == Counter(wanted)
    for bundle in whole.bundles:
        gpus = {benchmark.gpus("domains", j.method) for j in bundle.jobs if j.stage == "fit"}
        assert gpus <= ({1} if bundle.name.startswith("gpu") else {0}), bundle.name


def test_jobs_follow_their_inputs(tmp_path, model):
    benchmark = configuration(datasets=["BZ5", "sim_layers"], methods=["pca", "stague", "bass"])
    plan = planned(benchmark, tmp_path, model)
    order = [job for bundle in plan.bundles for job in bundle.jobs]
    for dataset, method in benchmark.entries():
        place = {job.stage: order.index(job) for job in order if job[1:3] == (dataset, method)}
        place |= {job.stage: order.index(job) for job in order if job[1:3] == (dataset, "")}
        assert place["data"] < place["preprocess"] < place["fit"]
        assert place["fit"] < place["cluster"] < place["score"] < order.index(TABLES)
    assert ("interactions" in {job.stage for job in order}) == bool(
        benchmark.config["interactions"]
    )


JOINED = {"id": "both", "join": ["DLPFC151673_5k", "DLPFC151674_5k"]}


@pytest.mark.parametrize(
    ("chosen", "made_of"),
    [
        ({"datasets": ["BZ5"], "robustness": {"counts": [1, 0.5]}}, {"BZ5"}),
        ({"datasets": [JOINED]}, {"DLPFC151673_5k", "DLPFC151674_5k"}),
    ],
)
def test_a_dataset_follows_those_that_it_is_made_of(tmp_path, model, chosen, made_of):
    plan = planned(configuration(methods=["pca"], **chosen), tmp_path, model)
    order = [job.dataset for bundle in plan.bundles for job in bundle.jobs if job.stage == "data"]
    assert made_of < set(order) and set(order[: len(made_of)]) == made_of


def test_what_is_done_is_not_submitted(tmp_path, model):
    benchmark = configuration(datasets=["BZ5"], methods=["pca"])
    layout = layout_of(benchmark, tmp_path)
    before = planned(benchmark, tmp_path, model)
    write_fit(layout, "BZ5", "pca", 0)
    after = planned(benchmark, tmp_path, model)
    done = Job("fit", "BZ5", "pca", 0)
    assert JobCosts(benchmark, layout, fit_costs(benchmark, model, layout)).seconds(done) == 0
    assert sum(b.seconds for b in after.bundles) < sum(b.seconds for b in before.bundles)


def test_a_long_fit_is_alone_and_its_scores_are_not(tmp_path, model):
    benchmark = configuration(datasets=["BZ5"], methods=["pca", "stague"])
    plan = planned(benchmark, tmp_path, model, seconds=MOST)
    assert {job.method for job in plan.alone} == {"pca", "stague"}
    assert {bundle.name for bundle in plan.bundles} == {"data-1"} | {"scores-1"}
    assert Job("score", "BZ5", "stague") in plan.bundle_of


def test_a_fit_of_more_than_half_an_hour_is_alone_though_all_of_its_method_would_fit(
    tmp_path, model
):
    benchmark = configuration(datasets=["BZ5"], methods=["pca"], seeds=[0, 1])
    plan = planned(benchmark, tmp_path, model, seconds=ALONE)
    assert len(plan.alone) == 2 and 2 * ALONE < MOST
    assert not planned(benchmark, tmp_path, model, seconds=ALONE - 1).alone


def test_a_bundle_asks_for_its_time_and_the_limit_of_one_fit(tmp_path, model):
    benchmark = configuration(datasets=["BZ5"], methods=["pca"])
    plan = planned(benchmark, tmp_path, model, seconds=90.0)
    bundle, tables = plan.bundles
    assert tables.jobs == (TABLES,)
    limit = 10 + benchmark.minutes("pca", "BZ5")
    fits = sorted(bundle.minutes[job] for job in bundle.jobs if job.stage == "fit")
    assert fits == [3] * (len(fits) - 1) + [3 + limit]


def test_a_method_never_measured_is_expected_to_take_a_tenth_of_its_limit(tmp_path, model):
    benchmark = configuration(datasets=["BZ5"], methods=["bass"])
    layout = layout_of(benchmark, tmp_path)
    costs = fit_costs(benchmark, model, layout)
    assert costs["BZ5", "bass"].basis == LIMIT
    seconds = JobCosts(benchmark, layout, costs).seconds(Job("fit", "BZ5", "bass", 0))
    assert seconds == pytest.approx(6 * benchmark.minutes("bass", "BZ5"))
