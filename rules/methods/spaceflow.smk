use rule train as train_spaceflow with:
    input:
        **fit_input("spaceflow"),
    output:
        directory(LAYOUT.fit("{dataset}", "spaceflow", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "spaceflow", "{seed}"),
    resources:
        **fit_resources("spaceflow"),
    params:
        **fit_params("spaceflow"),
