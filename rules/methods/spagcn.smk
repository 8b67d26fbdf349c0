use rule train as train_spagcn with:
    input:
        **fit_input("spagcn"),
    output:
        directory(LAYOUT.fit("{dataset}", "spagcn", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "spagcn", "{seed}"),
    resources:
        **fit_resources("spagcn"),
    params:
        **fit_params("spagcn"),
