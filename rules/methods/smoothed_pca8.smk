use rule train as train_smoothed_pca8 with:
    input:
        **fit_input("smoothed_pca8"),
    output:
        directory(PATTERN.fit("{dataset}", "smoothed_pca8", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "smoothed_pca8", "{seed}"),
    resources:
        **fit_resources("smoothed_pca8"),
    params:
        **fit_params("smoothed_pca8"),
