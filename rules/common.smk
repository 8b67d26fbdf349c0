import json
import re

from snakemake_interface_executor_plugins.settings import DeploymentMethod

BASE = Path(workflow.basedir)
RESULTS = Path("results")

from stbench.config.benchmark import load_benchmark
from stbench.common.errors import InputError
from stbench.config.external import result_files
from stbench.config.keys import keys_of
from stbench.config.layout import REFERENCE, SPOTS, Layout, configuration_name
from stbench.config.pairs import own_parts, raw_parts
from stbench.config.tasks import DECONVOLUTION, DOMAINS, INTEGRATION, INTERACTIONS, MARKERS
from stbench.config.values import with_numbers
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
    KEYS = keys_of(BENCHMARK, RESULTS)
except InputError as error:
    sys.exit(f"error: {error}")
use_mirror(config.get("mirror"))

# Where everything below results/ is; PATTERN has wildcards in place of ids and keys.
LAYOUT = Layout(RESULTS, BENCHMARK.name, KEYS)
PATTERN = Layout(RESULTS, BENCHMARK.name)
STAGUE_ARCHIVE = RESULTS / "raw/archive/STAGUE_archive"
ENTRY = ("{dataset}", "{method}")
FIT = (*ENTRY, "{seed}")


wildcard_constraints:
    dataset=r"[A-Za-z0-9][A-Za-z0-9._-]*",
    method=r"[a-z][a-z0-9_]*",
    seed=r"\d+",
    key=r"[a-z0-9]+(-[0-9a-f]{10})?",


def code(*programs):
    """The programs of a job. What they compute is in its key or recipe; their time is nothing."""
    return [ancient(str(BASE / program)) for program in programs]


def once(made, **inputs):
    """The inputs of a job whose outputs have a key; none where the outputs are there already.

    So a finished output never makes Snakemake look for what it was made of.

    made: function of the wildcards that returns the outputs of this configuration.
    inputs: functions of the wildcards that return files.
    """

    def given(files):
        def input_of(wildcards):
            done = not is_forced() and all(path.exists() for path in made(wildcards))
            return [] if done else finished(files)(wildcards)

        return input_of

    def own_key(wildcards):
        path = made(wildcards)[0]
        if wildcards.key not in (*path.parts, path.stem):
            raise InputError(
                f"key {wildcards.key}: this configuration and code make {path}; if either was "
                "changed during a run, start it again"
            )
        return []

    return {"own_key": own_key, **{name: given(files) for name, files in inputs.items()}}


def finished(files):
    """Inputs that have to be there, whose times are nothing."""

    def input_of(wildcards):
        found = files(wildcards)
        one = isinstance(found, (str, Path))
        return ancient(str(found)) if one else [ancient(str(path)) for path in found]

    return input_of


def is_forced():
    """Whether the user asks for jobs to run again, such as with --forceall."""
    settings = workflow.dag_settings
    return bool(settings.forceall or settings.forcerun or settings.forcetargets)


def untracked(value):
    """A param that is part of a key, so that Snakemake has nothing to compare."""
    return lambda wildcards, input: value(wildcards) if callable(value) else value


def own(*files):
    """Files of this project as inputs: their contents are in the recipe, their times are nothing."""
    return [ancient(str(BASE / file)) for file in files]


def recipe(program, paths, *settings, files=()):
    """The one tracked param of what a configuration has for itself: all that it is made of.

    paths: shared files that it reads, whose keys stand for their contents, or a function of the
        wildcards that returns them.
    settings: what else decides what is written.
    files: of this project or the user, by their contents.
    """

    def recipe_of(wildcards):
        found = paths(wildcards) if callable(paths) else paths
        return KEYS.identity.stage(
            program,
            paths=list(map(str, found)),
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
    """The existing files of a result that was made elsewhere."""
    folder = BENCHMARK.external_folder(wildcards.method, wildcards.dataset, int(wildcards.seed))
    return [str(path) for path in result_files(folder)]


def get_raw_data(wildcards):
    """The folder of a published dataset's raw files, or the user's own file."""
    entry = BENCHMARK.made[wildcards.dataset]
    return entry["path"] if entry["origin"] == "path" else LAYOUT.raw(wildcards.dataset)


def get_source(wildcards):
    """The option that names the only source of a dataset to be used, where one was chosen."""
    chosen = (config.get("sources") or {}).get(wildcards.dataset)
    return ["--source", chosen] if chosen else []


def get_archive(wildcards):
    """STAGUE's archive, where it is the chosen source of a dataset and no mirror folder has it."""
    name = wildcards.dataset
    chosen = (config.get("sources") or {}).get(name) == "STAGUE archive"
    mirrored = Path(mirror(), "STAGUE_archive", name, "adata.h5ad")
    return [STAGUE_ARCHIVE] if chosen and not mirrored.is_file() else []


def get_prepare_options(wildcards):
    """How prepare.py finds the description of a published dataset, or of the user's own."""
    entry = BENCHMARK.made[wildcards.dataset]
    if entry["origin"] == "path":
        return ["--section", json.dumps(entry["section"], sort_keys=True)]
    return ["--dataset", wildcards.dataset, "--raw", str(get_raw_data(wildcards))]


def get_simulate_options(wildcards):
    """The parameters of a simulated tissue, as options."""
    parameters = sorted(BENCHMARK.made[wildcards.dataset]["simulate"].items())
    return [f"--{name.replace('_', '-')}={value}" for name, value in parameters]


def get_pair_files(wildcards):
    """What a pair is made of: folders of raw files, or the user's own files."""
    pair = BENCHMARK.datasets[wildcards.dataset]
    return [*map(LAYOUT.raw, raw_parts(pair).values()), *own_parts(pair).values()]


def get_made_pair(dataset):
    """The files of a pair that its job makes; a degraded one has the reference of its base."""
    parts = [SPOTS] if BENCHMARK.base(dataset) != dataset else [SPOTS, REFERENCE]
    return [*(LAYOUT.pair(dataset, part) for part in parts), LAYOUT.truth(dataset)]


def get_environment(method, task=DOMAINS):
    """The environment of a method, for conda."""
    return str(BASE / f"envs/{BENCHMARK.environment(task, method)}.yaml")


def get_python(environment):
    """The Python of an environment that make made; that of conda where Snakemake uses conda."""
    by_conda = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    return "python" if by_conda else python_of(environment, BASE)


def get_truth(method, dataset):
    """The dataset with its truth, for a control that needs it; nothing for methods."""
    needed = BENCHMARK.method(DOMAINS, method).get("needs_truth")
    return [LAYOUT.data(dataset)] if needed else []


def get_proportions(wildcards):
    """The true proportions, for the control that shuffles them; nothing for methods."""
    needed = BENCHMARK.method(DECONVOLUTION, wildcards.method).get("needs_truth")
    return [LAYOUT.truth(wildcards.dataset)] if needed else []


def get_params(wildcards, method, truth):
    """The parameters of a method, as JSON; a control that needs the truth gets its path."""
    path = {"truth": str(truth[0])} if truth else {}
    return json.dumps({**BENCHMARK.params(method, wildcards.dataset), **path}, sort_keys=True)


def fit_input(method):
    """What a fit reads: the preprocessed dataset, which holds no truth, and its programs."""
    inputs = once(
        lambda wc: [LAYOUT.fit(wc.dataset, method, wc.seed)],
        preprocessed=lambda wc: LAYOUT.preprocessed(wc.dataset),
        truth=lambda wc: get_truth(method, wc.dataset),
    )
    return {**inputs, "code": code("scripts/run_fit.py", "scripts/fit.py")}


def fit_params(method):
    """What a fit gets: its method's own part of the configuration, nothing else."""
    entry = BENCHMARK.method(DOMAINS, method)
    params = {
        "method": method,
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
    """A param of the method that is the wildcard."""
    return lambda wildcards, input: fit_params(wildcards.method)[name](wildcards, input)


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


def get_interaction_folders():
    """The option that names what was inferred of interactions; nothing where none was."""
    folders = [str(LAYOUT.interactions(*entry)) for entry in BENCHMARK.entries(INTERACTIONS)]
    return ["--interactions", *folders] if folders else []


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
