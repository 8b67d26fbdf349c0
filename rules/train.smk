# The base rule of all fits; rules/methods/<method>.smk derive from it. Its own output is never created.
rule train:
    input:
        **fit_input("base-rule"),
    output:
        directory(PATTERN.fit("{dataset}", "base-rule", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "base-rule", "{seed}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.datasets_of(DOMAINS)),
    conda:
        str(BASE / "envs/default.yaml")
    threads: 1
    params:
        method="base-rule",
        gpus=0,
        program="base-rule",
        python="python",
        data=lambda wc, input: ["--input", input.preprocessed],
        attempts_log=lambda wc, output: LAYOUT.attempts_of(output[0]),
        implementation="",
        settings="",
        parameters="",
        method_code="",
        reads=lambda wc, input: [*map(str, [input.preprocessed]), *input.truth],
        record="",
    shell:
        "python {input.code[0]:q} --output {output:q} --dataset {wildcards.dataset:q}"
        ' --method {params.method:q} --seed {wildcards.seed} --commit "$STBENCH_COMMIT"'
        " --attempts-log {params.attempts_log:q}"
        " --attempt {resources.attempt} --max-attempts {resources.attempts}"
        " --time-limit $(({resources.minutes} * 60)) --mem-mb {resources.fit_mb}"
        " --threads {threads} --gpus {params.gpus:q} --code {params.method_code:q}"
        " --parameters {params.parameters:q} --reads {params.reads:q} --"
        ' "{params.python}" {input.code[1]:q} --method {params.program:q} {params.data:q}'
        " --output {{}} --params {params.settings:q} --seed {wildcards.seed} --threads {threads}"
        " --implementation {params.implementation:q} {params.record} > {log:q} 2>&1"
