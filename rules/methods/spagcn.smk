use rule train as train_spagcn with:
    input:
        **fit_input("spagcn"),
    output:
        directory("results/fits/{dataset}/spagcn/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/spagcn/seed{seed}.log",
    resources:
        **fit_resources("spagcn"),
    params:
        **fit_params("spagcn"),
