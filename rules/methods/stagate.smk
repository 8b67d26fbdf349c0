use rule train as train_stagate with:
    input:
        **fit_input("stagate"),
    output:
        directory("results/fits/{dataset}/stagate/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/stagate/seed{seed}.log",
    resources:
        **fit_resources("stagate"),
    params:
        **fit_params("stagate"),
