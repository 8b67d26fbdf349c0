use rule train as train_cellcharter with:
    input:
        **fit_input("cellcharter"),
    output:
        directory(LAYOUT.fit("{dataset}", "cellcharter", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "cellcharter", "{seed}"),
    conda:
        get_environment("cellcharter")
    resources:
        **fit_resources("cellcharter"),
    params:
        **fit_params("cellcharter"),
