use rule train as train_random with:
    input:
        **fit_input("random"),
    output:
        directory(PATTERN.fit("{dataset}", "random", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "random", "{seed}"),
    resources:
        **fit_resources("random"),
    params:
        **fit_params("random"),
