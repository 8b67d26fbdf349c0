"""Which spatial-transcriptomics method finds tissue domains? The way of the data, stage by stage."""

from pathlib import Path


include: "rules/console.smk"


configfile: Path(workflow.basedir) / "config/config.yaml"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/train.smk"


for method_rules in sorted(Path(workflow.basedir).glob("rules/methods/*.smk")):

    include: method_rules


include: "rules/variants.smk"
include: "rules/external.smk"
include: "rules/evaluate.smk"
include: "rules/interactions.smk"
include: "rules/interaction_truth.smk"
include: "rules/integration.smk"
include: "rules/results.smk"
include: "rules/deconvolution.smk"
include: "rules/markers.smk"
include: "rules/report.smk"
include: "rules/progress.smk"
include: "rules/plan.smk"
include: "rules/demo.smk"


rule all:
    default_target: True
    input:
        "results/summary.txt",
        "results/figures",
        "results/report/index.html",
        ["results/demo"] if config.get("demonstrations") else [],
        marker_folders(),


onstart:
    start_progress()


onsuccess:
    end_progress(failed=False)
    print_summary()


onerror:
    end_progress(failed=True)
    print_failure()
