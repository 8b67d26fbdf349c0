use rule train as train_sigra with:
    input:
        **fit_input("sigra"),
    output:
        directory(LAYOUT.fit("{dataset}", "sigra", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "sigra", "{seed}"),
    resources:
        **fit_resources("sigra"),
    params:
        **fit_params("sigra"),
