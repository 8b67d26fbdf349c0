use rule train as train_smoothed_harmony with:
    input:
        **fit_input("smoothed_harmony"),
    output:
        directory(PATTERN.fit("{dataset}", "smoothed_harmony", "{seed}")),
    log:
        PATTERN.fit_log("{dataset}", "smoothed_harmony", "{seed}"),
    conda:
        get_environment("smoothed_harmony")
    resources:
        **fit_resources("smoothed_harmony"),
    params:
        **fit_params("smoothed_harmony"),
