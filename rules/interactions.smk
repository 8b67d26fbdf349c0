rule interactions:
    input:
        code=lambda wc: code("scripts/interactions.py", *get_method_code(wc.method)),
        data=LAYOUT.data("{dataset}"),
        preprocessed=LAYOUT.preprocessed("{dataset}"),
        fits=lambda wc: get_fits(wc.dataset, wc.method),
        gene_sets=lambda wc: config["interactions"].get("gene_sets") or [],
    output:
        directory(LAYOUT.interactions(*ENTRY)),
    log:
        LAYOUT.log("interactions", *ENTRY),
    conda:
        "../envs/default.yaml"
    threads: 1
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=120,
    params:
        title=lambda wc: BENCHMARK.method(DOMAINS, wc.method)["title"],
        settings=lambda wc: json.dumps(
            {key: value for key, value in config["interactions"].items() if key != "reach"},
            sort_keys=True,
        ),
    shell:
        "python {input.code[0]:q} --data {input.data:q} --preprocessed {input.preprocessed:q}"
        " --fits {input.fits:q} --method {wildcards.method:q} --title {params.title:q}"
        " --settings {params.settings:q} --threads {threads} --output {output:q} > {log:q} 2>&1"
