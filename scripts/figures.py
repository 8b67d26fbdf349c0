"""Draw the figures of the results, each as png and pdf, those without maps of cells also as svg.

    overview                 one row for each method: rank, accuracy, continuity, stability, cost,
                             and robustness if datasets were degraded
    heatmap_ARI_final        methods by datasets, with means and statuses of failures
    box_ARI                  final ARI of every dataset by method
    gap                      best and last epoch of each method, and the best one clustered again
    critical_difference_<policy>  mean ranks with intervals, and which methods are tied, if tested
    bump                     ranks on each dataset
    rank_conditions          ranks under other clusterers, metrics and rules; these three also with
                             the suffix of a further kind of tissue, as in bump_simulated
    runtime, memory          bars; against the number of cells if sizes differ enough
    published                measured beside published scores
    gallery_<dataset>        true domains, then those of each method, the best first, in the colors
                             of the matched true domains
                             without true domains all maps in the colors of their consensus
    consensus_<dataset>      of own sections: the consensus of all methods, and where they disagree
    label_free_agreement_<dataset>   ARI of every pair of methods, with a dendrogram
    label_free_stability_<dataset>   agreement with other methods, seeds, starts, parts of the cells
    protocols_<dataset>      ARI of each method under each protocol
    curves_<dataset>         ARI and training loss by epoch
    interactions_auprc       AUPRC of cell graphs and nulls on planted interactions, and the
    interactions_lift        difference by effect, if the tables contain any
    interactions_regimes     scores beyond distance and types by regime, if tissues differ in it
    interactions_cells       which cells take part, and between which types, by regime, if tools
    interactions_types       for cell-cell communication were run
    replication              what other seeds and sections find again of the interactions
    robustness_curves        ARI against the strength of degradation, if datasets were degraded
    sensitivity_tornado_<method>_<dataset>  the effect of each changed setting, if any were changed,
    sensitivity_lines_<method>_<dataset>    and scores for those with several values
    number_of_domains_<dataset>     criteria for each number of domains, of sections with several
    integration_scores       mixing of joined sections against conserved biology, if available
    integration_embedding_<dataset>  UMAP of each method by section and by domain
    deconvolution_scores     scores of proportions with intervals, and the most abundant types in
    deconvolution_maps_<pair>  space, if the tables have scores of deconvolution; and curves,
    deconvolution_robustness   if spots were degraded

captions.json contains title, caption, alternative text, dataset and kind of each figure. Figures
without content are skipped, for example the bump chart for a single dataset.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.constants import RANK_BY
from stbench.common.errors import InputError, run_cli
from stbench.common.paths import CONFIG

if TYPE_CHECKING:
    from stbench.config.layout import Layout
    from stbench.figures.figure_set import Album

SCORES = "deconvolution_scores.csv"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", required=True, type=Path, help="the results folder")
    parser.add_argument(
        "--files",
        nargs="*",
        default=[],
        type=Path,
        help="labels, epochs, folders <key> of fits and, for pairs, spots and truth, below --root",
    )
    parser.add_argument("--tables", required=True, type=Path, help="folder of the tables")
    parser.add_argument("--results", type=Path, help="results.parquet, for figures of domains")
    parser.add_argument(
        "--data", nargs="*", default=[], type=Path, help="datasets with their truth (.h5ad)"
    )
    parser.add_argument(
        "--maps", nargs="*", default=[], type=Path, help="<dataset>.h5ad of domains.py"
    )
    parser.add_argument(
        "--drawings",
        type=json.loads,
        default={},
        help="names of domains and direction of the y axis of datasets, by id (JSON)",
    )
    parser.add_argument("--rank-by", default=RANK_BY, help=f"clusterer shown (default {RANK_BY})")
    parser.add_argument(
        "--methods",
        type=Path,
        default=CONFIG / "methods.yaml",
        help="entries of the methods (.yaml)",
    )
    parser.add_argument(
        "--deconvolution-methods",
        type=Path,
        default=CONFIG / "deconvolution_methods.yaml",
        help="entries of its methods (.yaml)",
    )
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import atomic_directory
    from stbench.config.layout import KeysOfFiles, Layout
    from stbench.figures.figure_set import Album
    from stbench.figures.style import apply_style

    apply_style()
    layout = Layout(args.root, keys=KeysOfFiles(args.root, args.files))
    with atomic_directory(args.output) as folder:
        album = Album(folder)
        if args.results:
            draw_domains(args, album, layout)
        if (args.tables / SCORES).is_file():
            draw_deconvolution(args, album, layout)
        album.write_captions()


def draw_domains(args: argparse.Namespace, album: Album, layout: Layout) -> None:
    """Add the figures of domains, integration and planted interactions."""
    from stbench.common.io import read_csv
    from stbench.config.schema import load_yaml
    from stbench.figures.across_datasets import add_comparisons
    from stbench.figures.from_tables import add_figures_of_tables
    from stbench.figures.per_dataset import add_figures_of, read_tissue
    from stbench.maps.cells_file import read_cells_file
    from stbench.results.assembly import method_titles, read_results

    results = read_results(args.results)
    if args.rank_by not in set(results["clusterer"]):
        clusterers = ", ".join(sorted(results["clusterer"].unique()))
        raise InputError(f"--rank-by {args.rank_by}: no scores; use one of {clusterers}")
    every_title = method_titles(results)  # some tables have published settings, too
    results = results[results["study"] == ""]  # studies have separate figures
    tissues = [read_tissue(path, args.drawings) for path in args.data]
    cells = {tissue.name: len(tissue.coords) for tissue in tissues}
    titles = method_titles(results)
    entries = load_yaml(args.methods)
    path = args.tables / "robustness_curves.csv"
    curves = read_csv(path) if path.is_file() else None
    add_comparisons(
        album, results, titles, args.rank_by, cells=cells, entries=entries, curves=curves
    )
    add_figures_of_tables(album, args.tables, every_title, args.rank_by)
    own = results[results["source"] == ""]  # shipped results have no files here
    files = {path.stem: path for path in args.maps}
    for tissue in tissues:
        path = files.get(tissue.name)
        maps = read_cells_file(path, tissue.cells) if path else None
        add_figures_of(album, tissue, own, args.rank_by, layout, maps)


def draw_deconvolution(args: argparse.Namespace, album: Album, layout: Layout) -> None:
    """Add the scores of deconvolution, maps of types, and curves if spots were degraded."""
    import numpy as np

    from stbench.common.io import read_csv, read_h5ad
    from stbench.config.layout import SPOTS
    from stbench.config.schema import load_yaml
    from stbench.deconvolution.proportions import read_proportions
    from stbench.figures.deconvolution import add_curves, add_maps, add_scores

    methods = load_yaml(args.deconvolution_methods)
    means = read_csv(args.tables / SCORES)
    curves = args.tables / "deconvolution_robustness_curves.csv"
    titles = {name: methods[name]["title"] for name in dict.fromkeys(means["method"])}
    add_scores(album, means, titles, {name for name in titles if methods[name].get("control")})
    if curves.is_file():
        add_curves(album, read_csv(curves), titles)
    for dataset in map(str, dict.fromkeys(means["dataset"])):
        truth = read_proportions(layout.truth(dataset))
        proportions = {}
        for method, title in titles.items():
            folder = layout.fit(dataset, method, "*")
            fits = sorted(folder.parent.glob(f"{folder.name}/fit.h5ad"))
            if fits:  # one seed: a mean over seeds would look smoother than any result
                proportions[title] = read_proportions(fits[0])
        if truth.empty and not proportions:
            continue  # the scores contain the reason
        spots = read_h5ad(layout.pair(dataset, SPOTS))
        add_maps(album, np.asarray(spots.obsm["spatial"]), truth, proportions, dataset)


if __name__ == "__main__":
    run_cli(main)
