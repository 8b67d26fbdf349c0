# The base rule of all methods; rules/methods/<method>.smk derive from it. Nobody asks for its own output.
SUPERVISOR_MINUTES = 10  # the job outlives the soft limit by this, so that the supervisor can record


def fit_input(method, **more):
    """What a fit reads: the preprocessed dataset, which holds no truth, and its code."""
    return {
        "preprocessed": "results/preprocessed/{dataset}.h5ad",
        "code": code("scripts/run_fit.py", "scripts/fit.py", f"scripts/methods/{method}.py"),
        **more,
    }


def fit_params(method, **more):
    """What a fit is told: its method's own slice of the configuration, nothing else."""
    entry = BENCHMARK.method(method)

    def settings(wildcards):
        paths = {name: path.format(dataset=wildcards.dataset) for name, path in more.items()}
        return json.dumps({**BENCHMARK.params(method, wildcards.dataset), **paths}, sort_keys=True)

    return {
        "method": method,
        "implementation": entry["implementation"],
        "settings": settings,
        "record": "--record" if entry.get("trainable") else "",
    }


def fit_resources(method):
    """GPU, memory and time of a fit, as functions of the dataset's size and of the attempt."""
    return {
        "gpu": BENCHMARK.gpus(method),
        "mem_mb": lambda wildcards, attempt: BENCHMARK.mem_mb(method, wildcards.dataset, attempt),
        "runtime": lambda wildcards: BENCHMARK.minutes(method, wildcards.dataset)
        + SUPERVISOR_MINUTES,
        "attempt": lambda wildcards, attempt: attempt,
        "attempts": config["attempts"],
    }


rule train:
    input:
        preprocessed="results/preprocessed/{dataset}.h5ad",
        code=code("scripts/run_fit.py", "scripts/fit.py"),
    output:
        directory("results/fits/{dataset}/base-rule/seed{seed}"),
    params:
        method="base-rule",
        implementation="",
        settings="",
        record="",
    log:
        "results/logs/fits/{dataset}/base-rule/seed{seed}.log",
    conda:
        str(BASE / "envs/default.yaml")
    threads: 1
    shell:
        "python {input.code[0]:q} --output {output:q} --dataset {wildcards.dataset:q}"
        " --method {params.method:q} --seed {wildcards.seed} --commit $STBENCH_COMMIT"
        " --attempts-log results/logs/attempts/{wildcards.dataset:q}/{params.method:q}/seed{wildcards.seed}.jsonl"
        " --attempt {resources.attempt} --max-attempts {resources.attempts}"
        " --time-limit $((({resources.runtime} - 10) * 60)) --mem-mb {resources.mem_mb}"
        " --threads {threads} --gpus {resources.gpu} --"
        " python {input.code[1]:q} --method {params.method:q} --input {input.preprocessed:q}"
        " --output {{}} --params {params.settings:q} --seed {wildcards.seed} --threads {threads}"
        " --implementation {params.implementation:q} {params.record} > {log:q} 2>&1"
