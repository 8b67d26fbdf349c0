use rule train as train_stague with:
    input:
        **fit_input("stague"),
    output:
        directory(PATTERN.fit("{dataset}", "stague", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "stague", "{seed}"),
    resources:
        **fit_resources("stague"),
    params:
        **fit_params("stague"),
