TITLES = {m: BENCHMARK.method(DOMAINS, m)["title"] for m in BENCHMARK.chosen(DOMAINS)}


rule markers:
    input:
        code=code("scripts/run_stage.py", "scripts/markers.py"),
        data=lambda wc: LAYOUT.data(wc.dataset),
        preprocessed=lambda wc: LAYOUT.preprocessed(wc.dataset),
        scores=lambda wc: [
            LAYOUT.scores(wc.dataset, m) for m in BENCHMARK.methods_of(MARKERS, wc.dataset)
        ],
        labels=lambda wc: [
            LAYOUT.labels(wc.dataset, m) for m in BENCHMARK.methods_of(MARKERS, wc.dataset)
        ],
        gene_sets=lambda wc: config["markers"].get("gene_sets") or [],
    output:
        directory(PATTERN.markers("{dataset}")),
    log:
        PATTERN.log(LAYOUT.name, "markers", "{dataset}"),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        recipe=lambda wc: recipe(
            "markers.py",
            [LAYOUT.scores(wc.dataset, m) for m in BENCHMARK.methods_of(MARKERS, wc.dataset)],
            *(TITLES, config["markers"]["genes"], config["rank_by"]),
            files=BENCHMARK.gene_sets(MARKERS),
        )(wc),
        titles=untracked(json.dumps(TITLES)),
        genes=untracked(lambda wc: config["markers"]["genes"]),
        gene_sets=lambda wc, input: ["--gene-sets", input.gene_sets] if input.gene_sets else [],
        rank_by=untracked(config["rank_by"]),
    shell:
        "python {input.code:q} --data {input.data:q} --preprocessed {input.preprocessed:q}"
        " --scores {input.scores:q} --labels {input.labels:q} --titles {params.titles:q}"
        " --genes {params.genes:q} {params.gene_sets:q} --rank-by {params.rank_by}"
        " --output {output:q} --record-failure > {log:q} 2>&1"
