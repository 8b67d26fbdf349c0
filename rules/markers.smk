rule markers:
    input:
        code=code("scripts/markers.py"),
        data="results/data/{dataset}.h5ad",
        preprocessed="results/preprocessed/{dataset}.h5ad",
        scores=expand("results/scores/{{dataset}}/{method}.parquet", method=BENCHMARK.chosen),
        labels=expand("results/labels/{{dataset}}/{method}.h5", method=BENCHMARK.chosen),
        gene_sets=lambda wc: config["markers"].get("gene_sets") or [],
    output:
        directory("results/markers/{dataset}"),
    log:
        "results/logs/markers/{dataset}.log",
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        titles=json.dumps({name: BENCHMARK.method(name)["title"] for name in BENCHMARK.chosen}),
        genes=lambda wc: config["markers"]["genes"],
        gene_sets=lambda wc, input: ["--gene-sets", input.gene_sets] if input.gene_sets else [],
        rank_by=config["rank_by"],
    shell:
        "python {input.code[0]:q} --data {input.data:q} --preprocessed {input.preprocessed:q}"
        " --scores {input.scores:q} --labels {input.labels:q} --titles {params.titles:q}"
        " --genes {params.genes:q} {params.gene_sets:q} --rank-by {params.rank_by}"
        " --output {output:q} > {log:q} 2>&1"
