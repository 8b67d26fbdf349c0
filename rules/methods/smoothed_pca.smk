use rule train as train_smoothed_pca with:
    input:
        **fit_input("smoothed_pca"),
    output:
        directory("results/fits/{dataset}/smoothed_pca/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/smoothed_pca/seed{seed}.log",
    resources:
        **fit_resources("smoothed_pca"),
    params:
        **fit_params("smoothed_pca"),
