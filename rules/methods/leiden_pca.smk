use rule train as train_leiden_pca with:
    input:
        **fit_input("leiden_pca"),
    output:
        directory("results/fits/{dataset}/leiden_pca/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/leiden_pca/seed{seed}.log",
    resources:
        **fit_resources("leiden_pca"),
    params:
        **fit_params("leiden_pca"),
