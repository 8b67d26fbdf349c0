# On a cluster, short jobs are submitted in bundles: groups of Snakemake (docs/cluster.md). Included last, when all rules
# exist. The runtime of `set-resources` in a profile takes precedence.
import sys
from functools import cache
from itertools import dropwhile, takewhile

from stbench.runs.job_costs import TABLES, Job

RULES_OF = {
    "data": ("prepare", "simulate", "plant", "join", "degrade", "prepare_pair", "degrade_pair"),
    "preprocess": ("preprocess",),
    "cluster": ("cluster",),
    "score": ("score", "score_deconvolution"),
    "integration": ("score_integration",),
    "interactions": ("interactions",),
    "tables": (
        *("communication", "score_interactions", "choose", "domains", "markers"),
        *("aggregate", "figures", "summarize", "report", "demo"),
    ),
}
STAGE_OF = {rule: stage for stage, rules in RULES_OF.items() for rule in rules}
STAGE_OF |= dict.fromkeys(("deconvolve", "import_result", "train_variant"), "fit")
OF_ONE_DATASET = 2  # minutes in a bundle of what the tables need of each dataset
BUNDLE = "bundle"  # in profiles/default: the name that all groups have for --group-components


@cache
def planned_submissions():
    from stbench.runs.fit_costs import costs_here
    from stbench.runs.submissions import submissions

    costs = costs_here(BENCHMARK, LAYOUT, BASE / "resources/cost_model.csv")
    return submissions(BENCHMARK, LAYOUT, costs)


def get_bundle(job):
    """The bundle in which a job is submitted, if any; None in a run on this machine."""
    is_submitting = workflow.is_main_process and workflow.nodes is not None
    return planned_submissions().bundle_of.get(job) if is_submitting else None


def has_several_targets():
    """Whether this process, within a job of the cluster, runs a bundle."""
    return workflow.remote_exec and len(workflow.dag_settings.target_jobs) > 1


def fit_is_bundled(wildcards, method):
    """Whether a fit shares a job of the cluster with others."""
    job = Job("fit", wildcards.dataset, method, int(wildcards.seed))
    return has_several_targets() or get_bundle(job) is not None


def get_job(rule, wildcards):
    """The job of a rule, by its own name, as the plan knows it."""
    stage = STAGE_OF.get(rule, "fit")
    if stage == TABLES.stage:
        return TABLES
    method = wildcards.get("method", rule.removeprefix("train_") if stage == "fit" else "")
    seed = int(wildcards.seed) if stage == "fit" else None
    return Job(stage, wildcards.dataset, method, seed)


def own_name(rule):
    """The name that it has here; a workflow that imports this one may have renamed it."""
    before, after = workflow.modifier.modify_rulename("\0").split("\0")
    return rule.name.removeprefix(before).removesuffix(after)


def group_of(rule):
    def name(wildcards):
        if has_several_targets():
            return BUNDLE
        bundle = get_bundle(get_job(rule, wildcards))
        if bundle is None:
            return None
        workflow.parent_groupids[bundle.name] = BUNDLE
        return bundle.name

    return name


def runtime_of(rule, given):
    def minutes(wildcards, attempt):
        job = get_job(rule, wildcards)
        if bundle := get_bundle(job):
            one_dataset = job == TABLES and "dataset" in wildcards.keys()
            return attempt * (OF_ONE_DATASET if one_dataset else bundle.minutes[job])
        if job.stage == "fit":
            return SUPERVISOR_MINUTES + BENCHMARK.minutes(job.method, job.dataset)
        return given.value

    return minutes


def examine_jobs_when_one_ends():
    """Let Snakemake examine the ready jobs only when a job ends.

    Because of its limit of 100 jobs a second, which is never reached, it also does so a second after
    each time: with every finished job once more a second.
    """
    workflow.scheduler.job_rate_limiter = None


def rules_to_run():
    """The rules of a job of the cluster; Snakemake reads them only after the workflow."""
    _, *given = [*dropwhile(lambda word: word != "--allowed-rules", sys.argv), ""]
    return set(takewhile(lambda word: word and not word.startswith("--"), given))


OWN_RULES = {some: own_name(some) for some in workflow.rules if some.name not in RULES_OF_OTHERS}

if workflow.remote_exec and rules_to_run() <= {some.name for some in OWN_RULES}:
    # The jobs of a bundle run one after another, whatever the number of cores of the node.
    workflow.register_resource("_cores", 1)

if workflow.nodes is not None:
    # So that the times of a bundle are added, whatever --cores says.
    workflow.register_resource("_cores", 1)
    given = workflow.resource_settings.overwrite_resources
    for some, name in OWN_RULES.items():
        if name in STAGE_OF or name.startswith("train_"):
            some.group = group_of(name)
            if "runtime" not in given.get(some.name, {}):
                some.resources["runtime"] = runtime_of(name, some.resources["runtime"])
