use rule train as train_stagate with:
    input:
        **fit_input("stagate"),
    output:
        directory(LAYOUT.fit("{dataset}", "stagate", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "stagate", "{seed}"),
    resources:
        **fit_resources("stagate"),
    params:
        **fit_params("stagate"),
