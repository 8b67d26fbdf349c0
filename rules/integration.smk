rule score_integration:
    input:
        code=code("scripts/score_integration.py"),
        data=LAYOUT.data("{dataset}"),
        labels=LAYOUT.labels(*ENTRY),
        fits=lambda wc: get_fits(wc.dataset, wc.method),
    output:
        LAYOUT.integration(*ENTRY),
    log:
        LAYOUT.log("score_integration", *ENTRY),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.datasets_of(INTEGRATION)),
    conda:
        "../envs/integration.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=60,
    params:
        python=get_python("integration"),
        rank_by=config["rank_by"],
    shell:
        '"{params.python}" {input.code[0]:q} --data {input.data:q} --fits {input.fits:q}'
        " --labels {input.labels:q} --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --clusterer {params.rank_by} --output {output:q} > {log:q} 2>&1"
