use rule train as train_coordinates with:
    input:
        **fit_input("coordinates"),
    output:
        directory("results/fits/{dataset}/coordinates/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/coordinates/seed{seed}.log",
    resources:
        **fit_resources("coordinates"),
    params:
        **fit_params("coordinates"),
