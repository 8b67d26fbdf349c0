use rule train as train_graphpca with:
    input:
        **fit_input("graphpca"),
    output:
        directory(PATTERN.fit("{dataset}", "graphpca", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "graphpca", "{seed}"),
    resources:
        **fit_resources("graphpca"),
    params:
        **fit_params("graphpca"),
