use rule train as train_spatialfusion with:
    input:
        **fit_input("spatialfusion"),
    output:
        directory(LAYOUT.fit("{dataset}", "spatialfusion", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "spatialfusion", "{seed}"),
    resources:
        **fit_resources("spatialfusion"),
    params:
        **fit_params("spatialfusion"),
