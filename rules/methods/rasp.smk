use rule train as train_rasp with:
    input:
        **fit_input("rasp"),
    output:
        directory(PATTERN.fit("{dataset}", "rasp", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "rasp", "{seed}"),
    resources:
        **fit_resources("rasp"),
    params:
        **fit_params("rasp"),
