rule prepare_pair:
    input:
        unpack(get_pair_files),
        code=code("scripts/prepare_deconvolution.py"),
    output:
        spots=LAYOUT.pair("{dataset}", SPOTS),
        cells=LAYOUT.pair("{dataset}", REFERENCE),
        truth=LAYOUT.truth("{dataset}"),
    log:
        LAYOUT.log("prepare_pair", "{dataset}"),
    wildcard_constraints:
        dataset=one_of(sorted(set(BENCHMARK.pairs) - set(BENCHMARK.derived(DECONVOLUTION)))),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    params:
        pair=lambda wc: json.dumps(BENCHMARK.datasets[wc.dataset], sort_keys=True),
        raw=lambda wc: [
            f"--raw-{part}={LAYOUT.raw(name)}"
            for part, name in raw_parts(BENCHMARK.datasets[wc.dataset]).items()
        ],
    shell:
        "python {input.code[0]:q} --pair {params.pair:q} {params.raw:q} --spots {output.spots:q}"
        " --reference {output.cells:q} --truth {output.truth:q} --record-failure > {log:q} 2>&1"


rule degrade_pair:
    input:
        code=code("scripts/degrade_deconvolution.py"),
        spots=lambda wc: LAYOUT.pair(BENCHMARK.base(wc.dataset), SPOTS),
        cells=lambda wc: LAYOUT.pair(BENCHMARK.base(wc.dataset), REFERENCE),
        truth=lambda wc: LAYOUT.truth(BENCHMARK.base(wc.dataset)),
    output:
        spots=LAYOUT.pair("{dataset}", SPOTS),
        truth=LAYOUT.truth("{dataset}"),
    log:
        LAYOUT.log("degrade_pair", "{dataset}"),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.derived(DECONVOLUTION)),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 6000,
        runtime=30,
    params:
        pair=lambda wc: json.dumps(BENCHMARK.datasets[wc.dataset], sort_keys=True),
    shell:
        "python {input.code[0]:q} --pair {params.pair:q} --base-spots {input.spots:q}"
        " --base-reference {input.cells:q} --base-truth {input.truth:q} --spots {output.spots:q}"
        " --truth {output.truth:q} > {log:q} 2>&1"


use rule train as deconvolve with:
    input:
        spots=LAYOUT.pair("{dataset}", SPOTS),
        cells=lambda wc: LAYOUT.pair(BENCHMARK.base(wc.dataset), REFERENCE),
        truth=lambda wc: LAYOUT.truth(wc.dataset) if needs_truth(wc.method) else [],
        code=lambda wc: code(
            "scripts/run_fit.py",
            "scripts/fit_deconvolution.py",
            f"scripts/deconvolution_methods/{wc.method}.py",
        ),
    output:
        directory(LAYOUT.fit(*FIT)),
    log:
        LAYOUT.fit_log(*FIT),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.pairs),
        method=one_of(BENCHMARK.chosen(DECONVOLUTION)),
    conda:
        lambda wc: get_environment(wc.method, DECONVOLUTION)
    resources:
        gpu=lambda wc: BENCHMARK.gpus(DECONVOLUTION, wc.method),
        mem_mb=lambda wc, attempt: SNAKEMAKE_MB + BENCHMARK.mem_mb(wc.method, wc.dataset, attempt),
        fit_mb=lambda wc, attempt: BENCHMARK.mem_mb(wc.method, wc.dataset, attempt),
        minutes=lambda wc: BENCHMARK.minutes(wc.method, wc.dataset),
        runtime=lambda wc: SUPERVISOR_MINUTES + BENCHMARK.minutes(wc.method, wc.dataset),
        attempt=lambda wc, attempt: attempt,
        attempts=config["attempts"],
    params:
        method=lambda wc: wc.method,
        program=lambda wc: wc.method,
        python=lambda wc: get_python(BENCHMARK.environment(DECONVOLUTION, wc.method)),
        data=lambda wc, input: ["--spots", input.spots, "--reference", input.cells],
        implementation=lambda wc: BENCHMARK.method(DECONVOLUTION, wc.method)["implementation"],
        settings=get_deconvolution_params,


rule score_deconvolution:
    input:
        code=code("scripts/score_deconvolution.py"),
        spots=LAYOUT.pair("{dataset}", SPOTS),
        truth=LAYOUT.truth("{dataset}"),
        fits=lambda wc: get_fits(wc.dataset, wc.method),
    output:
        LAYOUT.scores(*ENTRY),
    log:
        LAYOUT.log("score_deconvolution", *ENTRY),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.pairs),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=30,
    shell:
        "python {input.code[0]:q} --dataset {wildcards.dataset:q} --method {wildcards.method:q}"
        " --spots {input.spots:q} --truth {input.truth:q} --fits {input.fits:q}"
        " --output {output:q} > {log:q} 2>&1"
