include: "deconvolution_common.smk"


use rule download as download_for_deconvolution with:
    output:
        directory("results/raw/{dataset}"),
    wildcard_constraints:
        dataset=one_of(deconvolution_raw()),
    params:
        entry=lambda wc: json.dumps(dataset_entry(wc.dataset, REGISTRY), sort_keys=True),
        mirror=lambda wc: mirror(config.get("mirror")),


rule deconvolution_pair:
    input:
        unpack(raw_parts),
        code=code("scripts/prepare_deconvolution.py"),
    output:
        spots="results/deconvolution/data/{dataset}/spots.h5ad",
        cells="results/deconvolution/data/{dataset}/reference.h5ad",
        truth="results/deconvolution/truth/{dataset}.h5ad",
    log:
        "results/logs/deconvolution/pairs/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(sorted(set(DECONVOLUTION.datasets) - set(DEGRADED_PAIRS))),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    params:
        pair=lambda wc: json.dumps(DECONVOLUTION.datasets[wc.dataset], sort_keys=True),
        raw=lambda wc: [
            f"--raw-{part}=results/raw/{name}"
            for part, name in raw_folders(DECONVOLUTION.datasets[wc.dataset]).items()
        ],
    shell:
        "python {input.code[0]:q} --pair {params.pair:q} {params.raw:q} --spots {output.spots:q}"
        " --reference {output.cells:q} --truth {output.truth:q} --record-failure > {log:q} 2>&1"


rule degrade_pair:
    input:
        code=code("scripts/degrade_deconvolution.py"),
        spots=lambda wc: f"results/deconvolution/data/{whole_pair(wc.dataset)}/spots.h5ad",
        cells=lambda wc: f"results/deconvolution/data/{whole_pair(wc.dataset)}/reference.h5ad",
        truth=lambda wc: f"results/deconvolution/truth/{whole_pair(wc.dataset)}.h5ad",
    output:
        spots="results/deconvolution/data/{dataset}/spots.h5ad",
        truth="results/deconvolution/truth/{dataset}.h5ad",
    log:
        "results/logs/deconvolution/pairs/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(DEGRADED_PAIRS),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    params:
        pair=lambda wc: json.dumps(DECONVOLUTION.datasets[wc.dataset], sort_keys=True),
    shell:
        "python {input.code[0]:q} --pair {params.pair:q} --base-spots {input.spots:q}"
        " --base-reference {input.cells:q} --base-truth {input.truth:q} --spots {output.spots:q}"
        " --truth {output.truth:q} > {log:q} 2>&1"


rule deconvolve:
    input:
        spots="results/deconvolution/data/{dataset}/spots.h5ad",
        cells=lambda wc: f"results/deconvolution/data/{whole_pair(wc.dataset)}/reference.h5ad",
        truth=lambda wc: (
            f"results/deconvolution/truth/{wc.dataset}.h5ad"
            if DECONVOLUTION.method(wc.method).get("needs_truth")
            else []
        ),
        code=lambda wc: code(
            "scripts/run_fit.py",
            "scripts/fit_deconvolution.py",
            f"scripts/deconvolution_methods/{wc.method}.py",
        ),
    output:
        directory("results/deconvolution/fits/{dataset}/{method}/seed{seed}"),
    log:
        "results/logs/deconvolution/fits/{dataset}/{method}/seed{seed}.log",
    wildcard_constraints:
        method=one_of(DECONVOLUTION.config["methods"]),
    conda:
        lambda wc: str(BASE / f"envs/{DECONVOLUTION.environment(wc.method)}.yaml")
    threads: 1
    resources:
        gpu=lambda wc: DECONVOLUTION.gpus(wc.method),
        mem_mb=lambda wc, attempt: SNAKEMAKE_MB
        + DECONVOLUTION.mem_mb(wc.method, wc.dataset, attempt),
        fit_mb=lambda wc, attempt: DECONVOLUTION.mem_mb(wc.method, wc.dataset, attempt),
        minutes=lambda wc: DECONVOLUTION.minutes(wc.method, wc.dataset),
        runtime=lambda wc: SUPERVISOR_MINUTES + DECONVOLUTION.minutes(wc.method, wc.dataset),
        attempt=lambda wc, attempt: attempt,
        attempts=config["attempts"],
    params:
        python=lambda wc: python_for(DECONVOLUTION.environment(wc.method)),
        implementation=lambda wc: DECONVOLUTION.method(wc.method)["implementation"],
        settings=deconvolution_settings,
    shell:
        "python {input.code[0]:q} --output {output:q} --dataset {wildcards.dataset:q}"
        ' --method {wildcards.method:q} --seed {wildcards.seed} --commit "$STBENCH_COMMIT"'
        " --attempts-log results/logs/deconvolution/attempts/{wildcards.dataset:q}/{wildcards.method:q}/seed{wildcards.seed}.jsonl"
        " --attempt {resources.attempt} --max-attempts {resources.attempts}"
        " --time-limit $(({resources.minutes} * 60)) --mem-mb {resources.fit_mb}"
        " --threads {threads} --gpus {resources.gpu} --"
        " {params.python:q} {input.code[1]:q} --method {wildcards.method:q}"
        " --spots {input.spots:q} --reference {input.cells:q} --output {{}}"
        " --params {params.settings:q} --seed {wildcards.seed} --threads {threads}"
        " --implementation {params.implementation:q} > {log:q} 2>&1"


rule score_deconvolution:
    input:
        code=code("scripts/score_deconvolution.py"),
        spots="results/deconvolution/data/{dataset}/spots.h5ad",
        truth="results/deconvolution/truth/{dataset}.h5ad",
        fits=lambda wc: expand(
            "results/deconvolution/fits/{dataset}/{method}/seed{seed}",
            dataset=wc.dataset,
            method=wc.method,
            seed=DECONVOLUTION.config["seeds"],
        ),
    output:
        "results/deconvolution/scores/{dataset}/{method}.parquet",
    log:
        "results/logs/deconvolution/scores/{dataset}/{method}.log",
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=30,
    shell:
        "python {input.code[0]:q} --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --spots {input.spots:q} --truth {input.truth:q} --fits {input.fits:q}"
        " --output {output:q} > {log:q} 2>&1"


rule deconvolution_tables:
    input:
        code=code("scripts/aggregate_deconvolution.py"),
        scores=deconvolution_scores(),
        methods=DECONVOLUTION_METHODS,
    output:
        tables=directory("results/deconvolution/tables"),
        summary="results/deconvolution/summary.txt",
    log:
        "results/logs/deconvolution/tables.log",
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        derived=["--derived", json.dumps(DEGRADED_PAIRS, sort_keys=True)] if DEGRADED_PAIRS else [],
    shell:
        "python {input.code[0]:q} --scores {input.scores:q} --methods {input.methods:q}"
        " {params.derived:q} --tables {output.tables:q} --summary {output.summary:q}"
        " > {log:q} 2>&1"


rule deconvolution_figures:
    input:
        code=code("scripts/figures_deconvolution.py"),
        tables="results/deconvolution/tables",
        methods=DECONVOLUTION_METHODS,
        parts=deconvolution_scores(),
    output:
        directory("results/deconvolution/figures"),
    log:
        "results/logs/deconvolution/figures.log",
    retries: 0
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    shell:
        "python {input.code[0]:q} --tables {input.tables:q} --methods {input.methods:q}"
        " --results results/deconvolution --output {output:q} > {log:q} 2>&1"


rule deconvolution:
    input:
        summary="results/deconvolution/summary.txt",
        figures="results/deconvolution/figures",
    log:
        "results/logs/deconvolution/deconvolution.log",
    localrule: True
    conda:
        "../envs/default.yaml"
    shell:
        "tee {log:q} < {input.summary:q}"
