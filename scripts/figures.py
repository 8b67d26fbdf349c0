"""Draw the pictures of the results, each as png and pdf.

    heatmap_ARI_<protocol>   datasets by methods, failures by name (final and oracle)
    critical_difference_<policy>  mean ranks with intervals; bars join methods that are tied
    domains_<dataset>        the true domains beside those each method finds, in matching colours
    protocols_<dataset>      ARI of the best, the last and the untrained epoch of each method
    interactions_auprc       AUPRC of cell graphs and nulls on planted interactions, and the
    interactions_lift        difference by effect, where the tables tell of any

The maps show the last epoch's labels under the clusterer that ranks; of all training and k-means
seeds the one with the median ARI, so that a picture is neither luck nor bad luck.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.errors import InputError, run_cli

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from stbench.figures.domains import Map


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", required=True, type=Path, help="results.parquet")
    parser.add_argument(
        "--data", required=True, nargs="+", type=Path, help="datasets with their truth (.h5ad)"
    )
    parser.add_argument(
        "--labels-root", required=True, type=Path, help="folder of <dataset>/<method>.h5"
    )
    parser.add_argument("--tables", type=Path, help="folder of the tables, for interactions")
    parser.add_argument("--rank-by", default="kmeans", help="clusterer shown (default kmeans)")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    return parser.parse_args()


def draw_heatmaps(results: pd.DataFrame, titles: dict[str, str], clusterer: str, to: Path) -> None:
    from stbench.figures.heatmap import score_heatmap
    from stbench.figures.style import CLUSTERER_WORDS, save
    from stbench.tables import score_table

    known = results[~results["exploratory"] & (results["clusterer"] == clusterer)]
    what = {"final": "last epoch", "oracle": "best epoch, chosen by the true labels"}
    for protocol, meaning in what.items():
        table = score_table(known, "ARI", protocol)
        defined = table[table["mean"].notna()]["method"].unique()
        shown = {m: t for m, t in titles.items() if protocol == "final" or m in defined}
        table = table[table["method"].isin(shown)]
        if len(table):
            title = f"ARI of the {meaning} ({CLUSTERER_WORDS.get(clusterer, clusterer)})"
            save(score_heatmap(table, shown, title), to, f"heatmap_ARI_{protocol}")


def draw_ranks(results: pd.DataFrame, titles: dict[str, str], clusterer: str, to: Path) -> None:
    from stbench.figures.critical_difference import critical_difference
    from stbench.figures.style import save
    from stbench.ranking_tables import rankings

    failures = {"worst": "a failure has the worst rank", "common": "datasets without failures"}
    for policy, ranking in rankings(results, clusterer).items():
        if ranking.scores.size:
            figure = critical_difference(ranking, titles, f"Final ARI, {failures[policy]}")
            save(figure, to, f"critical_difference_{policy}")


def draw_dataset(
    path: Path, results: pd.DataFrame, titles: dict[str, str], args: argparse.Namespace, to: Path
) -> None:
    """The maps and the protocols of one dataset; nothing where it could not be had."""
    import pandas as pd

    from stbench.figures.domains import domain_maps
    from stbench.figures.protocols import protocol_plot
    from stbench.figures.style import CLUSTERER_WORDS, save
    from stbench.h5ad_elements import read_elements

    found = read_elements(path, "obs/cluster", "obsm/spatial", "uns/dataset")
    name = str(found["uns/dataset"]["id"])
    mine = results[(results["dataset"] == name) & (results["clusterer"] == args.rank_by)]
    if found["uns/dataset"]["status"] != "ok" or not len(mine):
        return
    shown = {m: t for m, t in titles.items() if m in set(mine["method"])}
    truth, domains = None, []
    if "obs/cluster" in found:
        categories = pd.Categorical(found["obs/cluster"]).remove_unused_categories()
        truth, domains = categories.codes.astype(int), [str(d) for d in categories.categories]
    how = CLUSTERER_WORDS.get(args.rank_by, args.rank_by)
    numbers = sorted(set(mine["n_domains"]))
    for k in numbers:
        asked = mine[mine["n_domains"] == k]
        maps = list(method_maps(asked, name, k, shown, truth, args))
        caption = f"{name}: {k} domains, last epoch, {how}"
        figure = domain_maps(found["obsm/spatial"], maps, caption, truth, domains)
        save(figure, to, f"domains_{name}" + (f"_{k}" if len(numbers) > 1 else ""))
    ari = mine[mine["metric"] == "ARI"]
    if ari["value"].notna().any():
        title = f"{name}: ARI of each training seed and mean ({how})"
        save(protocol_plot(ari, shown, title), to, f"protocols_{name}")


def method_maps(
    rows: pd.DataFrame,
    dataset: str,
    n_domains: int,
    titles: dict[str, str],
    truth: np.ndarray | None,
    args: argparse.Namespace,
) -> Iterator[Map]:
    """One map per method, of its median labelling, or why there is none."""
    from stbench.figures.domains import Map
    from stbench.labels import open_labels

    final = rows[(rows["protocol"] == "final") & (rows["metric"] == "CHAOS")]
    for method, title in titles.items():
        with open_labels(args.labels_root / dataset / f"{method}.h5") as reader:
            labels, note = median_labelling(reader, n_domains, args.rank_by, truth)
        if labels is None:
            told = final[final["method"] == method].iloc[0]
            note = f"{told['status']}: {told['reason']}".rstrip(": ")
        yield Map(title, labels, note)


def median_labelling(
    reader: Any, n_domains: int, clusterer: str, truth: np.ndarray | None
) -> tuple[np.ndarray | None, str]:
    """Of the last epoch's labels of all seeds, those with the median ARI, and what to say of them.

    Without truth the first are taken. None where there are no labels.
    """
    import numpy as np

    from stbench.metrics import ari

    axes = reader.axes
    runs = [
        labels
        for seed, last in zip(axes.training_seeds, axes.last_epochs, strict=True)
        if last >= 0 and clusterer in axes.clusterers and n_domains in axes.n_domains
        for labels in reader.rows(n_domains, seed, clusterer, last)
    ]
    if not runs:
        return None, ""
    if truth is None:
        return runs[0].astype(int), ""
    known = truth >= 0
    scores = [ari(truth[known], labels[known]) for labels in runs]
    median = int(np.argsort(scores, kind="stable")[(len(scores) - 1) // 2])
    of = f" (median of {len(runs)})" if len(runs) > 1 else ""
    return runs[median].astype(int), f"ARI {round(scores[median], 2) + 0:.2f}{of}"


def draw_interactions(tables: Path, titles: dict[str, str], to: Path) -> None:
    """The pictures of planted interactions; nothing where no tissue has any."""
    import pandas as pd

    from stbench.figures.interactions import auprc_bars, lift_by_effect
    from stbench.figures.style import save

    paths = [tables / f"interactions_{name}.csv" for name in ("auprc", "lift")]
    if not all(path.is_file() for path in paths):
        return
    texts = {"effect": str, "method": str}
    auprc, lift = (pd.read_csv(path, dtype=texts).fillna({"method": ""}) for path in paths)
    if len(auprc):
        save(auprc_bars(auprc, titles), to, "interactions_auprc")
    if lift["mean"].notna().any():
        save(lift_by_effect(lift, titles), to, "interactions_lift")


def main() -> None:
    args = parse_arguments()

    from stbench.figures.style import apply_style
    from stbench.io import atomic_directory
    from stbench.results import method_titles, read_results

    results = read_results(args.results)
    if args.rank_by not in set(results["clusterer"]):
        known = ", ".join(sorted(results["clusterer"].unique()))
        raise InputError(f"--rank-by {args.rank_by}: there are scores under {known} only")
    apply_style()
    titles = method_titles(results)
    with atomic_directory(args.output) as folder:
        draw_heatmaps(results, titles, args.rank_by, folder)
        draw_ranks(results, titles, args.rank_by, folder)
        for path in args.data:
            draw_dataset(path, results, titles, args, folder)
        if args.tables:
            draw_interactions(args.tables, titles, folder)


if __name__ == "__main__":
    run_cli(main)
