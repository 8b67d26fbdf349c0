use rule train as train_bass with:
    input:
        **fit_input("bass"),
    output:
        directory(LAYOUT.fit("{dataset}", "bass", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "bass", "{seed}"),
    conda:
        get_environment("bass")
    resources:
        **fit_resources("bass"),
    params:
        **fit_params("bass"),
