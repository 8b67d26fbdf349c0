use rule train as train_squidpy_cellcharter with:
    input:
        **fit_input("squidpy_cellcharter"),
    output:
        directory(PATTERN.fit("{dataset}", "squidpy_cellcharter", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "squidpy_cellcharter", "{seed}"),
    conda:
        get_environment("squidpy_cellcharter")
    resources:
        **fit_resources("squidpy_cellcharter"),
    params:
        **fit_params("squidpy_cellcharter"),
