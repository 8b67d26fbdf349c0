use rule train as train_deeplinc with:
    input:
        **fit_input("deeplinc"),
    output:
        directory(PATTERN.fit("{dataset}", "deeplinc", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "deeplinc", "{seed}"),
    resources:
        **fit_resources("deeplinc"),
    params:
        **fit_params("deeplinc"),
