use rule train as train_drsc with:
    input:
        **fit_input("drsc"),
    output:
        directory(PATTERN.fit("{dataset}", "drsc", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "drsc", "{seed}"),
    conda:
        get_environment("drsc")
    resources:
        **fit_resources("drsc"),
    params:
        **fit_params("drsc"),
