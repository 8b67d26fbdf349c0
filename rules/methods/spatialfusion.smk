use rule train as train_spatialfusion with:
    input:
        **fit_input("spatialfusion"),
    output:
        directory("results/fits/{dataset}/spatialfusion/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/spatialfusion/seed{seed}.log",
    resources:
        **fit_resources("spatialfusion"),
    params:
        **fit_params("spatialfusion"),
