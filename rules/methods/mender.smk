use rule train as train_mender with:
    input:
        **fit_input("mender"),
    output:
        directory(PATTERN.fit("{dataset}", "mender", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "mender", "{seed}"),
    resources:
        **fit_resources("mender"),
    params:
        **fit_params("mender"),
