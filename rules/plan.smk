rule plan:
    input:
        code=code("scripts/plan.py"),
        measured=str(BASE / "resources/cost_model.csv"),
    log:
        "results/logs/plan.log",
    retries: 0
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        config=lambda wc: json.dumps(config, sort_keys=True),
        mirror=lambda wc: mirror(config.get("mirror")),
        jobs=lambda wc: jobs_at_a_time(),
    shell:
        "python {input.code[0]:q} --config {params.config:q} --results results"
        " --measured {input.measured:q} --mirror {params.mirror:q} --jobs {params.jobs:q}"
        " --output results/plan.csv 2>&1 | tee {log:q}"


rule tables:
    input:
        code=code("scripts/partial_tables.py"),
        published=str(BASE / "resources/published/scores.csv"),
    log:
        "results/logs/tables.log",
    retries: 0
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        config=lambda wc: json.dumps(config, sort_keys=True),
    shell:
        "python {input.code[0]:q} --config {params.config:q} --results results"
        " --published {input.published:q} --output results/partial 2>&1 | tee {log:q}"
