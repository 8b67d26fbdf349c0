rule plan:
    input:
        code=code("scripts/plan.py"),
        measured=own("resources/cost_model.csv"),
    log:
        LAYOUT.own_log("plan"),
    retries: 0
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        root=str(LAYOUT.root),
        config=lambda wc: json.dumps(config, sort_keys=True),
        mirror=lambda wc: mirror(),
        table=LAYOUT.plan,
        jobs=lambda wc: jobs_at_a_time(),
    shell:
        "python {input.code[0]:q} --config {params.config:q} --results {params.root:q}"
        " --measured {input.measured:q} --mirror {params.mirror:q} --jobs {params.jobs:q}"
        " --output {params.table:q} 2>&1 | tee {log:q}"


rule tables:
    input:
        code=code("scripts/partial_tables.py"),
        published=own("resources/published/scores.csv"),
    log:
        LAYOUT.own_log("tables"),
    retries: 0
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        root=str(LAYOUT.root),
        config=lambda wc: json.dumps(config, sort_keys=True),
        partial=LAYOUT.partial,
    shell:
        "python {input.code[0]:q} --config {params.config:q} --results {params.root:q}"
        " --published {input.published:q} --output {params.partial:q} 2>&1 | tee {log:q}"
