use rule train as train_coordinates with:
    input:
        **fit_input("coordinates"),
    output:
        directory(PATTERN.fit("{dataset}", "coordinates", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "coordinates", "{seed}"),
    resources:
        **fit_resources("coordinates"),
    params:
        **fit_params("coordinates"),
