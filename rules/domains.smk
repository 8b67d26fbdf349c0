rule domains:
    input:
        code=code("scripts/run_stage.py", "scripts/domains.py"),
        data=lambda wc: LAYOUT.data(wc.dataset),
        choosing=get_choosing,
        labels=lambda wc: [LAYOUT.labels(wc.dataset, m) for m in BENCHMARK.mapped(wc.dataset)],
        fits=lambda wc: [
            fit for m in BENCHMARK.mapped(wc.dataset) for fit in get_fits(wc.dataset, m)
        ],
    output:
        **(
            {
                "zarr": directory(PATTERN.domains("{dataset}", "zarr")),
                "vitessce": PATTERN.domains("{dataset}", "vitessce.json"),
            }
            if config.get("zarr")
            else {}
        ),
        h5ad=PATTERN.domains("{dataset}", "h5ad"),
        tsv=PATTERN.domains("{dataset}", "tsv"),
        agreement=PATTERN.domains("{dataset}", "agreement.csv"),
        methods=PATTERN.domains("{dataset}", "methods.csv"),
    log:
        PATTERN.log(LAYOUT.name, "domains", "{dataset}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.datasets_of(DOMAINS)),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc: mb_of_counts(BENCHMARK.size(wc.dataset), 8000),
        runtime=120,
    params:
        recipe=lambda wc: recipe(
            "domains.py",
            [LAYOUT.labels(wc.dataset, m) for m in BENCHMARK.mapped(wc.dataset)],
            *(str(LAYOUT.data(wc.dataset)), config["rank_by"], get_section(wc)),
        )(wc),
        section=untracked(get_section),
        choosing=lambda wc, input: ["--choosing", *input.choosing] if input.choosing else [],
        methods=untracked(
            lambda wc: json.dumps(
                {
                    m: bool(BENCHMARK.method(DOMAINS, m).get("trainable"))
                    for m in BENCHMARK.mapped(wc.dataset)
                }
            )
        ),
        fits=untracked(
            lambda wc: [str(LAYOUT.fits(wc.dataset, m)) for m in BENCHMARK.mapped(wc.dataset)]
        ),
        rank_by=untracked(config["rank_by"]),
        zarr=untracked(["--zarr"] if config.get("zarr") else []),
    shell:
        "python {input.code:q} --data {input.data:q} {params.section:q} --methods {params.methods:q}"
        " --labels {input.labels:q} --fits {params.fits:q} --rank-by {params.rank_by} {params.zarr:q}"
        " {params.choosing:q} --output {output.h5ad:q} --record-failure > {log:q} 2>&1"
