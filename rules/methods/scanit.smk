use rule train as train_scanit with:
    input:
        **fit_input("scanit"),
    output:
        directory(LAYOUT.fit("{dataset}", "scanit", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "scanit", "{seed}"),
    resources:
        **fit_resources("scanit"),
    params:
        **fit_params("scanit"),
