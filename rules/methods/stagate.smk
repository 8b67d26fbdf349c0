use rule train as train_stagate with:
    input:
        **fit_input("stagate"),
    output:
        directory(PATTERN.fit("{dataset}", "stagate", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "stagate", "{seed}"),
    resources:
        **fit_resources("stagate"),
    params:
        **fit_params("stagate"),
