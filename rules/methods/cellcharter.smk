use rule train as train_cellcharter with:
    input:
        **fit_input("cellcharter"),
    output:
        directory(PATTERN.fit("{dataset}", "cellcharter", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "cellcharter", "{seed}"),
    conda:
        get_environment("cellcharter")
    resources:
        **fit_resources("cellcharter"),
    params:
        **fit_params("cellcharter"),
