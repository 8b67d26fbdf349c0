use rule train as train_spaceflow with:
    input:
        **fit_input("spaceflow"),
    output:
        directory("results/fits/{dataset}/spaceflow/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/spaceflow/seed{seed}.log",
    resources:
        **fit_resources("spaceflow"),
    params:
        **fit_params("spaceflow"),
