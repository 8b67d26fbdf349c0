"""Which spatial-transcriptomics method finds tissue domains? The way of the data, stage by stage."""

from pathlib import Path


configfile: Path(workflow.basedir) / "config/config.yaml"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/train.smk"


for method_rules in sorted(Path(workflow.basedir).glob("rules/methods/*.smk")):

    include: method_rules


include: "rules/evaluate.smk"
include: "rules/interactions.smk"
include: "rules/interaction_truth.smk"
include: "rules/results.smk"


rule all:
    default_target: True
    input:
        "results/summary.txt",
        "results/figures",


onsuccess:
    print_summary()


onerror:
    print_failure(log)
