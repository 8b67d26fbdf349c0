"""Draw the pictures of the results, each as png and pdf.

    heatmap_ARI_<protocol>   methods by datasets, failures by name (final and oracle)
    box_ARI                  final ARI of every run by method
    gap                      best epoch against last epoch of each method
    critical_difference_<policy>  mean ranks with intervals; bars join methods that are tied
    bump                     ranks from dataset to dataset
    runtime, memory          against the number of cells, with the exponent of each method
    published                measured scores beside those that others reported
    gallery_<dataset>        the true domains, then those of each method's best and last epoch, in
                             the colours of the true domains they match
    protocols_<dataset>      ARI of the best, the last and the untrained epoch of each method
    curves_<dataset>         ARI and training loss by epoch
    interactions_auprc       AUPRC of cell graphs and nulls on planted interactions, and the
    interactions_lift        difference by effect, where the tables tell of any
    integration_scores       mixing of joined sections against biology kept, likewise
    integration_embedding_<dataset>  UMAP of each method by section and by domain, with --fits-root

captions.json holds, by name, the title, caption, alternative text, dataset and kind of each. A
figure that the results have nothing for is left out: one dataset has no ranks to follow, one size
no growth.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.common.errors import InputError, run_cli


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
    parser.add_argument(
        "--epochs-root", required=True, type=Path, help="folder of <dataset>/<method>.parquet"
    )
    parser.add_argument(
        "--fits-root",
        type=Path,
        help="folder of <dataset>/<method>/seed<seed>, for embeddings of joined sections",
    )
    parser.add_argument(
        "--tables", type=Path, help="folder of the tables, for published scores and interactions"
    )
    parser.add_argument("--rank-by", default="kmeans", help="clusterer shown (default kmeans)")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import atomic_directory
    from stbench.figures.across_datasets import add_comparisons
    from stbench.figures.figure_set import Album
    from stbench.figures.from_tables import add_figures_of_tables
    from stbench.figures.per_dataset import add_figures_of, read_tissue
    from stbench.figures.style import apply_style
    from stbench.results.assembly import method_titles, read_results

    results = read_results(args.results)
    if args.rank_by not in set(results["clusterer"]):
        known = ", ".join(sorted(results["clusterer"].unique()))
        raise InputError(f"--rank-by {args.rank_by}: there are scores under {known} only")
    results = results[results["study"] == ""]  # studies have figures of their own
    apply_style()
    titles = method_titles(results)
    tissues = [read_tissue(path) for path in args.data]
    cells = {tissue.name: len(tissue.coords) for tissue in tissues}
    with atomic_directory(args.output) as folder:
        album = Album(folder)
        add_comparisons(album, results, titles, args.rank_by, cells=cells)
        if args.tables is not None:
            add_figures_of_tables(album, args.tables, titles, args.rank_by)
        for tissue in tissues:
            add_figures_of(
                album,
                tissue,
                results,
                titles,
                args.rank_by,
                labels_root=args.labels_root,
                epochs_root=args.epochs_root,
                fits_root=args.fits_root,
            )
        album.write_captions()


if __name__ == "__main__":
    run_cli(main)
