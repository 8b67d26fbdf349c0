use rule train as train_leiden_pca with:
    input:
        **fit_input("leiden_pca"),
    output:
        directory(PATTERN.fit("{dataset}", "leiden_pca", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "leiden_pca", "{seed}"),
    resources:
        **fit_resources("leiden_pca"),
    params:
        **fit_params("leiden_pca"),
