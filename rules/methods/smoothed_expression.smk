use rule train as train_smoothed_expression with:
    input:
        **fit_input("smoothed_expression"),
    output:
        directory(PATTERN.fit("{dataset}", "smoothed_expression", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "smoothed_expression", "{seed}"),
    resources:
        **fit_resources("smoothed_expression"),
    params:
        **fit_params("smoothed_expression"),
