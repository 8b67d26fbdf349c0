use rule train as train_ward with:
    input:
        **fit_input("ward"),
    output:
        directory("results/fits/{dataset}/ward/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/ward/seed{seed}.log",
    resources:
        **fit_resources("ward"),
    params:
        **fit_params("ward"),
