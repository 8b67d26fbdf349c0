use rule train as train_harmony with:
    input:
        **fit_input("harmony"),
    output:
        directory("results/fits/{dataset}/harmony/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/harmony/seed{seed}.log",
    conda:
        environment("harmony")
    resources:
        **fit_resources("harmony"),
    params:
        **fit_params("harmony"),
