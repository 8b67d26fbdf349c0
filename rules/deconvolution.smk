rule prepare_pair:
    input:
        **once(lambda wc: get_made_pair(wc.dataset), files=get_pair_files),
        code=code("scripts/run_stage.py", "scripts/prepare_deconvolution.py"),
    output:
        spots=PATTERN.pair("{dataset}", SPOTS),
        cells=PATTERN.pair("{dataset}", REFERENCE),
        truth=PATTERN.truth("{dataset}"),
    log:
        PATTERN.log("prepare_pair", "{dataset}", "{key}"),
    wildcard_constraints:
        dataset=one_of(sorted(set(BENCHMARK.pairs) - set(BENCHMARK.derived(DECONVOLUTION)))),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    params:
        pair=untracked(lambda wc: json.dumps(BENCHMARK.datasets[wc.dataset], sort_keys=True)),
        raw=untracked(
            lambda wc: [
                f"--raw-{part}={LAYOUT.raw(name)}"
                for part, name in raw_parts(BENCHMARK.datasets[wc.dataset]).items()
            ]
        ),
    shell:
        "python {input.code:q} --pair {params.pair:q} {params.raw:q} --spots {output.spots:q}"
        " --reference {output.cells:q} --truth {output.truth:q} --record-failure > {log:q} 2>&1"


rule degrade_pair:
    input:
        **once(
            lambda wc: get_made_pair(wc.dataset),
            spots=lambda wc: LAYOUT.pair(BENCHMARK.base(wc.dataset), SPOTS),
            cells=lambda wc: LAYOUT.pair(BENCHMARK.base(wc.dataset), REFERENCE),
            truth=lambda wc: LAYOUT.truth(BENCHMARK.base(wc.dataset)),
        ),
        code=code("scripts/run_stage.py", "scripts/degrade_deconvolution.py"),
    output:
        spots=PATTERN.pair("{dataset}", SPOTS),
        truth=PATTERN.truth("{dataset}"),
    log:
        PATTERN.log("degrade_pair", "{dataset}", "{key}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.derived(DECONVOLUTION)),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    params:
        pair=untracked(lambda wc: json.dumps(BENCHMARK.datasets[wc.dataset], sort_keys=True)),
    shell:
        "python {input.code:q} --pair {params.pair:q} --base-spots {input.spots:q}"
        " --base-reference {input.cells:q} --base-truth {input.truth:q} --spots {output.spots:q}"
        " --truth {output.truth:q} > {log:q} 2>&1"


use rule train as deconvolve with:
    input:
        **once(
            lambda wc: [LAYOUT.fit(wc.dataset, wc.method, wc.seed)],
            spots=lambda wc: LAYOUT.pair(wc.dataset, SPOTS),
            cells=lambda wc: LAYOUT.pair(BENCHMARK.base(wc.dataset), REFERENCE),
            truth=get_proportions,
        ),
        code=code("scripts/run_fit.py", "scripts/fit_deconvolution.py"),
    output:
        directory(PATTERN.fit(*FIT)),
    log:
        PATTERN.fit_log(*FIT),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.pairs),
        method=one_of(BENCHMARK.chosen(DECONVOLUTION)),
    conda:
        lambda wc: get_environment(wc.method, DECONVOLUTION)
    resources:
        gpu=lambda wc: BENCHMARK.gpus(DECONVOLUTION, wc.method),
        mem_mb=lambda wc, attempt: SNAKEMAKE_MB + fit_mb(wc, wc.method, attempt),
        fit_mb=lambda wc, attempt: fit_mb(wc, wc.method, attempt),
        minutes=lambda wc: BENCHMARK.minutes(wc.method, wc.dataset),
        runtime=lambda wc: SUPERVISOR_MINUTES + BENCHMARK.minutes(wc.method, wc.dataset),
        attempt=lambda wc, attempt: attempt,
        attempts=lambda wc: fit_attempts(wc, wc.method),
    params:
        method=untracked(lambda wc: wc.method),
        gpus=untracked(lambda wc: BENCHMARK.gpus(DECONVOLUTION, wc.method)),
        program=untracked(lambda wc: wc.method),
        python=untracked(lambda wc: get_python(BENCHMARK.environment(DECONVOLUTION, wc.method))),
        data=lambda wc, input: ["--spots", input.spots, "--reference", input.cells],
        implementation=untracked(
            lambda wc: BENCHMARK.method(DECONVOLUTION, wc.method)["implementation"]
        ),
        settings=untracked(lambda wc: get_params(wc, wc.method, get_proportions(wc))),
        parameters=untracked(lambda wc: get_params(wc, wc.method, [])),
        method_code=untracked(lambda wc: KEYS.method_code(DECONVOLUTION, wc.method)),
        reads=lambda wc, input: [input.spots, input.cells, *input.truth],


rule score_deconvolution:
    input:
        **once(
            lambda wc: [LAYOUT.scores(wc.dataset, wc.method)],
            spots=lambda wc: LAYOUT.pair(wc.dataset, SPOTS),
            truth=lambda wc: LAYOUT.truth(wc.dataset),
            fits=lambda wc: get_fits(wc.dataset, wc.method),
        ),
        code=code("scripts/run_stage.py", "scripts/score_deconvolution.py"),
    output:
        PATTERN.scores(*ENTRY),
    log:
        PATTERN.log("score_deconvolution", *ENTRY, "{key}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.pairs),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=30,
    shell:
        "python {input.code:q} --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --spots {input.spots:q} --truth {input.truth:q} --fits {input.fits:q}"
        " --output {output:q} --record-failure > {log:q} 2>&1"
