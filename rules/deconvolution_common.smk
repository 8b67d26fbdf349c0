from stbench.deconvolution.config import load_deconvolution, raw_folders
from stbench.config.degradation import levels_of
from stbench.config.registry import dataset_entry, load_registry

DECONVOLUTION_METHODS = str(BASE / "config/deconvolution_methods.yaml")
REGISTRY = load_registry(BASE / "config/datasets.yaml")
try:
    DECONVOLUTION = load_deconvolution(config, BASE / "config")
except InputError as error:
    sys.exit(f"error: {error}")

DEGRADED_PAIRS = levels_of(DECONVOLUTION.datasets)


def deconvolution_raw():
    """Datasets of the registry that only deconvolution asks for."""
    named = [
        folder for pair in DECONVOLUTION.datasets.values() for folder in raw_folders(pair).values()
    ]
    return sorted(set(named) - set(dataset_ids("files")))


def whole_pair(name):
    """The pair that a pair was made of by making it worse; itself where it was not."""
    return DECONVOLUTION.datasets[name].get("derived_from", name)


def raw_parts(wildcards):
    """Folders of the published parts of a pair, by part; the user's own files by path."""
    pair = DECONVOLUTION.datasets[wildcards.dataset]
    own = {
        part: pair[part]["path"]
        for part in ("spots", "reference")
        if isinstance(pair.get(part), dict)
    }
    return {**{part: f"results/raw/{name}" for part, name in raw_folders(pair).items()}, **own}


def deconvolution_settings(wildcards):
    """Parameters of a method; a control that needs the truth gets its file."""
    truth = {"truth": f"results/deconvolution/truth/{wildcards.dataset}.h5ad"}
    more = truth if DECONVOLUTION.method(wildcards.method).get("needs_truth") else {}
    params = DECONVOLUTION.params(wildcards.method, wildcards.dataset)
    return json.dumps({**params, **more}, sort_keys=True)


def deconvolution_scores():
    return expand(
        "results/deconvolution/scores/{dataset}/{method}.parquet",
        dataset=list(DECONVOLUTION.datasets),
        method=DECONVOLUTION.config["methods"],
    )


def deconvolution_shown(wildcards):
    """What the report shows of deconvolution: of this call where it makes that, else what is there."""
    if "deconvolution" in workflow.dag_settings.targets:
        return ["results/deconvolution/tables", "results/deconvolution/figures"]
    made = Path("results/deconvolution")
    return sorted(map(str, [*made.glob("tables/*.csv"), *made.glob("figures/*.png")]))
