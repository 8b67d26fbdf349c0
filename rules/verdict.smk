# Results that are shipped with the project, and the methods of a run beside them.
SHIPPED = "resources/verdict"
SHIPPED_FILES = [f"{SHIPPED}/{name}" for name in ("scores.parquet", "labels.h5", "manifest.json")]

if config.get("shipped"):
    from stbench.results.shipped import check_comparable

    ranked = [name for name in BENCHMARK.datasets_of(DOMAINS) if BENCHMARK.base(name) == name]
    try:
        check_comparable(BASE / SHIPPED, ranked, config["rank_by"])
    except InputError as error:
        sys.exit(f"error: {error}")


rule compare:
    input:
        code=code("scripts/comparison.py"),
        results=LAYOUT.results,
        scores=get_scores(DOMAINS),
        shipped=own(*SHIPPED_FILES),
    output:
        directory(LAYOUT.comparison),
    log:
        LAYOUT.own_log("comparison"),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        recipe=recipe("comparison.py", get_scores(DOMAINS), config["rank_by"], files=SHIPPED_FILES),
        folder=lambda wc, input: str(Path(input.shipped[0]).parent),
        rank_by=untracked(config["rank_by"]),
    shell:
        "python {input.code[0]:q} --results {input.results:q} --scores {input.scores:q}"
        " --shipped {params.folder:q}"
        " --rank-by {params.rank_by} --output {output:q} > {log:q} 2>&1"


rule ship:
    input:
        code=code("scripts/ship.py"),
        config=own("config/methods.yaml"),
    log:
        LAYOUT.own_log("ship"),
    retries: 0
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        root=str(LAYOUT.root),
        config=lambda wc: json.dumps(config, sort_keys=True),
        config_dir=lambda wc, input: str(Path(input.config[0]).parent),
        output=str(BASE / SHIPPED),
    shell:
        "python {input.code[0]:q} --config {params.config:q} --config-dir {params.config_dir:q}"
        " --results {params.root:q} --output {params.output:q} 2>&1 | tee {log:q}"
