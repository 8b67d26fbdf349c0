use rule train as train_sedr with:
    input:
        **fit_input("sedr"),
    output:
        directory(LAYOUT.fit("{dataset}", "sedr", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "sedr", "{seed}"),
    resources:
        **fit_resources("sedr"),
    params:
        **fit_params("sedr"),
