use rule train as train_scanit with:
    input:
        **fit_input("scanit"),
    output:
        directory("results/fits/{dataset}/scanit/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/scanit/seed{seed}.log",
    resources:
        **fit_resources("scanit"),
    params:
        **fit_params("scanit"),
