use rule train as train_banksy with:
    input:
        **fit_input("banksy"),
    output:
        directory(PATTERN.fit("{dataset}", "banksy", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "banksy", "{seed}"),
    resources:
        **fit_resources("banksy"),
    params:
        **fit_params("banksy"),
