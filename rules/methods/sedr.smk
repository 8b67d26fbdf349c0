use rule train as train_sedr with:
    input:
        **fit_input("sedr"),
    output:
        directory(PATTERN.fit("{dataset}", "sedr", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "sedr", "{seed}"),
    resources:
        **fit_resources("sedr"),
    params:
        **fit_params("sedr"),
