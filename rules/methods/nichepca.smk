use rule train as train_nichepca with:
    input:
        **fit_input("nichepca"),
    output:
        directory(PATTERN.fit("{dataset}", "nichepca", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "nichepca", "{seed}"),
    resources:
        **fit_resources("nichepca"),
    params:
        **fit_params("nichepca"),
