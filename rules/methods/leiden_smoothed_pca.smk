use rule train as train_leiden_smoothed_pca with:
    input:
        **fit_input("leiden_smoothed_pca"),
    output:
        directory(PATTERN.fit("{dataset}", "leiden_smoothed_pca", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "leiden_smoothed_pca", "{seed}"),
    resources:
        **fit_resources("leiden_smoothed_pca"),
    params:
        **fit_params("leiden_smoothed_pca"),
