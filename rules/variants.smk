# Variants of methods (`variants:` of the configuration) train as their methods do, with other parameters.
use rule train as train_variant with:
    input:
        preprocessed="results/preprocessed/{dataset}.h5ad",
        code=lambda wc: fit_input(program_of(wc.method))["code"],
    output:
        directory("results/fits/{dataset}/{method}/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/{method}/seed{seed}.log",
    wildcard_constraints:
        method=one_of(BENCHMARK.variants),
    conda:
        lambda wc: environment(program_of(wc.method))
    resources:
        gpu=lambda wc: BENCHMARK.gpus(wc.method),
        mem_mb=lambda wc, attempt: fit_resources(wc.method)["mem_mb"](wc, attempt),
        fit_mb=lambda wc, attempt: fit_resources(wc.method)["fit_mb"](wc, attempt),
        minutes=lambda wc: BENCHMARK.minutes(wc.method, wc.dataset),
        runtime=lambda wc: fit_resources(wc.method)["runtime"](wc),
        attempt=lambda wc, attempt: attempt,
        attempts=config["attempts"],
    params:
        method=lambda wc: wc.method,
        program=lambda wc: program_of(wc.method),
        python=lambda wc: fit_python(wc.method),
        implementation=lambda wc: BENCHMARK.method(wc.method)["implementation"],
        settings=lambda wc: fit_params(wc.method)["settings"](wc),
        record=lambda wc: fit_params(wc.method)["record"],
