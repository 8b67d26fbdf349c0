use rule train as train_bayesspace with:
    input:
        **fit_input("bayesspace"),
    output:
        directory("results/fits/{dataset}/bayesspace/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/bayesspace/seed{seed}.log",
    conda:
        environment("bayesspace")
    resources:
        **fit_resources("bayesspace"),
    params:
        **fit_params("bayesspace"),
