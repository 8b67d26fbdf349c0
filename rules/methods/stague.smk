use rule train as train_stague with:
    input:
        **fit_input("stague"),
    output:
        directory("results/fits/{dataset}/stague/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/stague/seed{seed}.log",
    resources:
        **fit_resources("stague"),
    params:
        **fit_params("stague"),
