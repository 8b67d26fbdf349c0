use rule train as train_spagcn with:
    input:
        **fit_input("spagcn"),
    output:
        directory(PATTERN.fit("{dataset}", "spagcn", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "spagcn", "{seed}"),
    resources:
        **fit_resources("spagcn"),
    params:
        **fit_params("spagcn"),
