use rule train as train_banksy with:
    input:
        **fit_input("banksy"),
    output:
        directory(LAYOUT.fit("{dataset}", "banksy", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "banksy", "{seed}"),
    resources:
        **fit_resources("banksy"),
    params:
        **fit_params("banksy"),
