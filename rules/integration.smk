rule score_integration:
    input:
        **once(
            lambda wc: [LAYOUT.integration(wc.dataset, wc.method)],
            data=lambda wc: LAYOUT.data(wc.dataset),
            labels=lambda wc: LAYOUT.labels(wc.dataset, wc.method),
            fits=lambda wc: get_fits(wc.dataset, wc.method),
        ),
        code=code("scripts/run_stage.py", "scripts/score_integration.py"),
    output:
        PATTERN.integration(*ENTRY),
    log:
        PATTERN.log("score_integration", *ENTRY, "{key}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.datasets_of(INTEGRATION)),
    conda:
        "../envs/integration.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=60,
    params:
        python=untracked(get_python("integration")),
        rank_by=untracked(config["rank_by"]),
    shell:
        '"{params.python}" {input.code:q} --data {input.data:q} --fits {input.fits:q}'
        " --labels {input.labels:q} --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --clusterer {params.rank_by} --output {output:q} --record-failure > {log:q} 2>&1"
