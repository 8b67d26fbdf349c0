rule score_integration:
    input:
        code=code("scripts/score_integration.py"),
        data="results/data/{dataset}.h5ad",
        labels="results/labels/{dataset}/{method}.h5",
        fits=lambda wc: fit_folders(wc.dataset, wc.method),
    output:
        "results/integration/{dataset}/{method}.parquet",
    log:
        "results/logs/score_integration/{dataset}/{method}.log",
    wildcard_constraints:
        dataset=one_of(joined_datasets()),
    conda:
        "../envs/integration.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=60,
    params:
        python=python_for("integration"),
        rank_by=config["rank_by"],
    shell:
        "{params.python:q} {input.code[0]:q} --data {input.data:q} --fits {input.fits:q}"
        " --labels {input.labels:q} --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --clusterer {params.rank_by} --output {output:q} > {log:q} 2>&1"
