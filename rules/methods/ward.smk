use rule train as train_ward with:
    input:
        **fit_input("ward"),
    output:
        directory(LAYOUT.fit("{dataset}", "ward", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "ward", "{seed}"),
    resources:
        **fit_resources("ward"),
    params:
        **fit_params("ward"),
