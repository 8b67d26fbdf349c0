use rule train as train_bayesspace with:
    input:
        **fit_input("bayesspace"),
    output:
        directory(PATTERN.fit("{dataset}", "bayesspace", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "bayesspace", "{seed}"),
    conda:
        get_environment("bayesspace")
    resources:
        **fit_resources("bayesspace"),
    params:
        **fit_params("bayesspace"),
