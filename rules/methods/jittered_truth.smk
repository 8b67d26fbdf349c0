use rule train as train_jittered_truth with:
    input:
        **fit_input("jittered_truth"),
    output:
        directory("results/fits/{dataset}/jittered_truth/seed{seed}"),
    log:
        "results/logs/fits/{dataset}/jittered_truth/seed{seed}.log",
    resources:
        **fit_resources("jittered_truth"),
    params:
        **fit_params("jittered_truth"),
