rule cluster:
    input:
        code=code("scripts/cluster.py"),
        preprocessed="results/preprocessed/{dataset}.h5ad",
        fits=lambda wc: fit_folders(wc.dataset, wc.method),
    output:
        "results/labels/{dataset}/{method}.h5",
    log:
        "results/logs/cluster/{dataset}/{method}.log",
    conda:
        "../envs/default.yaml"
    threads: lambda wc: 2 if BENCHMARK.methods[wc.method].get("trainable") else 1
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=240,
    params:
        clusterers=config["clusterers"],
        keep="--keep-trajectories" if config.get("keep_trajectories") else "",
        refine="" if config.get("refine") is None else f"--refine {config['refine']}",
    shell:
        "python {input.code[0]:q} --fits {input.fits:q} --preprocessed {input.preprocessed:q}"
        " --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --clusterers {params.clusterers} --threads {threads} {params.keep} {params.refine}"
        " --output {output:q} > {log:q} 2>&1"


rule score:
    input:
        code=code("scripts/score.py"),
        data="results/data/{dataset}.h5ad",
        labels="results/labels/{dataset}/{method}.h5",
    output:
        scores="results/scores/{dataset}/{method}.parquet",
        epochs="results/epochs/{dataset}/{method}.parquet",
    log:
        "results/logs/score/{dataset}/{method}.log",
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=60,
    params:
        trainable=lambda wc: str(bool(BENCHMARK.methods[wc.method].get("trainable"))).lower(),
    shell:
        "python {input.code[0]:q} --data {input.data:q} --labels {input.labels:q}"
        " --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --trainable {params.trainable} --output {output.scores:q} --epochs {output.epochs:q}"
        " > {log:q} 2>&1"
