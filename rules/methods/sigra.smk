use rule train as train_sigra with:
    input:
        **fit_input("sigra"),
    output:
        directory("results/fits/{dataset}/sigra/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/sigra/seed{seed}.log",
    resources:
        **fit_resources("sigra"),
    params:
        **fit_params("sigra"),
