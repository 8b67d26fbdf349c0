DEMONSTRATED_INTERACTIONS = [
    LAYOUT.interactions(dataset, method)
    for dataset, method, _ in BENCHMARK.demonstrations()
    if (dataset, method) in BENCHMARK.entries(INTERACTIONS)
]


rule demo:
    input:
        code=code("scripts/run_stage.py", "scripts/demo.py"),
        data=list(map(LAYOUT.data, BENCHMARK.datasets_of(DOMAINS))),
        labels=[LAYOUT.labels(d, m) for d, m, _ in BENCHMARK.demonstrations()],
        fits=[LAYOUT.fit(*key) for key in BENCHMARK.demonstrations() if key[2] in config["seeds"]],
        interactions=DEMONSTRATED_INTERACTIONS,
        published=own(PUBLISHED),
    output:
        directory(LAYOUT.demo),
    log:
        LAYOUT.own_log("demo"),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        recipe=recipe(
            "demo.py",
            [
                *map(LAYOUT.data, BENCHMARK.datasets_of(DOMAINS)),
                *(LAYOUT.scores(d, m) for d, m, _ in BENCHMARK.demonstrations()),
                *DEMONSTRATED_INTERACTIONS,
            ],
            config.get("demonstrations") or [],
            files=[PUBLISHED, METHODS],
        ),
        demonstrations=untracked(json.dumps(config.get("demonstrations") or [], sort_keys=True)),
        methods=untracked(str(BASE / METHODS)),
    shell:
        "python {input.code:q} --demonstrations {params.demonstrations:q} --data {input.data:q}"
        " --labels {input.labels:q} --fits {input.fits:q} --interactions {input.interactions:q}"
        " --published {input.published:q} --methods {params.methods:q}"
        " --output {output:q} > {log:q} 2>&1"
