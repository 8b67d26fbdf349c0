use rule train as train_jittered_truth with:
    input:
        **fit_input("jittered_truth"),
    output:
        directory(PATTERN.fit("{dataset}", "jittered_truth", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "jittered_truth", "{seed}"),
    resources:
        **fit_resources("jittered_truth"),
    params:
        **fit_params("jittered_truth"),
