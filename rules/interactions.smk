rule interactions:
    input:
        **once(
            lambda wc: [LAYOUT.interactions(wc.dataset, wc.method)],
            data=lambda wc: LAYOUT.data(wc.dataset),
            preprocessed=lambda wc: LAYOUT.preprocessed(wc.dataset),
            fits=lambda wc: get_fits(wc.dataset, wc.method),
            gene_sets=lambda wc: config["interactions"].get("gene_sets") or [],
        ),
        code=code("scripts/run_stage.py", "scripts/interactions.py"),
    output:
        directory(PATTERN.interactions(*ENTRY)),
    log:
        PATTERN.log("interactions", *ENTRY, "{key}"),
    conda:
        "../envs/default.yaml"
    threads: 1
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=120,
    params:
        title=untracked(lambda wc: BENCHMARK.method(DOMAINS, wc.method)["title"]),
        program=untracked(
            lambda wc: BENCHMARK.method(DOMAINS, wc.method).get("variant_of", wc.method)
        ),
        y_down=untracked(
            lambda wc: ["--y-down"] * bool(BENCHMARK.drawings.get(wc.dataset, {}).get("y_down"))
        ),
        settings=untracked(
            lambda wc: json.dumps(
                {
                    key: value
                    for key, value in config["interactions"].items()
                    if key not in ("reach", "communication")
                }
                | {"organism": BENCHMARK.named_organism(wc.dataset)},
                sort_keys=True,
            )
        ),
    shell:
        "python {input.code:q} --data {input.data:q} --preprocessed {input.preprocessed:q}"
        " --fits {input.fits:q} --method {wildcards.method:q} --program {params.program:q}"
        " --title {params.title:q} {params.y_down:q}"
        " --settings {params.settings:q} --threads {threads} --output {output:q}"
        " --record-failure > {log:q} 2>&1"
