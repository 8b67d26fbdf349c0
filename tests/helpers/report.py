"""The results of a run from given numbers, and its report."""

import itertools
import json

import numpy as np
import pandas as pd

from helpers.results import made_results, row, scores_of
from stbench.common.io import atomic_file
from stbench.config.layout import Layout, SameKey
from stbench.config.tasks import DOMAINS
from stbench.ranking.leaderboard import leaderboards
from stbench.ranking.tables import ranking_tables
from stbench.report.page import Sources, report_page
from stbench.results.aggregates import all_tables
from stbench.results.assembly import KEYS, in_order
from stbench.results.best_control import lift_over_best_control
from stbench.scoring.metrics import METRICS
from stbench.summary.run import read_run

CITATION = {"title": "stbench", "version": "0.1.0", "authors": [{"name": "The authors"}]}


def write_tables(results, folder):
    """The tables of a run, those of the clusterer that ranks only, as aggregate.py names them."""
    folder.mkdir(parents=True, exist_ok=True)
    ranked = results[results["clusterer"] == "kmeans"]
    tables = {**all_tables(ranked), **ranking_tables(ranked, "kmeans")}
    tables["lift_best_control"] = lift_over_best_control(ranked)
    for name, table in {**tables, "leaderboard": leaderboards(ranked, "kmeans")}.items():
        table.to_csv(folder / f"{name}.csv", index=False)


def draw_picture(path, size=(300, 200), **how):
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "white").save(path, **how)


def write_report(root, results, methods=None, datasets=None, config=None):
    """Write the report of these results; returns its path."""
    tables = root / "tables"
    if not (tables / "leaderboard.csv").exists():
        write_tables(results, tables)
    run = read_run(results, tables, "kmeans")
    layout = Layout(root, ".", SameKey("key"))  # one folder for everything
    sources = Sources(
        layout=layout,
        datasets=datasets or {},
        methods={DOMAINS: methods or {}},
        config=config or {},
        citation=CITATION,
    )
    with atomic_file(layout.report) as temporary:
        temporary.write_text(report_page(run, sources), encoding="utf-8")
    return layout.report


def run_with_everything(root):
    """The report of a small run with pictures, a log, an interaction page and a study."""
    draw_picture(root / "figures/domains_BZ0.png")
    draw_picture(root / "figures/heatmap_ARI_final.png", (2600, 400))
    draw_picture(root / "figures/runtime.png")
    printed = {"title": "Domains", "caption": "The maps.", "alt": "Maps of BZ0.", "dataset": "BZ0"}
    (root / "figures/captions.json").write_text(json.dumps({"domains_BZ0": printed}))
    log = root / "logs/fits/BZ0/stague/key/seed0.log"
    log.parent.mkdir(parents=True)
    log.write_text("it trained\n")
    place = root / "interactions/BZ0/stague/key"
    place.mkdir(parents=True)
    (place / "status.json").write_text('{"edges": {"status": "ok", "reason": "9 edges"}}')
    genes = pd.DataFrame({"rank": [1], "gene": ["Gad1"], "share": [0.25]})
    genes.to_csv(place / "genes.csv", index=False)
    (root / "tables").mkdir()
    table = pd.DataFrame({"method": ["a", "b", "c"], "rmse": [0.3, 0.1, 0.2]})
    table.to_csv(root / "tables/deconvolution_scores.csv", index=False)
    methods = {"stague": {"citation": "Nie et al., Advanced Science 2024, doi 10.1002/advs.1"}}
    return write_report(root, small_results(), methods, config={"interactions": {"reach": 15}})


def run_without_truth(root):
    """The report of an own section with three methods, one of which failed, and a consensus."""
    made = [
        scores_of("mine", name, [0.12], n_domains=3, exploratory=True) for name in ("stague", "pca")
    ]
    for rows in made:
        lacks = rows["metric"] == "ARI"
        unknown = [np.nan, "not_applicable", "no true labels"]
        rows.loc[lacks, ["value", "status", "reason"]] = unknown
    failed = scores_of("mine", "sedr", ["oom"], n_domains=3, exploratory=True)
    results = made_results(*made, failed)
    write_tables(results, root / "tables")
    rows = [("consensus", 0, True, np.nan), ("stague", 1, False, 0.61), ("pca", 2, False, 0.55)]
    columns = ["method", "rank", "recommended", "agreement"]
    criteria = dict.fromkeys(("stability", "continuity", "separation", "previous"), np.nan)
    compared = pd.DataFrame(rows, columns=columns).assign(dataset="mine", n_domains=3, **criteria)
    compared.to_csv(root / "tables/recommendation.csv", index=False)
    near = pd.DataFrame({"dataset": "mine", "method": ["stague", "pca"], "agreement": [0.61, 0.55]})
    near.assign(ARI_consensus=[0.9, 0.8]).to_csv(root / "tables/label_free.csv", index=False)
    for name in ("consensus_mine", "gallery_mine", "label_free_agreement_mine"):
        draw_picture(root / f"figures/{name}.png")
    return write_report(root, results)


def data_of(page):
    """The data inside a page, as the browser reads it."""
    text = page.read_text().split('<script type="application/json" id="data">')[1]
    return json.loads(text.split("</script>")[0])


def small_results():
    """Three datasets of two studies; a method with failures, one without, and two controls."""
    scores = []
    for number, height in enumerate((0.0, -0.1, 0.15)):
        name = f"BZ{number}"
        scores += [
            scores_of(name, "stague", [0.7 + height, 0.72 + height], untrained=[0.4, 0.5],
                      oracle=[0.8, 0.82], consensus=0.9, spread=0.01),
            scores_of(name, "smoothed_pca", [0.6, 0.6]),
            scores_of(name, "pca", [0.2, 0.21]),
            scores_of(name, "sedr", ["oom", "oom"] if number == 2 else [0.65, 0.75]),
        ]  # fmt: skip
    units = {"BZ0": "one", "BZ1": "one", "BZ2": "two"}
    tissues = {name: {"tissue": "real", "unit": unit} for name, unit in units.items()}
    return made_results(*scores, tissues=tissues)


def large_results(datasets=15, methods=14, seeds=5):
    """Every metric under four clusterers, random scores of a fixed seed."""
    names = [f"dataset{i}" for i in range(datasets)]
    ids = ["smoothed_pca", *(f"method{i}" for i in range(methods - 1))]
    clusterers = ["kmeans", "kmeans20", "gmm", "leiden"]
    protocols = ("oracle", "final", "untrained")  # the others are defined for k-means alone
    axes = (names, ids, range(seeds), clusterers, protocols, METRICS)
    columns = ["dataset", "method", "seed", "clusterer", "protocol", "metric"]
    table = pd.DataFrame(list(itertools.product(*axes)), columns=columns)
    table = table.assign(**{k: v for k, v in row("", "", 0).items() if k not in table})
    table["value"] = np.random.default_rng(0).random(len(table))
    table = table.assign(
        title=table["method"].str.upper(),
        study="",
        budget="",
        source="",
        implementation=np.where(table["method"] == "smoothed_pca", "control", "reimplemented"),
        control=table["method"] == "smoothed_pca",
        ranked=True,
        blocks=None,
        deterministic=False,
        tissue="real",
        data="counts",
        unit=table["dataset"],
        listed=0,
        epoch=100,
        fit_status="ok",
        fit_reason="",
        seconds=12.5,
        peak_rss_mb=800.0,
        peak_gpu_mb=np.nan,
        commit="0123456789ab",
        device="cpu",
        environment="0123456789ab",
        host="node" + table["seed"].astype(str),
        device_name="a processor",
        driver="",
        data_hash=table["dataset"].map(lambda name: name.ljust(64, "0")),
        parameters='{"epochs": 100, "k": 15}',
    )
    return in_order(table, KEYS)
