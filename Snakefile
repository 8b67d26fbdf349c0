"""Benchmark of spatial-transcriptomics methods: the stages of the pipeline."""

from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")

# The folder of this workflow, also if another workflow imports it as a module.
BASE = Path(str(workflow.current_basedir))
RULES_OF_OTHERS = {rule.name for rule in workflow.rules}  # of a workflow that imports this one


include: "rules/console.smk"


configfile: BASE / "config/config.yaml"


include: "rules/common.smk"


from stbench.common.unchanged_code import note_code

# The configuration is valid, no key is computed yet: jobs compare it with the code that they are about to run.
note_code(Path("results/.code"))


# With --sdm apptainer; see docs/cluster.md.
if config.get("container"):

    container: config["container"]


include: "rules/data.smk"
include: "rules/train.smk"


for method_rules in sorted(BASE.glob("rules/methods/*.smk")):

    include: method_rules


include: "rules/variants.smk"
include: "rules/external.smk"
include: "rules/evaluate.smk"
include: "rules/interactions.smk"
include: "rules/interaction_truth.smk"
include: "rules/integration.smk"
include: "rules/deconvolution.smk"
include: "rules/domains.smk"
include: "rules/choosing.smk"
include: "rules/markers.smk"
include: "rules/verdict.smk"
include: "rules/results.smk"
include: "rules/report.smk"
include: "rules/progress.smk"
include: "rules/plan.smk"
include: "rules/demo.smk"
include: "rules/scheduling.smk"


rule all:
    default_target: True
    input:
        LAYOUT.summary,
        LAYOUT.figures,
        LAYOUT.report,
        [LAYOUT.comparison] if config.get("shipped") else [],
        [LAYOUT.demo] if config.get("demonstrations") else [],
        get_scores(MAPS, MARKERS),


onstart:
    examine_jobs_when_one_ends()
    start_progress()


onsuccess:
    end_progress(failed=False)
    describe_run()
    print_summary()


onerror:
    end_progress(failed=True)
    write_partial_tables()
    print_failure()
