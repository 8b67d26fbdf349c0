use rule train as train_pca with:
    input:
        **fit_input("pca"),
    output:
        directory("results/fits/{dataset}/pca/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/pca/seed{seed}.log",
    resources:
        **fit_resources("pca"),
    params:
        **fit_params("pca"),
