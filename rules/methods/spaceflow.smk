use rule train as train_spaceflow with:
    input:
        **fit_input("spaceflow"),
    output:
        directory(PATTERN.fit("{dataset}", "spaceflow", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "spaceflow", "{seed}"),
    resources:
        **fit_resources("spaceflow"),
    params:
        **fit_params("spaceflow"),
