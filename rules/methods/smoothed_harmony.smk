use rule train as train_smoothed_harmony with:
    input:
        **fit_input("smoothed_harmony"),
    output:
        directory("results/fits/{dataset}/smoothed_harmony/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/smoothed_harmony/seed{seed}.log",
    conda:
        environment("smoothed_harmony")
    resources:
        **fit_resources("smoothed_harmony"),
    params:
        **fit_params("smoothed_harmony"),
