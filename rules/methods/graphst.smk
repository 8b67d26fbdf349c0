use rule train as train_graphst with:
    input:
        **fit_input("graphst"),
    output:
        directory(PATTERN.fit("{dataset}", "graphst", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "graphst", "{seed}"),
    resources:
        **fit_resources("graphst"),
    params:
        **fit_params("graphst"),
