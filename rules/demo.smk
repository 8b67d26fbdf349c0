rule demo:
    input:
        code=code("scripts/demo.py"),
        data=expand("results/data/{dataset}.h5ad", dataset=list(BENCHMARK.datasets)),
        labels=of_demonstrations("results/labels/{dataset}/{method}.h5"),
        fits=of_demonstrations(
            "results/fits/{dataset}/{method}/seed{seed}",
            lambda dataset, method, seed: seed in config["seeds"],
        ),
        interactions=of_demonstrations(
            "results/interactions/{dataset}/{method}",
            lambda dataset, method, seed: config.get("interactions")
            and method in graph_methods(dataset),
        ),
        published=str(BASE / "resources/published/scores.csv"),
    output:
        directory("results/demo"),
    log:
        "results/logs/demo.log",
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        demonstrations=json.dumps(config.get("demonstrations") or [], sort_keys=True),
        methods=str(BASE / "config/methods.yaml"),
    shell:
        "python {input.code[0]:q} --demonstrations {params.demonstrations:q} --data {input.data:q}"
        " --labels {input.labels:q} --fits {input.fits:q} --interactions {input.interactions:q}"
        " --published {input.published:q} --methods {params.methods:q}"
        " --output {output:q} > {log:q} 2>&1"
