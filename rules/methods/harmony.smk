use rule train as train_harmony with:
    input:
        **fit_input("harmony"),
    output:
        directory(LAYOUT.fit("{dataset}", "harmony", "{seed}")),
    log:
        LAYOUT.fit_log("{dataset}", "harmony", "{seed}"),
    conda:
        get_environment("harmony")
    resources:
        **fit_resources("harmony"),
    params:
        **fit_params("harmony"),
