import json
import re
from functools import cache

from snakemake_interface_executor_plugins.settings import DeploymentMethod

BASE = Path(workflow.basedir)

from stbench.config.benchmark import load_benchmark, typed
from stbench.common.errors import InputError
from stbench.config.external import result_files
from stbench.common.import_closure import import_closure
from stbench.common.paths import method_files
from stbench.runs.preflight import check_places
from stbench.runs.environment import mirror, note_commit, python_of, use_this_python

# A fit's job outlives its soft time limit by this, so that the supervisor can record what happened.
SUPERVISOR_MINUTES = 10

# On a cluster two Snakemakes (170 MB each) run within the job's memory, beside the fit.
SNAKEMAKE_MB = 400

use_this_python()
note_commit(BASE)

config.update({key: typed(config[key]) for key in workflow.config_settings.config or {}})
try:
    if workflow.is_main_process:
        check_places(Path())
    BENCHMARK = load_benchmark(config, BASE / "config")
except InputError as error:
    sys.exit(f"error: {error}")


wildcard_constraints:
    dataset=r"[A-Za-z0-9][A-Za-z0-9._-]*",
    method=r"[a-z][a-z0-9_]*",
    seed=r"\d+",


@cache
def code(*programs):
    """The programs, then every file below scripts/ that they import: an edit reruns what it touches."""
    files = [import_closure(BASE / program, BASE / "scripts") for program in programs]
    closure = {str(path): None for path in [f[0] for f in files] + sum(files, [])}
    return list(closure)


def one_of(ids):
    """A wildcard constraint that matches these ids and nothing else."""
    return "|".join(map(re.escape, ids)) or "(?!)"


def dataset_ids(origin):
    """What comes from `files`, a `path` of the user's or `simulate`: datasets and their sections."""
    return [name for name, entry in BENCHMARK.made.items() if entry["origin"] == origin]


def joined_datasets():
    """The chosen datasets that join several sections of tissue."""
    return dataset_ids("joined")


def all_cells(pattern):
    """The pattern for every chosen dataset and method."""
    return expand(pattern, dataset=list(BENCHMARK.datasets), method=BENCHMARK.chosen)


def fit_folders(dataset, method):
    """The fits of a method on a dataset, one for each training seed."""
    seeds = BENCHMARK.seeds(method, dataset)
    return [f"results/fits/{dataset}/{method}/seed{seed}" for seed in seeds]


def external_files(wildcards):
    """The files of a result that was made elsewhere, as far as they are there."""
    cell = BENCHMARK.external_folder(wildcards.method, wildcards.dataset, int(wildcards.seed))
    return [str(path) for path in result_files(cell)]


def graph_methods(dataset):
    """The chosen methods that give a cell graph of a dataset."""
    return [method for method in BENCHMARK.chosen if BENCHMARK.gives_graph(method, dataset)]


def interaction_scores():
    """Scores of learned cell graphs of all datasets, where the configuration asks for interactions."""
    datasets = filter(graph_methods, BENCHMARK.datasets) if config.get("interactions") else []
    return expand("results/interactions/{dataset}/scores.parquet", dataset=list(datasets))


def integration_scores():
    """How well every chosen method joins the sections of every dataset that has several."""
    pattern = "results/integration/{dataset}/{method}.parquet"
    return expand(pattern, dataset=joined_datasets(), method=BENCHMARK.chosen)


def joined_fits():
    """The fits of every chosen method on every dataset that has several sections."""
    cells = [(dataset, method) for dataset in joined_datasets() for method in BENCHMARK.chosen]
    return [folder for cell in cells for folder in fit_folders(*cell)]


def marker_folders():
    """One for each dataset, where the configuration asks for markers."""
    datasets = list(BENCHMARK.datasets) if config.get("markers") else []
    return expand("results/markers/{dataset}", dataset=datasets)


def of_demonstrations(pattern, only=lambda dataset, method, seed: True):
    """The pattern for what this run makes of the authors' demonstrations and of their stand-ins."""
    cells = [
        (dataset, one["method"], one["seed"])
        for one in config.get("demonstrations") or []
        for dataset in (one["dataset"], one.get("stand_in"))
        if dataset in BENCHMARK.datasets and one["method"] in config["methods"]
    ]
    found = [
        pattern.format(dataset=dataset, method=method, seed=seed)
        for dataset, method, seed in cells
        if only(dataset, method, seed)
    ]
    return list(dict.fromkeys(found))


def studies():
    """``Benchmark.studies`` for aggregate.py; empty where there is none."""
    told = {name: found for name, found in BENCHMARK.studies.items() if found}
    return json.dumps(told, sort_keys=True) if told else ""


def raw_data(wildcards):
    """The folder of a published dataset's raw files, or the user's own file."""
    entry = BENCHMARK.made[wildcards.dataset]
    return entry.get("path", f"results/raw/{wildcards.dataset}")


def prepare_options(wildcards):
    """How prepare.py finds the description of a published dataset, or of the user's own."""
    entry = BENCHMARK.made[wildcards.dataset]
    if entry["origin"] == "path":
        return ["--section", json.dumps(entry["section"], sort_keys=True)]
    return ["--dataset", wildcards.dataset, "--raw", raw_data(wildcards)]


def method_code(method):
    """What a method is written in: Python, or R that fit.R runs; nothing where it ran elsewhere."""
    if method in BENCHMARK.external:
        return []
    files = method_files(BASE / "scripts/methods")
    # A rule without its file: Snakemake says that the file is missing.
    file = files.get(method, BASE / f"scripts/methods/{method}.py")
    script = str(file.relative_to(BASE))
    return ["scripts/fit.R", script] if file.suffix == ".R" else [script]


def program_of(variant):
    """The method whose program a variant runs."""
    return BENCHMARK.variants[variant].method


def environment(method):
    """The environment of a method, for conda."""
    return str(BASE / f"envs/{BENCHMARK.environment(method)}.yaml")


def python_for(environment):
    """The Python that fits: of an environment where make made it and conda does not."""
    by_conda = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    return "python" if by_conda else python_of(environment, BASE)


def fit_python(method):
    """The Python that fits a method."""
    return python_for(BENCHMARK.environment(method))


def truth_of(method):
    """The dataset with its truth, for a control that needs it."""
    needed = BENCHMARK.method(method).get("needs_truth")
    return {"truth": "results/data/{dataset}.h5ad"} if needed else {}


def fit_input(method):
    """What a fit reads: the preprocessed dataset, which holds no truth, and its code."""
    return {
        "preprocessed": "results/preprocessed/{dataset}.h5ad",
        "code": code("scripts/run_fit.py", "scripts/fit.py", *method_code(method)),
        **truth_of(method),
    }


def fit_params(method):
    """What a fit is told: its method's own slice of the configuration, nothing else."""
    entry = BENCHMARK.method(method)

    def settings(wildcards):
        files = truth_of(method).items()
        paths = {name: path.format(dataset=wildcards.dataset) for name, path in files}
        return json.dumps({**BENCHMARK.params(method, wildcards.dataset), **paths}, sort_keys=True)

    return {
        "method": method,
        "program": method,
        "python": fit_python(method),
        "implementation": entry["implementation"],
        "settings": settings,
        "record": "--record" if entry.get("trainable") else "",
    }


def fit_resources(method):
    """GPU, memory and time of a fit, as functions of the dataset's size and of the attempt."""
    return {
        "gpu": BENCHMARK.gpus(method),
        "mem_mb": lambda wildcards, attempt: SNAKEMAKE_MB
        + BENCHMARK.mem_mb(method, wildcards.dataset, attempt),
        "fit_mb": lambda wildcards, attempt: BENCHMARK.mem_mb(method, wildcards.dataset, attempt),
        "minutes": lambda wildcards: BENCHMARK.minutes(method, wildcards.dataset),
        "runtime": lambda wildcards: SUPERVISOR_MINUTES
        + BENCHMARK.minutes(method, wildcards.dataset),
        "attempt": lambda wildcards, attempt: attempt,
        "attempts": config["attempts"],
    }


def asked_for(rule):
    """Whether this run has to do with the outputs of a rule, be they there already."""
    return any(job.rule.name == rule for job in workflow.dag.jobs)


def print_summary():
    """What the run found, at the end of its output; nothing where it was run for something else."""
    texts = {"summarize": "results/summary.txt", "demo": "results/demo/comparison.txt"}
    for text in [Path(text) for name, text in texts.items() if asked_for(name)]:
        if text.exists():
            print(f"\n{text.read_text()}", flush=True)
