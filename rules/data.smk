# STAGUE's archive, if the configuration chooses it as a source and no mirror folder has it.
rule stague_archive:
    input:
        code=code("scripts/stague_archive.py"),
    output:
        directory(LAYOUT.stague_archive),
    log:
        LAYOUT.log("stague_archive"),
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        gdown=untracked(get_python("archive")),
    shell:
        'python {input.code[0]:q} --mirror $(dirname {output:q}) --gdown "{params.gdown}"'
        " --record-failure > {log:q} 2>&1"


rule download:
    input:
        **once(lambda wc: [LAYOUT.raw(wc.dataset)], archive=get_archive),
        code=code("scripts/download.py"),
    output:
        directory(PATTERN.raw("{dataset}")),
    log:
        PATTERN.log("download", "{dataset}", "{key}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.downloads),
    localrule: True
    conda:
        "../envs/default.yaml"
    params:
        source=untracked(get_source),
        archive=lambda wc, input: [str(Path(folder).parent) for folder in input.archive],
    shell:
        "python {input.code[0]:q} --dataset {wildcards.dataset:q} {params.source:q}"
        ' --mirror "$STBENCH_MIRROR" {params.archive:q} --output {output:q} --record-failure'
        " > {log:q} 2>&1"


rule prepare:
    input:
        **once(lambda wc: [LAYOUT.data(wc.dataset)], raw=get_raw_data),
        code=code("scripts/run_stage.py", "scripts/prepare.py"),
    output:
        PATTERN.data("{dataset}"),
    log:
        PATTERN.log("prepare", "{dataset}", "{key}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.of_origin("files", "path")),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    params:
        options=untracked(get_prepare_options),
        source=untracked(get_source),
    shell:
        "python {input.code:q} {params.options:q} {params.source:q}"
        " --output {output:q} --record-failure > {log:q} 2>&1"


rule simulate:
    input:
        **once(lambda wc: [LAYOUT.data(wc.dataset)]),
        code=code("scripts/run_stage.py", "scripts/simulate.py"),
    output:
        PATTERN.data("{dataset}"),
    log:
        PATTERN.log("simulate", "{dataset}", "{key}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.of_origin("simulate")),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=30,
    params:
        options=untracked(get_simulate_options),
    shell:
        "python {input.code:q} --id {wildcards.dataset:q} {params.options:q}"
        " --output {output:q} --record-failure > {log:q} 2>&1"


rule plant:
    input:
        **once(
            lambda wc: [LAYOUT.data(wc.dataset)],
            data=lambda wc: LAYOUT.data(BENCHMARK.datasets[wc.dataset]["plant"]["into"]),
        ),
        code=code("scripts/run_stage.py", "scripts/plant.py"),
    output:
        PATTERN.data("{dataset}"),
    log:
        PATTERN.log("plant", "{dataset}", "{key}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.of_origin("planted")),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=30,
    params:
        parameters=untracked(
            lambda wc: json.dumps(BENCHMARK.datasets[wc.dataset]["plant"], sort_keys=True)
        ),
    shell:
        "python {input.code:q} --data {input.data:q} --parameters {params.parameters:q}"
        " --id {wildcards.dataset:q} --output {output:q} --record-failure > {log:q} 2>&1"


rule join:
    input:
        **once(
            lambda wc: [LAYOUT.data(wc.dataset)],
            sections=lambda wc: [
                LAYOUT.data(part["id"]) for part in BENCHMARK.datasets[wc.dataset]["parts"]
            ],
        ),
        code=code("scripts/run_stage.py", "scripts/join.py"),
    output:
        PATTERN.data("{dataset}"),
    log:
        PATTERN.log("join", "{dataset}", "{key}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.of_origin("joined")),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    params:
        number=untracked(
            lambda wc: (
                ["--n-domains", str(number)]
                if (number := given_number(BENCHMARK.datasets[wc.dataset]))
                else []
            )
        ),
    shell:
        "python {input.code:q} --id {wildcards.dataset:q} --sections {input.sections:q}"
        " {params.number:q} --output {output:q} --record-failure > {log:q} 2>&1"


rule degrade:
    input:
        **once(
            lambda wc: [LAYOUT.data(wc.dataset)],
            data=lambda wc: LAYOUT.data(BENCHMARK.base(wc.dataset)),
        ),
        code=code("scripts/run_stage.py", "scripts/degrade.py"),
    output:
        PATTERN.data("{dataset}"),
    log:
        PATTERN.log("degrade", "{dataset}", "{key}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.of_origin("degraded")),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=30,
    params:
        way=untracked(lambda wc: BENCHMARK.datasets[wc.dataset]["degrade"]["way"]),
        level=untracked(lambda wc: BENCHMARK.datasets[wc.dataset]["degrade"]["level"]),
        draw=untracked(lambda wc: BENCHMARK.datasets[wc.dataset]["degrade"]["draw"]),
    shell:
        "python {input.code:q} --data {input.data:q} --way {params.way:q} --level {params.level:q}"
        " --draw {params.draw:q} --id {wildcards.dataset:q} --output {output:q} > {log:q} 2>&1"


rule preprocess:
    input:
        **once(
            lambda wc: [LAYOUT.preprocessed(wc.dataset)],
            data=lambda wc: LAYOUT.data(wc.dataset),
        ),
        code=code("scripts/run_stage.py", "scripts/preprocess.py"),
    output:
        PATTERN.preprocessed("{dataset}"),
    log:
        PATTERN.log("preprocess", "{dataset}", "{key}"),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 8000,
        runtime=60,
    shell:
        "python {input.code:q} --input {input.data:q} --output {output:q} --record-failure"
        " > {log:q} 2>&1"


# All datasets of the configuration, checked and preprocessed.
rule datasets:
    input:
        list(map(LAYOUT.data, BENCHMARK.made)),
        list(map(LAYOUT.preprocessed, BENCHMARK.datasets_of(DOMAINS))),
        list(map(LAYOUT.truth, BENCHMARK.pairs)),


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
        fetched=lambda wc: [
            d for d in BENCHMARK.downloads if (LAYOUT.raw(d) / "status.json").exists()
        ],
    shell:
        "python {input.code[0]:q} {params.datasets:q} --sources {params.sources:q}"
        " --fetched {params.fetched:q} 2>&1 | tee {log:q}"


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


# The same list, but a run continues with the available data.
use rule fetch as available with:
    log:
        LAYOUT.own_log("available"),
    params:
        options=["--lenient"],
