use rule train as train_bands with:
    input:
        **fit_input("bands"),
    output:
        directory(PATTERN.fit("{dataset}", "bands", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "bands", "{seed}"),
    resources:
        **fit_resources("bands"),
    params:
        **fit_params("bands"),
