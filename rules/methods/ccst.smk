use rule train as train_ccst with:
    input:
        **fit_input("ccst"),
    output:
        directory(PATTERN.fit("{dataset}", "ccst", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "ccst", "{seed}"),
    resources:
        **fit_resources("ccst"),
    params:
        **fit_params("ccst"),
