rule download:
    input:
        code=code("scripts/download.py"),
    output:
        directory("results/raw/{dataset}"),
    log:
        "results/logs/download/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(dataset_ids("files")),
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        entry=lambda wc: json.dumps(BENCHMARK.made[wc.dataset], sort_keys=True),
        mirror=lambda wc: mirror(config.get("mirror")),
    shell:
        "python {input.code[0]:q} --dataset {wildcards.dataset:q} --mirror {params.mirror:q} --output {output:q} --record-failure > {log:q} 2>&1"


rule prepare:
    input:
        code=code("scripts/prepare.py"),
        raw=raw_data,
    output:
        "results/data/{dataset}.h5ad",
    log:
        "results/logs/prepare/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(dataset_ids("files") + dataset_ids("path")),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    params:
        entry=lambda wc: json.dumps(BENCHMARK.made[wc.dataset], sort_keys=True),
        options=prepare_options,
    shell:
        "python {input.code[0]:q} {params.options:q} --output {output:q} --record-failure > {log:q} 2>&1"


rule simulate:
    input:
        code=code("scripts/simulate.py"),
    output:
        "results/data/{dataset}.h5ad",
    log:
        "results/logs/simulate/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(dataset_ids("simulate")),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=30,
    params:
        options=lambda wc: [
            f"--{name.replace('_', '-')}={value}"
            for name, value in sorted(BENCHMARK.made[wc.dataset]["simulate"].items())
        ],
    shell:
        "python {input.code[0]:q} --id {wildcards.dataset:q} {params.options:q}"
        " --output {output:q} > {log:q} 2>&1"


rule join:
    input:
        code=code("scripts/join.py"),
        sections=lambda wc: [
            f"results/data/{part['id']}.h5ad" for part in BENCHMARK.datasets[wc.dataset]["parts"]
        ],
    output:
        "results/data/{dataset}.h5ad",
    log:
        "results/logs/join/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(joined_datasets()),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    params:
        # Their order is that of the cells, and a changed order of the same files is seen here alone.
        order=lambda wc: [part["id"] for part in BENCHMARK.datasets[wc.dataset]["parts"]],
    shell:
        "python {input.code[0]:q} --id {wildcards.dataset:q} --sections {input.sections:q}"
        " --output {output:q} --record-failure > {log:q} 2>&1"


rule degrade:
    input:
        code=code("scripts/degrade.py"),
        data=lambda wc: f"results/data/{BENCHMARK.datasets[wc.dataset]['derived_from']}.h5ad",
    output:
        "results/data/{dataset}.h5ad",
    log:
        "results/logs/degrade/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(dataset_ids("degraded")),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=30,
    params:
        way=lambda wc: BENCHMARK.datasets[wc.dataset]["degrade"]["way"],
        level=lambda wc: BENCHMARK.datasets[wc.dataset]["degrade"]["level"],
    shell:
        "python {input.code[0]:q} --data {input.data:q} --way {params.way:q} --level {params.level:q}"
        " --id {wildcards.dataset:q} --output {output:q} > {log:q} 2>&1"


rule preprocess:
    input:
        code=code("scripts/preprocess.py"),
        data="results/data/{dataset}.h5ad",
    output:
        "results/preprocessed/{dataset}.h5ad",
    log:
        "results/logs/preprocess/{dataset}.log",
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 8000,
        runtime=60,
    shell:
        "python {input.code[0]:q} --input {input.data:q} --output {output:q} > {log:q} 2>&1"


rule fetch_plan:
    input:
        code=code("scripts/fetch_plan.py"),
    log:
        "results/logs/fetch_plan.log",
    retries: 0
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        datasets=dataset_ids("files"),
    shell:
        "python {input.code[0]:q} {params.datasets:q} 2>&1 | tee {log:q}"


rule fetch:
    input:
        code=code("scripts/check_downloads.py"),
        raw=expand("results/raw/{dataset}", dataset=dataset_ids("files")),
    log:
        "results/logs/fetch.log",
    retries: 0
    localrule: True
    conda:
        "../envs/default.yaml"
    shell:
        "python {input.code[0]:q} {input.raw:q} 2>&1 | tee {log:q}"
