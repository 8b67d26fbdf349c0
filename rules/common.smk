import json
import re

from snakemake_interface_executor_plugins.settings import DeploymentMethod

from stbench.config.benchmark import load_benchmark
from stbench.common.errors import InputError
from stbench.config.external import result_files
from stbench.config.identity import given_number
from stbench.config.keys import keys_of
from stbench.config.layout import REFERENCE, SPOTS, Layout, configuration_name
from stbench.config.own_files import files_of
from stbench.config.pairs import own_parts, raw_parts
from stbench.config.resources import mb_of_counts
from stbench.config.schema import load_yaml
from stbench.config.tasks import (
    CHOOSING,
    DECONVOLUTION,
    DOMAINS,
    INTEGRATION,
    INTERACTIONS,
    MAPS,
    MARKERS,
)
from stbench.config.values import merged, with_numbers
from stbench.runs.preflight import check_places
from stbench.runs.submissions import SUPERVISOR_MINUTES
from stbench.runs.environment import (
    clean_environment,
    mirror,
    note_commit,
    note_home,
    python_of,
    use_mirror,
    use_this_python,
)

# On a cluster the memory of a job is shared by the fit and two Snakemake processes (170 MB each).
SNAKEMAKE_MB = 400

RESULTS = Layout().root

clean_environment()
use_this_python()
note_commit(BASE)
note_home(BASE)

# A workflow that imports this one as a module gives a configuration of its own.
config.update(merged(load_yaml(BASE / "config/config.yaml"), config))
config.update(with_numbers(config, workflow.config_settings.config or {}))
try:
    files = [
        file for file in workflow.config_settings.configfiles if file != BASE / "config/config.yaml"
    ]
    config["name"] = configuration_name(config, files)
    if workflow.is_main_process:
        check_places(RESULTS)
    use_mirror(config.get("mirror"), check=workflow.is_main_process)
    BENCHMARK = load_benchmark(config, BASE / "config")
    KEYS = keys_of(BENCHMARK, RESULTS)
except InputError as error:
    sys.exit(f"error: {error}")

# The paths below results/; PATTERN has wildcards in place of ids and keys.
LAYOUT = Layout(RESULTS, BENCHMARK.name, KEYS)
PATTERN = Layout(RESULTS, BENCHMARK.name)
ENTRY = ("{dataset}", "{method}")
FIT = (*ENTRY, "{seed}")


wildcard_constraints:
    dataset=r"[A-Za-z0-9][A-Za-z0-9._-]*",
    method=r"[a-z][a-z0-9_]*",
    seed=r"\d+",
    key=r"[a-z0-9]+(-[0-9a-f]{10})?",


def code(*programs):
    """The programs of a job. Its key or recipe covers their code; their times are ignored."""
    return [ancient(str(BASE / program)) for program in programs]


def once(outputs, **inputs):
    """The inputs of a job whose outputs have a key; none if the outputs exist.

    Snakemake then does not search for the inputs of finished outputs.

    outputs: function of the wildcards that returns the outputs of this configuration.
    inputs: functions of the wildcards that return files.
    """

    def unless_finished(files):
        def input_of(wildcards):
            done = not is_forced() and all(path.exists() for path in outputs(wildcards))
            return [] if done else finished(files)(wildcards)

        return input_of

    def own_key(wildcards):
        path = outputs(wildcards)[0]
        if wildcards.key not in (*path.parts, path.stem):
            raise InputError(
                f"key {wildcards.key}: the current configuration and code create {path}; if "
                "either was changed during a run, start the run again"
            )
        return []

    return {"own_key": own_key, **{name: unless_finished(files) for name, files in inputs.items()}}


def finished(files):
    """Inputs that must exist, but whose times are ignored."""

    def input_of(wildcards):
        paths = files(wildcards)
        single = isinstance(paths, (str, Path))
        return ancient(str(paths)) if single else [ancient(str(path)) for path in paths]

    return input_of


def is_forced():
    """Whether the user forces jobs to run again, for example by --forceall."""
    settings = workflow.dag_settings
    return bool(settings.forceall or settings.forcerun or settings.forcetargets)


def untracked(value):
    """A param that is part of a key already, so that Snakemake does not compare it."""
    return lambda wildcards, input: value(wildcards) if callable(value) else value


def own(*files):
    """Files of this project as inputs: the recipe has their contents, their times are ignored."""
    return [ancient(str(BASE / file)) for file in files]


def recipe(program, paths, *settings, files=()):
    """The only tracked param of rules for files of one configuration, with all their inputs.

    paths: shared input files, whose keys represent their contents, or a function of the wildcards
        that returns them.
    settings: other values that affect the output.
    files: of this project or the user, by their contents.
    """

    def recipe_of(wildcards):
        shared = paths(wildcards) if callable(paths) else paths
        return KEYS.identity.stage(
            program,
            paths=list(map(str, shared)),
            settings=settings,
            files=KEYS.identity.contents(BASE / file for file in files),
        )

    return recipe_of


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
    """The existing files of an external result."""
    folder = BENCHMARK.external_folder(wildcards.method, wildcards.dataset, int(wildcards.seed))
    return [str(path) for path in result_files(folder)]


def get_raw_data(wildcards):
    """The folder of the raw files of a published dataset, or the files of the user."""
    entry = BENCHMARK.made[wildcards.dataset]
    own = entry["origin"] == "path"
    return list(map(str, files_of(entry))) if own else LAYOUT.raw(wildcards.dataset)


def get_source(wildcards):
    """The option for the only source of a dataset to use, if one was chosen."""
    chosen = (config.get("sources") or {}).get(wildcards.dataset)
    return ["--source", chosen] if chosen else []


def get_archive(wildcards):
    """STAGUE's archive, if it is the chosen source of a dataset and no mirror folder has it."""
    name = wildcards.dataset
    chosen = (config.get("sources") or {}).get(name) == "STAGUE archive"
    mirrored = Path(mirror(), "STAGUE_archive", name, "adata.h5ad")
    return [LAYOUT.stague_archive] if chosen and not mirrored.is_file() else []


def get_prepare_options(wildcards):
    """The options of prepare.py for a published dataset, or for one of the user."""
    published = ["--dataset", wildcards.dataset, "--raw", str(get_raw_data(wildcards))]
    return get_section(wildcards) or published


def get_section(wildcards):
    """The option for the description of a dataset of the user; empty for others."""
    entry = BENCHMARK.made[wildcards.dataset]
    if entry["origin"] != "path":
        return []
    return ["--section", json.dumps(entry["given"], sort_keys=True)]


def get_simulate_options(wildcards):
    """The parameters of a simulated tissue, as options."""
    parameters = sorted(BENCHMARK.made[wildcards.dataset]["simulate"].items())
    return [f"--{name.replace('_', '-')}={value}" for name, value in parameters]


def get_pair_files(wildcards):
    """The inputs of a pair: folders of raw files, or files of the user."""
    pair = BENCHMARK.datasets[wildcards.dataset]
    return [*map(LAYOUT.raw, raw_parts(pair).values()), *own_parts(pair).values()]


def get_made_pair(dataset):
    """The outputs of the job of a pair; a degraded pair uses the reference of its base."""
    parts = [SPOTS] if BENCHMARK.base(dataset) != dataset else [SPOTS, REFERENCE]
    return [*(LAYOUT.pair(dataset, part) for part in parts), LAYOUT.truth(dataset)]


def get_environment(method, task=DOMAINS):
    """The environment of a method, for conda."""
    return str(BASE / f"envs/{BENCHMARK.environment(task, method)}.yaml")


def get_python(environment):
    """The Python of an environment that make created, or that of conda or a container."""
    others = {DeploymentMethod.CONDA, DeploymentMethod.APPTAINER}
    given = others & set(workflow.deployment_settings.deployment_method)
    return "python" if given else python_of(environment, BASE)


def get_truth(method, dataset):
    """The dataset with its truth for a control that needs it; empty for methods."""
    needed = BENCHMARK.method(DOMAINS, method).get("needs_truth")
    return [LAYOUT.data(dataset)] if needed else []


def get_proportions(wildcards):
    """The true proportions for the control that shuffles them; empty for methods."""
    needed = BENCHMARK.method(DECONVOLUTION, wildcards.method).get("needs_truth")
    return [LAYOUT.truth(wildcards.dataset)] if needed else []


def get_params(wildcards, method, truth):
    """The parameters of a method, as JSON; a control that needs the truth gets its path."""
    path = {"truth": str(truth[0])} if truth else {}
    return json.dumps({**BENCHMARK.params(method, wildcards.dataset), **path}, sort_keys=True)


def fit_input(method):
    """The inputs of a fit: the preprocessed dataset, without truth, and its programs."""
    inputs = once(
        lambda wc: [LAYOUT.fit(wc.dataset, method, wc.seed)],
        preprocessed=lambda wc: LAYOUT.preprocessed(wc.dataset),
        truth=lambda wc: get_truth(method, wc.dataset),
    )
    return {**inputs, "code": code("scripts/run_fit.py", "scripts/fit.py")}


def fit_params(method):
    """The params of a fit: only the part of the configuration for its method."""
    entry = BENCHMARK.method(DOMAINS, method)
    params = {
        "method": method,
        "gpus": BENCHMARK.gpus(DOMAINS, method),  # even where the profile asks for them as gres
        "program": entry.get("variant_of", method),
        "python": get_python(BENCHMARK.environment(DOMAINS, method)),
        "implementation": entry["implementation"],
        "settings": lambda wc: get_params(wc, method, get_truth(method, wc.dataset)),
        "parameters": lambda wc: get_params(wc, method, []),
        "method_code": lambda wc: KEYS.method_code(DOMAINS, method),
        "record": "--record" if entry.get("trainable") else "",
    }
    return {name: untracked(value) for name, value in params.items()}


def fit_param(name):
    """A param of the method in the wildcard."""
    return lambda wildcards, input: fit_params(wildcards.method)[name](wildcards, input)


def fit_resources(method):
    """GPU, memory and time of a fit, as functions of the size of the dataset and the attempt."""
    return {
        "gpu": BENCHMARK.gpus(DOMAINS, method),
        "mem_mb": lambda wildcards, attempt: SNAKEMAKE_MB + fit_mb(wildcards, method, attempt),
        "fit_mb": lambda wildcards, attempt: fit_mb(wildcards, method, attempt),
        "minutes": lambda wildcards: BENCHMARK.minutes(method, wildcards.dataset),
        "runtime": lambda wildcards: SUPERVISOR_MINUTES
        + BENCHMARK.minutes(method, wildcards.dataset),
        "attempt": lambda wildcards, attempt: attempt,
        "attempts": lambda wildcards: fit_attempts(wildcards, method),
    }


def fit_mb(wildcards, method, attempt):
    """Memory of a fit; in a bundle that of its last attempt, as it has no second one there."""
    if fit_is_bundled(wildcards, method):
        attempt = max(attempt, config["attempts"] - 1)
    elif 1 < config["attempts"] <= attempt:
        attempt = 1  # it runs nothing: it records the failures of the others
    return BENCHMARK.mem_mb(method, wildcards.dataset, attempt)


def fit_attempts(wildcards, method):
    """Attempts before the failure of a fit is recorded."""
    return 1 if fit_is_bundled(wildcards, method) else config["attempts"]


def get_options(input, *names):
    """The option and the files of each of these inputs that is not empty."""
    return [
        word
        for name in names
        if (files := list(map(str, [input[name]] if isinstance(input[name], str) else input[name])))
        for word in (f"--{name}", *files)
    ]


def get_maps(ending):
    """Files of the maps of own sections."""
    return [LAYOUT.domains(name, ending) for name in BENCHMARK.datasets_of(MAPS)]


def get_facts(wildcards):
    """What earlier results of methods are compared by; an own section may be corrected later."""
    technology = BENCHMARK.datasets[wildcards.dataset].get("technology", "unknown")
    return ["--technology", technology, "--unit", BENCHMARK.tissues[wildcards.dataset]["unit"]]


def get_choosing(wildcards):
    """The folder with the recommended number of domains of a dataset; empty if there is none."""
    chosen_for = wildcards.dataset in BENCHMARK.datasets_of(CHOOSING)
    return [LAYOUT.choosing(wildcards.dataset)] if chosen_for else []


def get_marker_methods(wildcards):
    """The methods whose domains are searched for the requested genes; none without such genes."""
    methods = get_mapped(wildcards) or BENCHMARK.methods_of(MARKERS, wildcards.dataset)
    return methods if (config.get("markers") or {}).get("genes") else []


def get_marker_titles(wildcards):
    """Display names of these methods, and of the one whose map is recommended."""
    methods = get_marker_methods(wildcards) or get_mapped(wildcards)
    return {m: BENCHMARK.method(DOMAINS, m)["title"] for m in methods}


def get_mapped(wildcards):
    """The methods whose maps of an own section are joined; empty for other datasets."""
    own_section = wildcards.dataset in BENCHMARK.datasets_of(MAPS)
    return BENCHMARK.mapped(wildcards.dataset) if own_section else []


def get_own_maps(wildcards):
    """The maps of all methods on an own section; empty for other datasets."""
    own_section = wildcards.dataset in BENCHMARK.datasets_of(MAPS)
    return [LAYOUT.domains(wildcards.dataset, "h5ad")] if own_section else []


def get_interaction_folders(option="--interactions"):
    """The option for the folders of inferred interactions; empty if there are none."""
    folders = [str(LAYOUT.interactions(*entry)) for entry in BENCHMARK.entries(INTERACTIONS)]
    return [option, *folders] if folders else []


def get_studies(*tasks):
    """The options for entries outside the ranking; without arguments for all tasks."""
    studies = {name: entries for name, entries in BENCHMARK.studies.items() if entries}
    options = {"--studies": studies} if not tasks else {}
    options |= {"--derived-pairs": BENCHMARK.derived(DECONVOLUTION)}
    return [
        word
        for option, entries in options.items()
        if entries
        for word in (option, json.dumps(entries, sort_keys=True))
    ]


def get_tissues():
    """The option for the kind and the independent unit of each dataset."""
    return ["--tissues", json.dumps(BENCHMARK.tissues, sort_keys=True)]


def is_asked_for(*rules):
    """Whether this run creates or checks outputs of one of these rules."""
    return any(job.rule.name in rules for job in workflow.dag.jobs)
