# External results (`external:` of the configuration) are imported instead of trained.
rule import_result:
    input:
        **once(
            lambda wc: [LAYOUT.fit(wc.dataset, wc.method, wc.seed)],
            preprocessed=lambda wc: LAYOUT.preprocessed(wc.dataset),
            files=get_external_files,
        ),
        code=code("scripts/run_stage.py", "scripts/import_result.py"),
    output:
        directory(PATTERN.fit(*FIT)),
    log:
        PATTERN.fit_log(*FIT),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.datasets_of(DOMAINS)),
        method=one_of(BENCHMARK.external),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=30,
    params:
        result=untracked(
            lambda wc: str(BENCHMARK.external_folder(wc.method, wc.dataset, int(wc.seed)))
        ),
    shell:
        "python {input.code:q} --result {params.result:q} --preprocessed {input.preprocessed:q}"
        " --dataset {wildcards.dataset:q} --method {wildcards.method:q} --seed {wildcards.seed}"
        ' --commit "$STBENCH_COMMIT" --output {output:q} > {log:q} 2>&1'
