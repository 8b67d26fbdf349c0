use rule train as train_stlearn with:
    input:
        **fit_input("stlearn"),
    output:
        directory("results/fits/{dataset}/stlearn/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/stlearn/seed{seed}.log",
    conda:
        environment("stlearn")
    resources:
        **fit_resources("stlearn"),
    params:
        **fit_params("stlearn"),
