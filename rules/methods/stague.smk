use rule train as train_stague with:
    input:
        **fit_input("stague"),
    output:
        directory(LAYOUT.fit("{dataset}", "stague", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "stague", "{seed}"),
    resources:
        **fit_resources("stague"),
    params:
        **fit_params("stague"),
