use rule train as train_deeplinc with:
    input:
        **fit_input("deeplinc"),
    output:
        directory("results/fits/{dataset}/deeplinc/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/deeplinc/seed{seed}.log",
    resources:
        **fit_resources("deeplinc"),
    params:
        **fit_params("deeplinc"),
