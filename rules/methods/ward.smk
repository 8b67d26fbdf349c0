use rule train as train_ward with:
    input:
        **fit_input("ward"),
    output:
        directory(PATTERN.fit("{dataset}", "ward", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "ward", "{seed}"),
    resources:
        **fit_resources("ward"),
    params:
        **fit_params("ward"),
