use rule train as train_random with:
    input:
        **fit_input("random"),
    output:
        directory(LAYOUT.fit("{dataset}", "random", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "random", "{seed}"),
    resources:
        **fit_resources("random"),
    params:
        **fit_params("random"),
