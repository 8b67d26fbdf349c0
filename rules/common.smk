import json
import re
from functools import cache

from snakemake_interface_executor_plugins.settings import DeploymentMethod

BASE = Path(workflow.basedir)

from stbench.config.benchmark import load_benchmark
from stbench.common.errors import InputError
from stbench.config.external import result_files
from stbench.config.layout import REFERENCE, SPOTS, Layout, configuration_name
from stbench.config.pairs import own_parts, raw_parts
from stbench.config.tasks import DECONVOLUTION, DOMAINS, INTEGRATION, INTERACTIONS, MARKERS
from stbench.config.values import with_numbers
from stbench.common.import_closure import import_closure
from stbench.common.paths import method_files
from stbench.runs.preflight import check_places
from stbench.runs.environment import (
    clean_environment,
    mirror,
    note_commit,
    note_home,
    python_of,
    use_mirror,
    use_this_python,
)

# A fit's job outlives its soft time limit by this, so that the supervisor can record what happened.
SUPERVISOR_MINUTES = 10

# On a cluster two Snakemakes (170 MB each) run within the job's memory, beside the fit.
SNAKEMAKE_MB = 400

clean_environment()
use_this_python()
note_commit(BASE)
note_home(BASE)

config.update(with_numbers(config, workflow.config_settings.config or {}))
try:
    files = [
        file for file in workflow.config_settings.configfiles if file != BASE / "config/config.yaml"
    ]
    config["name"] = configuration_name(config, files)
    if workflow.is_main_process:
        check_places(Layout().root)
    BENCHMARK = load_benchmark(config, BASE / "config")
except InputError as error:
    sys.exit(f"error: {error}")
use_mirror(config.get("mirror"))

# Where everything below results/ is; wildcards take the place of ids.
LAYOUT = Layout(name=BENCHMARK.name)
ENTRY = ("{dataset}", "{method}")
FIT = (*ENTRY, "{seed}")


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


def get_scores(*tasks):
    """The files or folders with the scores of these tasks."""
    return BENCHMARK.score_files(LAYOUT, *tasks)


def get_fits(dataset, method):
    """The fits of a method on a dataset, one for each training seed."""
    return [LAYOUT.fit(dataset, method, seed) for seed in BENCHMARK.seeds(method, dataset)]


def get_external_files(wildcards):
    """The existing files of a result that was made elsewhere."""
    folder = BENCHMARK.external_folder(wildcards.method, wildcards.dataset, int(wildcards.seed))
    return [str(path) for path in result_files(folder)]


def get_raw_data(wildcards):
    """The folder of a published dataset's raw files, or the user's own file."""
    return BENCHMARK.made[wildcards.dataset].get("path", LAYOUT.raw(wildcards.dataset))


def get_source(wildcards):
    """The option that names the only source of a dataset to be used, where one was chosen."""
    chosen = (config.get("sources") or {}).get(wildcards.dataset)
    return ["--source", chosen] if chosen else []


def get_archive(wildcards):
    """STAGUE's archive, where it is the chosen source of a dataset and no mirror folder has it."""
    name = wildcards.dataset
    chosen = (config.get("sources") or {}).get(name) == "STAGUE archive"
    mirrored = Path(mirror(), "STAGUE_archive", name, "adata.h5ad")
    return [LAYOUT.raw("STAGUE_archive")] if chosen and not mirrored.is_file() else []


def get_prepare_options(wildcards):
    """How prepare.py finds the description of a published dataset, or of the user's own."""
    entry = BENCHMARK.made[wildcards.dataset]
    if entry["origin"] == "path":
        return ["--section", json.dumps(entry["section"], sort_keys=True)]
    return ["--dataset", wildcards.dataset, "--raw", str(get_raw_data(wildcards))]


def get_pair_files(wildcards):
    """What a pair is made of, by part: folders of raw files, or the user's own files."""
    pair = BENCHMARK.datasets[wildcards.dataset]
    raw = {part: str(LAYOUT.raw(name)) for part, name in raw_parts(pair).items()}
    return {**raw, **own_parts(pair)}


def get_method_code(method):
    """What a method is written in: Python, or R that fit.R runs; nothing where it ran elsewhere."""
    if method in BENCHMARK.external:
        return []
    files = method_files(BASE / "scripts/methods")
    # Snakemake reports a missing file.
    file = files.get(method, BASE / f"scripts/methods/{method}.py")
    script = str(file.relative_to(BASE))
    return ["scripts/fit.R", script] if file.suffix == ".R" else [script]


def get_environment(method, task=DOMAINS):
    """The environment of a method, for conda."""
    return str(BASE / f"envs/{BENCHMARK.environment(task, method)}.yaml")


def get_python(environment):
    """The Python of an environment that make made; that of conda where Snakemake uses conda."""
    by_conda = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    return "python" if by_conda else python_of(environment, BASE)


def needs_truth(method):
    """Whether a method is a control that reads the true proportions."""
    return BENCHMARK.method(DECONVOLUTION, method).get("needs_truth", False)


def get_deconvolution_params(wildcards):
    """The parameters of a method; the control that shuffles the truth gets its path."""
    truth = {"truth": str(LAYOUT.truth(wildcards.dataset))}
    more = truth if needs_truth(wildcards.method) else {}
    params = BENCHMARK.params(wildcards.method, wildcards.dataset)
    return json.dumps({**params, **more}, sort_keys=True)


def truth_of(method):
    """The dataset with its truth, for a control that needs it."""
    needed = BENCHMARK.method(DOMAINS, method).get("needs_truth")
    return {"truth": LAYOUT.data("{dataset}")} if needed else {}


def fit_input(method):
    """What a fit reads: the preprocessed dataset, which holds no truth, and its code."""
    return {
        "preprocessed": LAYOUT.preprocessed("{dataset}"),
        "code": code("scripts/run_fit.py", "scripts/fit.py", *get_method_code(method)),
        **truth_of(method),
    }


def fit_params(method):
    """What a fit gets: its method's own part of the configuration, nothing else."""
    entry = BENCHMARK.method(DOMAINS, method)

    def settings(wildcards):
        files = truth_of(method).items()
        paths = {name: str(path).format(dataset=wildcards.dataset) for name, path in files}
        return json.dumps({**BENCHMARK.params(method, wildcards.dataset), **paths}, sort_keys=True)

    return {
        "method": method,
        "program": method,
        "python": get_python(BENCHMARK.environment(DOMAINS, method)),
        "implementation": entry["implementation"],
        "settings": settings,
        "record": "--record" if entry.get("trainable") else "",
    }


def fit_resources(method):
    """GPU, memory and time of a fit, as functions of the dataset's size and of the attempt."""
    return {
        "gpu": BENCHMARK.gpus(DOMAINS, method),
        "mem_mb": lambda wildcards, attempt: SNAKEMAKE_MB
        + BENCHMARK.mem_mb(method, wildcards.dataset, attempt),
        "fit_mb": lambda wildcards, attempt: BENCHMARK.mem_mb(method, wildcards.dataset, attempt),
        "minutes": lambda wildcards: BENCHMARK.minutes(method, wildcards.dataset),
        "runtime": lambda wildcards: SUPERVISOR_MINUTES
        + BENCHMARK.minutes(method, wildcards.dataset),
        "attempt": lambda wildcards, attempt: attempt,
        "attempts": config["attempts"],
    }


def get_options(input, *names):
    """The option and the files of each of these inputs that has any."""
    return [
        word
        for name in names
        if (files := list(map(str, [input[name]] if isinstance(input[name], str) else input[name])))
        for word in (f"--{name}", *files)
    ]


def get_interactions_option():
    """Where interactions are, as an option; empty where none are inferred."""
    return ["--interactions", str(LAYOUT.all_interactions)] if get_scores(INTERACTIONS) else []


def get_studies(*tasks):
    """What takes no part in the ranking, as options; without tasks of all of them."""
    studies = {name: found for name, found in BENCHMARK.studies.items() if found}
    options = {"--studies": studies} if not tasks else {}
    options |= {"--derived-pairs": BENCHMARK.derived(DECONVOLUTION)}
    return [
        word
        for option, found in options.items()
        if found
        for word in (option, json.dumps(found, sort_keys=True))
    ]


def is_asked_for(*rules):
    """Whether this run makes or checks outputs of one of these rules."""
    return any(job.rule.name in rules for job in workflow.dag.jobs)


def print_summary():
    """What the run found, at the end of its output; nothing where it was run for something else."""
    texts = {"summarize": LAYOUT.summary, "demo": LAYOUT.demo / "comparison.txt"}
    for text in [text for name, text in texts.items() if is_asked_for(name)]:
        if text.exists():
            print("", text.read_text(encoding="utf-8"), sep="\n", flush=True)
