MARKER_SETTINGS = config.get("markers") or {}
MARKER_GENES = MARKER_SETTINGS.get("genes") or []


rule markers:
    input:
        code=code("scripts/run_stage.py", "scripts/markers.py"),
        data=lambda wc: LAYOUT.data(wc.dataset),
        preprocessed=lambda wc: LAYOUT.preprocessed(wc.dataset),
        domains=get_own_maps,
        scores=lambda wc: [LAYOUT.scores(wc.dataset, m) for m in get_marker_methods(wc)],
        labels=lambda wc: [LAYOUT.labels(wc.dataset, m) for m in get_marker_methods(wc)],
        gene_sets=lambda wc: MARKER_SETTINGS.get("gene_sets") or [],
    output:
        directory(PATTERN.markers("{dataset}")),
    log:
        PATTERN.log(LAYOUT.name, "markers", "{dataset}"),
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc: mb_of_counts(BENCHMARK.size(wc.dataset), 8000),
        runtime=120,
    params:
        recipe=lambda wc: recipe(
            "markers.py",
            [
                LAYOUT.data(wc.dataset),
                LAYOUT.preprocessed(wc.dataset),
                *(LAYOUT.scores(wc.dataset, m) for m in get_marker_methods(wc)),
                *(LAYOUT.labels(wc.dataset, m) for m in get_mapped(wc)),
            ],
            *(get_marker_titles(wc), MARKER_GENES, config["rank_by"]),
            BENCHMARK.drawings.get(wc.dataset, {}),
            files=[Path.cwd() / file for file in BENCHMARK.gene_sets(MARKERS)],
        )(wc),
        titles=untracked(lambda wc: json.dumps(get_marker_titles(wc))),
        drawing=untracked(
            lambda wc: json.dumps(BENCHMARK.drawings.get(wc.dataset, {}), sort_keys=True)
        ),
        files=lambda wc, input: get_options(input, "domains", "scores", "labels"),
        genes=untracked(MARKER_GENES),
        gene_sets=lambda wc, input: ["--gene-sets", input.gene_sets] if input.gene_sets else [],
        rank_by=untracked(config["rank_by"]),
    shell:
        "python {input.code:q} --data {input.data:q} --preprocessed {input.preprocessed:q}"
        " {params.files:q} --titles {params.titles:q} --drawing {params.drawing:q}"
        " --genes {params.genes:q} {params.gene_sets:q} --rank-by {params.rank_by}"
        " --output {output:q} --record-failure > {log:q} 2>&1"
