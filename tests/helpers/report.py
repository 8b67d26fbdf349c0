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


def draw_picture(path, size=(300, 200)):
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "white").save(path)


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
        implementation=np.where(table["method"] == "smoothed_pca", "control", "reimplemented"),
        control=table["method"] == "smoothed_pca",
        ranked=True,
        blocks=None,
        deterministic=False,
        tissue="real",
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
