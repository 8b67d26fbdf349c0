rule markers:
    input:
        code=code("scripts/markers.py"),
        data=LAYOUT.data("{dataset}"),
        preprocessed=LAYOUT.preprocessed("{dataset}"),
        scores=[LAYOUT.scores("{dataset}", method) for method in BENCHMARK.chosen(DOMAINS)],
        labels=[LAYOUT.labels("{dataset}", method) for method in BENCHMARK.chosen(DOMAINS)],
        gene_sets=lambda wc: config["markers"].get("gene_sets") or [],
    output:
        directory(LAYOUT.markers("{dataset}")),
    log:
        LAYOUT.log(LAYOUT.name, "markers", "{dataset}"),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        titles=json.dumps(
            {m: BENCHMARK.method(DOMAINS, m)["title"] for m in BENCHMARK.chosen(DOMAINS)}
        ),
        genes=lambda wc: config["markers"]["genes"],
        gene_sets=lambda wc, input: ["--gene-sets", input.gene_sets] if input.gene_sets else [],
        rank_by=config["rank_by"],
    shell:
        "python {input.code[0]:q} --data {input.data:q} --preprocessed {input.preprocessed:q}"
        " --scores {input.scores:q} --labels {input.labels:q} --titles {params.titles:q}"
        " --genes {params.genes:q} {params.gene_sets:q} --rank-by {params.rank_by}"
        " --output {output:q} > {log:q} 2>&1"
