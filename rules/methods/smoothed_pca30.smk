use rule train as train_smoothed_pca30 with:
    input:
        **fit_input("smoothed_pca30"),
    output:
        directory(PATTERN.fit("{dataset}", "smoothed_pca30", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "smoothed_pca30", "{seed}"),
    resources:
        **fit_resources("smoothed_pca30"),
    params:
        **fit_params("smoothed_pca30"),
