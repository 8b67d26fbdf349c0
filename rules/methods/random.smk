use rule train as train_random with:
    input:
        **fit_input("random"),
    output:
        directory("results/fits/{dataset}/random/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/random/seed{seed}.log",
    resources:
        **fit_resources("random"),
    params:
        **fit_params("random"),
