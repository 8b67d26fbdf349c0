use rule train as train_pca with:
    input:
        **fit_input("pca"),
    output:
        directory(PATTERN.fit("{dataset}", "pca", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "pca", "{seed}"),
    resources:
        **fit_resources("pca"),
    params:
        **fit_params("pca"),
