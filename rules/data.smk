rule download:
    input:
        code=code("scripts/download.py"),
    output:
        directory("results/raw/{dataset}"),
    params:
        entry=lambda wc: json.dumps(BENCHMARK.datasets[wc.dataset], sort_keys=True),
        mirror=lambda wc: config.get("mirror") or os.environ.get("STBENCH_MIRROR", ""),
    log:
        "results/logs/download/{dataset}.log",
    conda:
        "../envs/default.yaml"
    localrule: True
    wildcard_constraints:
        dataset=one_of(dataset_ids("files")),
    shell:
        "python {input.code[0]:q} --dataset {wildcards.dataset:q} --mirror {params.mirror:q} --output {output:q} --record-failure > {log:q} 2>&1"


def raw_data(wildcards):
    """The folder of a published dataset's raw files, or the user's own file."""
    entry = BENCHMARK.datasets[wildcards.dataset]
    return entry.get("path", f"results/raw/{wildcards.dataset}")


def prepare_options(wildcards):
    """How prepare.py finds the description of a published dataset, or of the user's own."""
    entry = BENCHMARK.datasets[wildcards.dataset]
    if entry["origin"] == "path":
        return ["--section", json.dumps(entry["section"], sort_keys=True)]
    return ["--dataset", wildcards.dataset, "--raw", raw_data(wildcards)]


rule prepare:
    input:
        code=code("scripts/prepare.py"),
        raw=raw_data,
    output:
        "results/data/{dataset}.h5ad",
    params:
        entry=lambda wc: json.dumps(BENCHMARK.datasets[wc.dataset], sort_keys=True),
        options=prepare_options,
    log:
        "results/logs/prepare/{dataset}.log",
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    wildcard_constraints:
        dataset=one_of(dataset_ids("files") + dataset_ids("path")),
    shell:
        "python {input.code[0]:q} {params.options:q} --output {output:q} --record-failure > {log:q} 2>&1"


rule simulate:
    input:
        code=code("scripts/simulate.py"),
    output:
        "results/data/{dataset}.h5ad",
    params:
        options=lambda wc: [
            f"--{name.replace('_', '-')}={value}"
            for name, value in sorted(BENCHMARK.datasets[wc.dataset]["simulate"].items())
        ],
    log:
        "results/logs/simulate/{dataset}.log",
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=30,
    wildcard_constraints:
        dataset=one_of(dataset_ids("simulate")),
    shell:
        "python {input.code[0]:q} --id {wildcards.dataset:q} {params.options:q}"
        " --output {output:q} > {log:q} 2>&1"


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
