use rule train as train_ccst with:
    input:
        **fit_input("ccst"),
    output:
        directory(LAYOUT.fit("{dataset}", "ccst", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "ccst", "{seed}"),
    resources:
        **fit_resources("ccst"),
    params:
        **fit_params("ccst"),
