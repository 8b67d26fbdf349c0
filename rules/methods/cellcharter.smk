use rule train as train_cellcharter with:
    input:
        **fit_input("cellcharter"),
    output:
        directory("results/fits/{dataset}/cellcharter/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/cellcharter/seed{seed}.log",
    conda:
        environment("cellcharter")
    resources:
        **fit_resources("cellcharter"),
    params:
        **fit_params("cellcharter"),
