use rule train as train_sigra with:
    input:
        **fit_input("sigra"),
    output:
        directory(PATTERN.fit("{dataset}", "sigra", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "sigra", "{seed}"),
    resources:
        **fit_resources("sigra"),
    params:
        **fit_params("sigra"),
