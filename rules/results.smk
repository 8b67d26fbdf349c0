# Tables, figures and summary of all scores of a configuration.
from stbench.runs.figure_texts import FigureTexts

HAS_DOMAINS = DOMAINS in BENCHMARK.tasks
FIGURE_TEXTS = FigureTexts(LAYOUT.figures)
PUBLISHED = "resources/published/scores.csv"
METHODS = "config/methods.yaml"
DECONVOLUTION_METHODS = "config/deconvolution_methods.yaml"
PICTURED = [
    *map(LAYOUT.data, BENCHMARK.datasets_of(DOMAINS)),
    *(LAYOUT.labels(*entry) for entry in BENCHMARK.entries(DOMAINS)),
    *(LAYOUT.epochs(*entry) for entry in BENCHMARK.entries(DOMAINS)),
    *(LAYOUT.fits(*entry) for entry in BENCHMARK.entries(DECONVOLUTION, INTEGRATION)),
    *(LAYOUT.pair(name, SPOTS) for name in BENCHMARK.pairs),
    *map(LAYOUT.truth, BENCHMARK.pairs),
]


rule aggregate:
    input:
        code=code("scripts/run_stage.py", "scripts/aggregate.py"),
        scores=get_scores(DOMAINS),
        choosing=get_scores(CHOOSING),
        interactions=get_scores(INTERACTIONS),
        integration=get_scores(INTEGRATION),
        deconvolution=get_scores(DECONVOLUTION),
        maps=get_maps("methods.csv"),
        agreement=get_maps("agreement.csv"),
        published=own(PUBLISHED),
        methods=own(METHODS),
        deconvolution_methods=own(DECONVOLUTION_METHODS),
        shipped=own(*SHIPPED_FILES) if config.get("shipped") else [],
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
        recipe=recipe(
            "aggregate.py",
            get_scores(DOMAINS, CHOOSING, INTERACTIONS, INTEGRATION, DECONVOLUTION),
            *(config["rank_by"], BENCHMARK.shortened, get_studies(), list(BENCHMARK.external)),
            BENCHMARK.tissues,
            files=[
                *(PUBLISHED, METHODS, DECONVOLUTION_METHODS),
                *(SHIPPED_FILES if config.get("shipped") else []),
            ],
        ),
        shipped=lambda wc, input: (
            ["--shipped", str(Path(input.shipped[0]).parent)] if input.shipped else []
        ),
        rank_by=untracked(config["rank_by"]),
        shortened=untracked(
            ["--shortened", json.dumps(BENCHMARK.shortened)] if BENCHMARK.shortened else []
        ),
        external=untracked(["--external", *BENCHMARK.external] if BENCHMARK.external else []),
        fits=untracked([str(LAYOUT.fits(*entry)) for entry in BENCHMARK.entries(DOMAINS)]),
        folders=untracked(get_interaction_folders("--interaction-folders")),
        scores=lambda wc, input: get_options(
            input, "choosing", "interactions", "integration", "deconvolution", "maps", "agreement"
        ),
        studies=untracked(get_studies()),
        tissues=untracked(get_tissues()),
        results=untracked(["--output-parquet", str(LAYOUT.results)] if HAS_DOMAINS else []),
    shell:
        "python {input.code:q} --scores {input.scores:q} --fits {params.fits:q}"
        " --methods {input.methods:q} --deconvolution-methods {input.deconvolution_methods:q}"
        " --rank-by {params.rank_by} {params.shortened:q} --published {input.published:q}"
        " {params.external:q} {params.scores:q} {params.studies:q} {params.tissues:q}"
        " {params.folders:q} {params.shipped:q}"
        " {params.results:q} --tables {output.tables:q} > {log:q} 2>&1"


rule figures:
    input:
        code=code("scripts/run_stage.py", "scripts/figures.py"),
        results=[LAYOUT.results] if HAS_DOMAINS else [],
        tables=LAYOUT.tables,
        data=list(map(LAYOUT.data, BENCHMARK.datasets_of(DOMAINS))),
        maps=get_maps("h5ad"),
        labels=[LAYOUT.labels(*entry) for entry in BENCHMARK.entries(DOMAINS)],
        epochs=[LAYOUT.epochs(*entry) for entry in BENCHMARK.entries(DOMAINS)],
        embeddings=[fit for entry in BENCHMARK.entries(INTEGRATION) for fit in get_fits(*entry)],
        spots=[LAYOUT.pair(name, SPOTS) for name in BENCHMARK.pairs],
        truth=list(map(LAYOUT.truth, BENCHMARK.pairs)),
        methods=own(METHODS),
        deconvolution_methods=own(DECONVOLUTION_METHODS),
    output:
        report(
            directory(LAYOUT.figures),
            patterns=["{name}.png"],
            caption="captions/figure.rst",
            category=lambda wildcards: FIGURE_TEXTS.category(wildcards.name),
            subcategory=lambda wildcards: FIGURE_TEXTS.subcategory(wildcards.name),
            labels=lambda wildcards: FIGURE_TEXTS.labels(wildcards.name),
        ),
    log:
        LAYOUT.own_log("figures"),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        recipe=recipe(
            *("figures.py", PICTURED, config["rank_by"], BENCHMARK.drawings),
            files=[METHODS, DECONVOLUTION_METHODS],
        ),
        rank_by=untracked(config["rank_by"]),
        results=lambda wc, input: get_options(input, "results", "data", "maps"),
        root=untracked(str(LAYOUT.root)),
        files=untracked(list(map(str, PICTURED))),
        drawings=untracked(["--drawings", json.dumps(BENCHMARK.drawings, sort_keys=True)]),
        texts=untracked(FIGURE_TEXTS),  # of Snakemake's report
    shell:
        "python {input.code:q} --root {params.root:q} --files {params.files:q}"
        " {params.drawings:q}"
        " --tables {input.tables:q} {params.results:q}"
        " --methods {input.methods:q} --deconvolution-methods {input.deconvolution_methods:q}"
        " --rank-by {params.rank_by}"
        " --output {output:q} > {log:q} 2>&1"


rule summarize:
    input:
        code=code("scripts/run_stage.py", "scripts/summarize.py"),
        results=[LAYOUT.results] if HAS_DOMAINS else [],
        tables=LAYOUT.tables,
        deconvolution=get_scores(DECONVOLUTION),
        maps=get_maps("h5ad"),
        choosing=get_scores(CHOOSING),
        markers=get_scores(MARKERS),
        methods=own(DECONVOLUTION_METHODS),
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
        recipe=recipe(
            "summarize.py",
            get_scores(DOMAINS, INTERACTIONS, DECONVOLUTION, MAPS, CHOOSING, MARKERS),
            *(config["rank_by"], get_studies(DECONVOLUTION)),
            files=[DECONVOLUTION_METHODS],
        ),
        rank_by=untracked(config["rank_by"]),
        results=lambda wc, input: get_options(
            input, "results", "deconvolution", "maps", "choosing", "markers"
        ),
        studies=untracked(get_studies(DECONVOLUTION)),
        interactions=untracked(get_interaction_folders()),
        figures=untracked(LAYOUT.figures),
        page=untracked(LAYOUT.report),
    shell:
        "python {input.code:q} {params.results:q} --tables {input.tables:q}"
        " --figures {params.figures:q} --rank-by {params.rank_by} {params.interactions:q}"
        " --deconvolution-methods {input.methods:q} {params.studies:q} --report {params.page:q}"
        " --output {output:q} > {log:q} 2>&1"
