use rule train as train_sedr with:
    input:
        **fit_input("sedr"),
    output:
        directory("results/fits/{dataset}/sedr/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/sedr/seed{seed}.log",
    resources:
        **fit_resources("sedr"),
    params:
        **fit_params("sedr"),
