# Variants of methods (`variants:` of the configuration), and methods with published settings (`published_settings:`), are
# trained like their methods, with other parameters.
use rule train as train_variant with:
    input:
        **once(
            lambda wc: [LAYOUT.fit(wc.dataset, wc.method, wc.seed)],
            preprocessed=lambda wc: LAYOUT.preprocessed(wc.dataset),
            truth=lambda wc: get_truth(wc.method, wc.dataset),
        ),
        code=code("scripts/run_fit.py", "scripts/fit.py"),
    output:
        directory(PATTERN.fit(*FIT)),
    log:
        PATTERN.fit_log(*FIT),
    wildcard_constraints:
        dataset=one_of(BENCHMARK.datasets_of(DOMAINS)),
        method=one_of([*BENCHMARK.variants, *BENCHMARK.published]),
    conda:
        lambda wc: get_environment(wc.method)
    resources:
        gpu=lambda wc: BENCHMARK.gpus(DOMAINS, wc.method),
        mem_mb=lambda wc, attempt: fit_resources(wc.method)["mem_mb"](wc, attempt),
        fit_mb=lambda wc, attempt: fit_resources(wc.method)["fit_mb"](wc, attempt),
        minutes=lambda wc: BENCHMARK.minutes(wc.method, wc.dataset),
        runtime=lambda wc: fit_resources(wc.method)["runtime"](wc),
        attempt=lambda wc, attempt: attempt,
        attempts=lambda wc: fit_attempts(wc, wc.method),
    params:
        method=fit_param("method"),
        gpus=fit_param("gpus"),
        program=fit_param("program"),
        python=fit_param("python"),
        implementation=fit_param("implementation"),
        settings=fit_param("settings"),
        parameters=fit_param("parameters"),
        method_code=fit_param("method_code"),
        record=fit_param("record"),
