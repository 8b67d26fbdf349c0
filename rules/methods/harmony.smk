use rule train as train_harmony with:
    input:
        **fit_input("harmony"),
    output:
        directory(PATTERN.fit("{dataset}", "harmony", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "harmony", "{seed}"),
    conda:
        get_environment("harmony")
    resources:
        **fit_resources("harmony"),
    params:
        **fit_params("harmony"),
