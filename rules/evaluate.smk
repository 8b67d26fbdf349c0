rule cluster:
    input:
        code=code("scripts/cluster.py"),
        preprocessed=LAYOUT.preprocessed("{dataset}"),
        fits=lambda wc: get_fits(wc.dataset, wc.method),
    output:
        LAYOUT.labels(*ENTRY),
    log:
        LAYOUT.log("cluster", *ENTRY),
    conda:
        "../envs/default.yaml"
    threads: lambda wc: 2 if BENCHMARK.method(DOMAINS, wc.method).get("trainable") else 1
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=240,
    params:
        clusterers=config["clusterers"],
        keep="--keep-trajectories" if config.get("keep_trajectories") else "",
        refine="" if config.get("refine") is None else f"--refine {config['refine']}",
        ties=lambda wc: (
            "--nearest-wins" if BENCHMARK.method(DOMAINS, wc.method).get("nearest_wins") else ""
        ),
    shell:
        "python {input.code[0]:q} --fits {input.fits:q} --preprocessed {input.preprocessed:q}"
        " --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --clusterers {params.clusterers} --threads {threads} {params.keep} {params.refine} {params.ties}"
        " --output {output:q} > {log:q} 2>&1"


rule score:
    input:
        code=code("scripts/score.py"),
        data=LAYOUT.data("{dataset}"),
        labels=LAYOUT.labels(*ENTRY),
    output:
        scores=LAYOUT.scores(*ENTRY),
        epochs=LAYOUT.epochs(*ENTRY),
    log:
        LAYOUT.log("score", *ENTRY),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.datasets_of(DOMAINS)),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=60,
    params:
        trainable=lambda wc: str(
            bool(BENCHMARK.method(DOMAINS, wc.method).get("trainable"))
        ).lower(),
    shell:
        "python {input.code[0]:q} --data {input.data:q} --labels {input.labels:q}"
        " --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --trainable {params.trainable} --output {output.scores:q} --epochs {output.epochs:q}"
        " > {log:q} 2>&1"
