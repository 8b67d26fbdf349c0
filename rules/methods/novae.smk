use rule train as train_novae with:
    input:
        **fit_input("novae"),
    output:
        directory(PATTERN.fit("{dataset}", "novae", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "novae", "{seed}"),
    conda:
        get_environment("novae")
    resources:
        **fit_resources("novae"),
    params:
        **fit_params("novae"),
