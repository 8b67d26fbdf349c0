use rule train as train_scanit with:
    input:
        **fit_input("scanit"),
    output:
        directory(PATTERN.fit("{dataset}", "scanit", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "scanit", "{seed}"),
    resources:
        **fit_resources("scanit"),
    params:
        **fit_params("scanit"),
