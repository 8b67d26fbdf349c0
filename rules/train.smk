# The base rule of all methods; rules/methods/<method>.smk derive from it. Nobody asks for its own output.
rule train:
    input:
        preprocessed="results/preprocessed/{dataset}.h5ad",
        code=code("scripts/run_fit.py", "scripts/fit.py"),
    output:
        directory("results/fits/{dataset}/base-rule/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/base-rule/seed{seed}.log",
    conda:
        str(BASE / "envs/default.yaml")
    threads: 1
    params:
        method="base-rule",
        program="base-rule",
        python="python",
        implementation="",
        settings="",
        record="",
    shell:
        "python {input.code[0]:q} --output {output:q} --dataset {wildcards.dataset:q}"
        ' --method {params.method:q} --seed {wildcards.seed} --commit "$STBENCH_COMMIT"'
        " --attempts-log results/logs/attempts/{wildcards.dataset:q}/{params.method:q}/seed{wildcards.seed}.jsonl"
        " --attempt {resources.attempt} --max-attempts {resources.attempts}"
        " --time-limit $(({resources.minutes} * 60)) --mem-mb {resources.fit_mb}"
        " --threads {threads} --gpus {resources.gpu} --"
        " {params.python:q} {input.code[1]:q} --method {params.program:q} --input {input.preprocessed:q}"
        " --output {{}} --params {params.settings:q} --seed {wildcards.seed} --threads {threads}"
        " --implementation {params.implementation:q} {params.record} > {log:q} 2>&1"
