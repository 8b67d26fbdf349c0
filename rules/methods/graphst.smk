use rule train as train_graphst with:
    input:
        **fit_input("graphst"),
    output:
        directory("results/fits/{dataset}/graphst/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/graphst/seed{seed}.log",
    resources:
        **fit_resources("graphst"),
    params:
        **fit_params("graphst"),
