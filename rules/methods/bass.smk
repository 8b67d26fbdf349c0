use rule train as train_bass with:
    input:
        **fit_input("bass"),
    output:
        directory("results/fits/{dataset}/bass/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/bass/seed{seed}.log",
    conda:
        environment("bass")
    resources:
        **fit_resources("bass"),
    params:
        **fit_params("bass"),
