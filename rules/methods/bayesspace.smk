use rule train as train_bayesspace with:
    input:
        **fit_input("bayesspace"),
    output:
        directory(LAYOUT.fit("{dataset}", "bayesspace", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "bayesspace", "{seed}"),
    conda:
        get_environment("bayesspace")
    resources:
        **fit_resources("bayesspace"),
    params:
        **fit_params("bayesspace"),
