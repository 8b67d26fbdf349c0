TEMPLATES = sorted((BASE / "scripts/stbench/report/templates").iterdir())
LISTS = [
    f"config/{name}.yaml" for name in ("methods", "deconvolution_methods", "datasets", "titles")
]


rule report:
    input:
        code=code("scripts/run_stage.py", "scripts/report.py"),
        templates=own(*TEMPLATES),
        results=[LAYOUT.results] if DOMAINS in BENCHMARK.tasks else [],
        tables=LAYOUT.tables,
        figures=LAYOUT.figures,
        data=list(map(LAYOUT.data, BENCHMARK.datasets_of(DOMAINS))),
        preprocessed=list(map(LAYOUT.preprocessed, BENCHMARK.datasets_of(DOMAINS))),
        labels=[LAYOUT.labels(*entry) for entry in BENCHMARK.entries(DOMAINS)],
        maps=get_maps("h5ad"),
        scores=get_scores(INTERACTIONS, MARKERS),
        lists=own(*LISTS),
        citation=own("CITATION.cff"),
    output:
        report(LAYOUT.report, category="Report"),
    log:
        LAYOUT.own_log("report"),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        recipe=recipe(
            "report.py",
            get_scores(*BENCHMARK.tasks),
            config,
            files=[*TEMPLATES, *LISTS, "CITATION.cff"],
        ),
        root=untracked(str(LAYOUT.root)),
        config=untracked(json.dumps(config, sort_keys=True)),
        config_dir=lambda wc, input: str(Path(input.lists[0]).parent),
    shell:
        "python {input.code:q} --results {params.root:q} --config {params.config:q}"
        " --config-dir {params.config_dir:q} --citation {input.citation:q}"
        " --output {output:q} > {log:q} 2>&1"
