# Variants of methods (`variants:` of the configuration) train as their methods do, with other parameters.
use rule train as train_variant with:
    input:
        preprocessed=LAYOUT.preprocessed("{dataset}"),
        code=lambda wc: fit_input(BENCHMARK.variants[wc.method].method)["code"],
    output:
        directory(LAYOUT.fit(*FIT)),
    log:
        LAYOUT.fit_log(*FIT),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.datasets_of(DOMAINS)),
        method=one_of(BENCHMARK.variants),
    conda:
        lambda wc: get_environment(wc.method)
    resources:
        gpu=lambda wc: BENCHMARK.gpus(DOMAINS, wc.method),
        mem_mb=lambda wc, attempt: fit_resources(wc.method)["mem_mb"](wc, attempt),
        fit_mb=lambda wc, attempt: fit_resources(wc.method)["fit_mb"](wc, attempt),
        minutes=lambda wc: BENCHMARK.minutes(wc.method, wc.dataset),
        runtime=lambda wc: fit_resources(wc.method)["runtime"](wc),
        attempt=lambda wc, attempt: attempt,
        attempts=config["attempts"],
    params:
        method=lambda wc: wc.method,
        program=lambda wc: BENCHMARK.variants[wc.method].method,
        python=lambda wc: fit_params(wc.method)["python"],
        implementation=lambda wc: fit_params(wc.method)["implementation"],
        settings=lambda wc: fit_params(wc.method)["settings"](wc),
        record=lambda wc: fit_params(wc.method)["record"],
