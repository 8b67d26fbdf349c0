PREVIOUS = ["resources/verdict/scores.parquet", "resources/verdict/manifest.json"]


rule choose:
    input:
        code=code("scripts/run_stage.py", "scripts/choose.py"),
        data=lambda wc: LAYOUT.data(wc.dataset),
        preprocessed=lambda wc: LAYOUT.preprocessed(wc.dataset),
        labels=lambda wc: [LAYOUT.labels(wc.dataset, m) for m in BENCHMARK.mapped(wc.dataset)],
        previous=list(map(own, PREVIOUS)),
    output:
        directory(PATTERN.choosing("{dataset}")),
    log:
        PATTERN.log(LAYOUT.name, "choosing", "{dataset}"),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc: mb_of_counts(BENCHMARK.size(wc.dataset), 4000),
        runtime=120,
    params:
        recipe=lambda wc: recipe(
            "choose.py",
            [
                LAYOUT.data(wc.dataset),
                LAYOUT.preprocessed(wc.dataset),
                *(LAYOUT.labels(wc.dataset, m) for m in BENCHMARK.mapped(wc.dataset)),
            ],
            config["rank_by"],
            get_facts(wc),
            files=PREVIOUS,
        )(wc),
        facts=untracked(get_facts),
        seeded=untracked(
            lambda wc: [
                m
                for m in BENCHMARK.mapped(wc.dataset)
                if not BENCHMARK.method(DOMAINS, m).get("deterministic")
            ]
        ),
        rank_by=untracked(config["rank_by"]),
    shell:
        "python {input.code:q} --data {input.data:q} --preprocessed {input.preprocessed:q}"
        " --dataset {wildcards.dataset:q} --labels {input.labels:q} --seeded {params.seeded:q}"
        " --previous {input.previous:q} {params.facts:q} --rank-by {params.rank_by} --record-failure"
        " --output {output:q} > {log:q} 2>&1"
