use rule train as train_banksy with:
    input:
        **fit_input("banksy"),
    output:
        directory("results/fits/{dataset}/banksy/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/banksy/seed{seed}.log",
    resources:
        **fit_resources("banksy"),
    params:
        **fit_params("banksy"),
