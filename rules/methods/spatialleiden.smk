use rule train as train_spatialleiden with:
    input:
        **fit_input("spatialleiden"),
    output:
        directory(PATTERN.fit("{dataset}", "spatialleiden", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "spatialleiden", "{seed}"),
    resources:
        **fit_resources("spatialleiden"),
    params:
        **fit_params("spatialleiden"),
