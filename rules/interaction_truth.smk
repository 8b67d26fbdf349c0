rule communication:
    input:
        **once(
            lambda wc: [LAYOUT.communication(wc.dataset, wc.tool)],
            data=lambda wc: LAYOUT.data(wc.dataset),
            preprocessed=lambda wc: LAYOUT.preprocessed(wc.dataset),
        ),
        code=code("scripts/run_stage.py", "scripts/communication.py"),
    output:
        PATTERN.communication("{dataset}", "{tool}"),
    log:
        PATTERN.log("communication", "{dataset}", "{tool}", "{key}"),
    wildcard_constraints:
        tool="[a-z]+",
    conda:
        "../envs/communication.yaml"
    threads: 1
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=60,
    params:
        python=untracked(lambda wc: get_python("communication")),
        reach=untracked(lambda wc: config["interactions"]["reach"]),
    shell:
        '"{params.python}" {input.code:q} --tool {wildcards.tool:q} --data {input.data:q}'
        " --preprocessed {input.preprocessed:q} --reach {params.reach:q} --output {output:q}"
        " --record-failure > {log:q} 2>&1"


rule score_interactions:
    input:
        **once(
            lambda wc: [LAYOUT.interaction_scores(wc.dataset)],
            data=lambda wc: LAYOUT.data(wc.dataset),
            preprocessed=lambda wc: LAYOUT.preprocessed(wc.dataset),
            fits=lambda wc: [
                fit
                for method in BENCHMARK.methods_of(INTERACTIONS, wc.dataset)
                for fit in get_fits(wc.dataset, method)
            ],
            interactions=lambda wc: [
                LAYOUT.interactions(wc.dataset, method)
                for method in BENCHMARK.methods_of(INTERACTIONS, wc.dataset)
            ],
            communication=lambda wc: [
                LAYOUT.communication(wc.dataset, tool) for tool in BENCHMARK.tools
            ],
        ),
        code=code("scripts/run_stage.py", "scripts/score_interactions.py"),
    output:
        PATTERN.interaction_scores("{dataset}"),
    log:
        PATTERN.log("score_interactions", "{dataset}", "{key}"),
    conda:
        "../envs/default.yaml"
    resources:
        mem_mb=lambda wc, attempt: attempt * 4000,
        runtime=60,
    params:
        genes=untracked(
            lambda wc: [
                f"{method}={LAYOUT.interactions(wc.dataset, method)}/genes.csv"
                for method in BENCHMARK.methods_of(INTERACTIONS, wc.dataset)
            ]
        ),
        communication=untracked(
            lambda wc: [
                f"{tool}={LAYOUT.communication(wc.dataset, tool)}" for tool in BENCHMARK.tools
            ]
        ),
        graph=untracked(lambda wc: config["interactions"]["graph"]),
        reach=untracked(lambda wc: config["interactions"]["reach"]),
    shell:
        "python {input.code:q} --data {input.data:q} --preprocessed {input.preprocessed:q}"
        " --fits {input.fits:q} --genes {params.genes:q}"
        " --communication {params.communication:q} --graph {params.graph:q}"
        " --reach {params.reach:q} --output {output:q} --record-failure > {log:q} 2>&1"
