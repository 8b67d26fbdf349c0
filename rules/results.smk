# What all scores of a configuration are summed up in; each task adds its part.
HAS_DOMAINS = DOMAINS in BENCHMARK.tasks


rule aggregate:
    input:
        code=code("scripts/aggregate.py"),
        scores=get_scores(DOMAINS),
        interactions=get_scores(INTERACTIONS),
        integration=get_scores(INTEGRATION),
        deconvolution=get_scores(DECONVOLUTION),
        published=str(BASE / "resources/published/scores.csv"),
        methods=str(BASE / "config/methods.yaml"),
        deconvolution_methods=str(BASE / "config/deconvolution_methods.yaml"),
    output:
        *([LAYOUT.results] if HAS_DOMAINS else []),
        tables=directory(LAYOUT.tables),
    log:
        LAYOUT.own_log("aggregate"),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        root=lambda wc: str(LAYOUT.root),
        rank_by=config["rank_by"],
        budget=config.get("budget", "full"),
        external=["--external", *BENCHMARK.external] if BENCHMARK.external else [],
        scores=lambda wc, input: get_options(input, "interactions", "integration", "deconvolution"),
        studies=get_studies(),
        results=["--output-parquet", str(LAYOUT.results)] if HAS_DOMAINS else [],
    shell:
        "python {input.code[0]:q} --scores {input.scores:q} --results {params.root:q}"
        " --methods {input.methods:q} --deconvolution-methods {input.deconvolution_methods:q}"
        " --rank-by {params.rank_by} --budget {params.budget} --published {input.published:q}"
        " {params.external:q} {params.scores:q} {params.studies:q} {params.results:q}"
        " --tables {output.tables:q} > {log:q} 2>&1"


rule figures:
    input:
        code=code("scripts/figures.py"),
        results=[LAYOUT.results] if HAS_DOMAINS else [],
        tables=LAYOUT.tables,
        data=list(map(LAYOUT.data, BENCHMARK.datasets_of(DOMAINS))),
        labels=[LAYOUT.labels(*entry) for entry in BENCHMARK.entries(DOMAINS)],
        epochs=[LAYOUT.epochs(*entry) for entry in BENCHMARK.entries(DOMAINS)],
        embeddings=[fit for entry in BENCHMARK.entries(INTEGRATION) for fit in get_fits(*entry)],
        methods=str(BASE / "config/deconvolution_methods.yaml"),
    output:
        report(directory(LAYOUT.figures), patterns=["{name}.png"], category="Figures"),
    log:
        LAYOUT.own_log("figures"),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        root=lambda wc: str(LAYOUT.root),
        rank_by=config["rank_by"],
        results=lambda wc, input: get_options(input, "results", "data"),
    shell:
        "python {input.code[0]:q} --root {params.root:q} --tables {input.tables:q} {params.results:q}"
        " --deconvolution-methods {input.methods:q} --rank-by {params.rank_by}"
        " --output {output:q} > {log:q} 2>&1"


rule summarize:
    input:
        code=code("scripts/summarize.py"),
        results=[LAYOUT.results] if HAS_DOMAINS else [],
        tables=LAYOUT.tables,
        figures=LAYOUT.figures,
        deconvolution=get_scores(DECONVOLUTION),
        methods=str(BASE / "config/deconvolution_methods.yaml"),
    output:
        LAYOUT.summary,
    log:
        LAYOUT.own_log("summarize"),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        rank_by=config["rank_by"],
        results=lambda wc, input: get_options(input, "results", "deconvolution"),
        studies=get_studies(DECONVOLUTION),
        interactions=get_interactions_option(),
        page=LAYOUT.report,
    shell:
        "python {input.code[0]:q} {params.results:q} --tables {input.tables:q}"
        " --figures {input.figures:q} --rank-by {params.rank_by} {params.interactions:q}"
        " --deconvolution-methods {input.methods:q} {params.studies:q} --report {params.page:q}"
        " --output {output:q} > {log:q} 2>&1"
