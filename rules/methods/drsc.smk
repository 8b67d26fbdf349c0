use rule train as train_drsc with:
    input:
        **fit_input("drsc"),
    output:
        directory("results/fits/{dataset}/drsc/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/drsc/seed{seed}.log",
    conda:
        environment("drsc")
    resources:
        **fit_resources("drsc"),
    params:
        **fit_params("drsc"),
