use rule train as train_bass with:
    input:
        **fit_input("bass"),
    output:
        directory(PATTERN.fit("{dataset}", "bass", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "bass", "{seed}"),
    conda:
        get_environment("bass")
    resources:
        **fit_resources("bass"),
    params:
        **fit_params("bass"),
