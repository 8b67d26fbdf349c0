use rule train as train_smoothed_pca with:
    input:
        **fit_input("smoothed_pca"),
    output:
        directory(PATTERN.fit("{dataset}", "smoothed_pca", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "smoothed_pca", "{seed}"),
    resources:
        **fit_resources("smoothed_pca"),
    params:
        **fit_params("smoothed_pca"),
