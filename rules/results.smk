rule aggregate:
    input:
        code=code("scripts/aggregate.py"),
        scores=all_cells("results/scores/{dataset}/{method}.parquet"),
        interactions=interaction_scores(),
        integration=integration_scores(),
        published=str(BASE / "resources/published/scores.csv"),
    output:
        parquet="results/results.parquet",
        tables=directory("results/tables"),
    log:
        "results/logs/aggregate.log",
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        methods=str(BASE / "config/methods.yaml"),
        rank_by=config["rank_by"],
        budget=config.get("budget", "full"),
        external=["--external", *BENCHMARK.external] if BENCHMARK.external else [],
        interactions=["--interactions", *interaction_scores()] if interaction_scores() else [],
        integration=["--integration", *integration_scores()] if integration_scores() else [],
        studies=["--studies", studies()] if studies() else [],
    shell:
        "python {input.code[0]:q} --scores {input.scores:q} --results results {params.studies:q}"
        " --methods {params.methods:q} --rank-by {params.rank_by} --budget {params.budget}"
        " --published {input.published:q} {params.external:q} {params.interactions:q}"
        " {params.integration:q}"
        " --output-parquet {output.parquet:q} --tables {output.tables:q} > {log:q} 2>&1"


rule figures:
    input:
        code=code("scripts/figures.py"),
        results="results/results.parquet",
        tables="results/tables",
        data=expand("results/data/{dataset}.h5ad", dataset=list(BENCHMARK.datasets)),
        labels=all_cells("results/labels/{dataset}/{method}.h5"),
        epochs=all_cells("results/epochs/{dataset}/{method}.parquet"),
        embeddings=joined_fits(),
    output:
        report(directory("results/figures"), patterns=["{name}.png"], category="Figures"),
    log:
        "results/logs/figures.log",
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        rank_by=config["rank_by"],
        embeddings=["--fits-root", "results/fits"] if joined_fits() else [],
    shell:
        "python {input.code[0]:q} --results {input.results:q} --data {input.data:q}"
        " --labels-root results/labels --epochs-root results/epochs --tables {input.tables:q}"
        " {params.embeddings:q}"
        " --rank-by {params.rank_by} --output {output:q} > {log:q} 2>&1"


rule summarize:
    input:
        code=code("scripts/summarize.py"),
        results="results/results.parquet",
        tables="results/tables",
        figures="results/figures",
    output:
        "results/summary.txt",
    log:
        "results/logs/summarize.log",
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        rank_by=config["rank_by"],
        interactions=["--interactions", "results/interactions"] if interaction_scores() else [],
    shell:
        "python {input.code[0]:q} --results {input.results:q} --tables {input.tables:q}"
        " --figures {input.figures:q} --rank-by {params.rank_by} {params.interactions:q}"
        " --report results/report/index.html --output {output:q} > {log:q} 2>&1"
