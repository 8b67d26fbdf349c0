use rule train as train_ccst with:
    input:
        **fit_input("ccst"),
    output:
        directory("results/fits/{dataset}/ccst/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/ccst/seed{seed}.log",
    resources:
        **fit_resources("ccst"),
    params:
        **fit_params("ccst"),
