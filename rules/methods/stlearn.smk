use rule train as train_stlearn with:
    input:
        **fit_input("stlearn"),
    output:
        directory(PATTERN.fit("{dataset}", "stlearn", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "stlearn", "{seed}"),
    conda:
        get_environment("stlearn")
    resources:
        **fit_resources("stlearn"),
    params:
        **fit_params("stlearn"),
