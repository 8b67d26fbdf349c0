# STAGUE's own archive, where the configuration chooses it as a source and no mirror folder has it.
rule stague_archive:
    input:
        code=code("scripts/stague_archive.py"),
    output:
        directory(LAYOUT.raw("STAGUE_archive")),
    log:
        LAYOUT.log("stague_archive"),
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        gdown=get_python("archive"),
    shell:
        'python {input.code[0]:q} --mirror $(dirname {output:q}) --gdown "{params.gdown}"'
        " --record-failure > {log:q} 2>&1"


rule download:
    input:
        code=code("scripts/download.py"),
        archive=get_archive,
    output:
        directory(LAYOUT.raw("{dataset}")),
    log:
        LAYOUT.log("download", "{dataset}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.downloads),
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        entry=lambda wc: json.dumps(BENCHMARK.downloads[wc.dataset], sort_keys=True),
        source=get_source,
        archive=lambda wc, input: [str(Path(folder).parent) for folder in input.archive],
    shell:
        "python {input.code[0]:q} --dataset {wildcards.dataset:q} {params.source:q}"
        ' --mirror "$STBENCH_MIRROR" {params.archive:q} --output {output:q} --record-failure'
        " > {log:q} 2>&1"


rule prepare:
    input:
        code=code("scripts/prepare.py"),
        raw=get_raw_data,
    output:
        LAYOUT.data("{dataset}"),
    log:
        LAYOUT.log("prepare", "{dataset}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.of_origin("files", "path")),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    params:
        entry=lambda wc: json.dumps(BENCHMARK.made[wc.dataset], sort_keys=True),
        options=get_prepare_options,
        source=get_source,
    shell:
        "python {input.code[0]:q} {params.options:q} {params.source:q}"
        " --output {output:q} --record-failure > {log:q} 2>&1"


rule simulate:
    input:
        code=code("scripts/simulate.py"),
    output:
        LAYOUT.data("{dataset}"),
    log:
        LAYOUT.log("simulate", "{dataset}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.of_origin("simulate")),
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
            LAYOUT.data(part["id"]) for part in BENCHMARK.datasets[wc.dataset]["parts"]
        ],
    output:
        LAYOUT.data("{dataset}"),
    log:
        LAYOUT.log("join", "{dataset}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.of_origin("joined")),
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
        data=lambda wc: LAYOUT.data(BENCHMARK.base(wc.dataset)),
    output:
        LAYOUT.data("{dataset}"),
    log:
        LAYOUT.log("degrade", "{dataset}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.of_origin("degraded")),
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
        data=LAYOUT.data("{dataset}"),
    output:
        LAYOUT.preprocessed("{dataset}"),
    log:
        LAYOUT.log("preprocess", "{dataset}"),
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
        LAYOUT.own_log("fetch_plan"),
    retries: 0
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        datasets=list(BENCHMARK.downloads),
        sources=json.dumps(config.get("sources") or {}),
    shell:
        "python {input.code[0]:q} {params.datasets:q} --sources {params.sources:q} 2>&1 | tee {log:q}"


rule fetch:
    input:
        code=code("scripts/check_downloads.py"),
        raw=list(map(LAYOUT.raw, BENCHMARK.downloads)),
    log:
        LAYOUT.own_log("fetch"),
    retries: 0
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        options=[],
    shell:
        "python {input.code[0]:q} {params.options:q} {input.raw:q} 2>&1 | tee {log:q}"


# The same list, but a run goes on with what is there.
use rule fetch as available with:
    log:
        LAYOUT.own_log("available"),
    params:
        options=["--lenient"],
