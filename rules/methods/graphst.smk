use rule train as train_graphst with:
    input:
        **fit_input("graphst"),
    output:
        directory(LAYOUT.fit("{dataset}", "graphst", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "graphst", "{seed}"),
    resources:
        **fit_resources("graphst"),
    params:
        **fit_params("graphst"),
