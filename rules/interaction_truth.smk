rule score_interactions:
    input:
        code=code("scripts/score_interactions.py"),
        data="results/data/{dataset}.h5ad",
        preprocessed="results/preprocessed/{dataset}.h5ad",
        fits=lambda wc: [
            fit for method in graph_methods(wc.dataset) for fit in fit_folders(wc.dataset, method)
        ],
        interactions=lambda wc: expand(
            "results/interactions/{dataset}/{method}",
            dataset=wc.dataset,
            method=graph_methods(wc.dataset),
        ),
    output:
        "results/interactions/{dataset}/scores.parquet",
    log:
        "results/logs/score_interactions/{dataset}.log",
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=60,
    params:
        genes=lambda wc: [
            f"{method}=results/interactions/{wc.dataset}/{method}/genes.csv"
            for method in graph_methods(wc.dataset)
        ],
        graph=lambda wc: config["interactions"]["graph"],
        reach=lambda wc: config["interactions"]["reach"],
    shell:
        "python {input.code[0]:q} --data {input.data:q} --preprocessed {input.preprocessed:q}"
        " --fits {input.fits:q} --genes {params.genes:q} --graph {params.graph:q}"
        " --reach {params.reach:q} --output {output:q} > {log:q} 2>&1"
