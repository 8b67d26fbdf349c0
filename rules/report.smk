rule report:
    input:
        code=code("scripts/report.py"),
        templates=sorted(map(str, (BASE / "scripts/stbench/report/templates").iterdir())),
        results="results/results.parquet",
        tables="results/tables",
        figures="results/figures",
        data=expand("results/data/{dataset}.h5ad", dataset=list(BENCHMARK.datasets)),
        interactions=interaction_scores(),
        markers=marker_folders(),
        deconvolution=deconvolution_shown,
        lists=expand(str(BASE / "config/{name}.yaml"), name=["methods", "datasets"]),
        citation=str(BASE / "CITATION.cff"),
    output:
        report("results/report/index.html", category="Report"),
    log:
        "results/logs/report.log",
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        config=json.dumps(config, sort_keys=True),
        config_dir=lambda wc, input: str(Path(input.lists[0]).parent),
    shell:
        "python {input.code[0]:q} --results {input.results:q} --tables {input.tables:q}"
        " --figures {input.figures:q} --root results --config {params.config:q}"
        " --config-dir {params.config_dir:q} --citation {input.citation:q}"
        " --output {output:q} > {log:q} 2>&1"
