use rule train as train_spatialfusion with:
    input:
        **fit_input("spatialfusion"),
    output:
        directory(PATTERN.fit("{dataset}", "spatialfusion", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "spatialfusion", "{seed}"),
    resources:
        **fit_resources("spatialfusion"),
    params:
        **fit_params("spatialfusion"),
