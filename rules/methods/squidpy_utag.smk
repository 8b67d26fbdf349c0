use rule train as train_squidpy_utag with:
    input:
        **fit_input("squidpy_utag"),
    output:
        directory(PATTERN.fit("{dataset}", "squidpy_utag", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "squidpy_utag", "{seed}"),
    conda:
        get_environment("squidpy_utag")
    resources:
        **fit_resources("squidpy_utag"),
    params:
        **fit_params("squidpy_utag"),
