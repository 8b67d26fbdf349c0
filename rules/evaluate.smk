rule cluster:
    input:
        **once(
            lambda wc: [LAYOUT.labels(wc.dataset, wc.method)],
            preprocessed=lambda wc: LAYOUT.preprocessed(wc.dataset),
            fits=lambda wc: get_fits(wc.dataset, wc.method),
        ),
        code=code("scripts/run_stage.py", "scripts/cluster.py"),
    output:
        PATTERN.labels(*ENTRY),
    log:
        PATTERN.log("cluster", *ENTRY, "{key}"),
    conda:
        "../envs/default.yaml"
    threads: 1
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=240,
    params:
        clusterers=untracked(config["clusterers"]),
        keep=untracked("--keep-trajectories" if config.get("keep_trajectories") else ""),
        refine=untracked(lambda wc: BENCHMARK.refine(wc.dataset)),
        ties=untracked(lambda wc: "--nearest-wins" * BENCHMARK.nearest_wins(wc.method)),
    shell:
        "python {input.code:q} --fits {input.fits:q} --preprocessed {input.preprocessed:q}"
        " --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --clusterers {params.clusterers} --threads {threads} {params.keep}"
        " --refine {params.refine} {params.ties} --record-failure"
        " --output {output:q} > {log:q} 2>&1"


rule score:
    input:
        **once(
            lambda wc: [
                LAYOUT.scores(wc.dataset, wc.method),
                LAYOUT.epochs(wc.dataset, wc.method),
            ],
            data=lambda wc: LAYOUT.data(wc.dataset),
            labels=lambda wc: LAYOUT.labels(wc.dataset, wc.method),
        ),
        code=code("scripts/run_stage.py", "scripts/score.py"),
    output:
        scores=PATTERN.scores(*ENTRY),
        epochs=PATTERN.epochs(*ENTRY),
    log:
        PATTERN.log("score", *ENTRY, "{key}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.datasets_of(DOMAINS)),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=60,
    params:
        trainable=untracked(
            lambda wc: str(bool(BENCHMARK.method(DOMAINS, wc.method).get("trainable"))).lower()
        ),
    shell:
        "python {input.code:q} --data {input.data:q} --labels {input.labels:q}"
        " --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --trainable {params.trainable} --output {output.scores:q} --epochs {output.epochs:q}"
        " --record-failure"
        " > {log:q} 2>&1"
