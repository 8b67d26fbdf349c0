"""Compare numbers of domains, and the maps of methods, of one tissue without its true labels.

number_of_domains.csv   if several numbers are requested: the curve of every criterion, the number
                        that each one chooses, the recommended number and its alternatives
recommendation.csv      every criterion of every method at the requested or recommended number, and
                        the recommended map; where true labels are known also ARI and regret, which
                        are computed after the choice

docs/choosing.md describes the criteria and the rules.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.constants import RANK_BY
from stbench.common.errors import attempt, run_cli
from stbench.common.seeding import limit_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stbench.clustering.tissue import Tissue
    from stbench.common.constants import Clusterer
    from stbench.maps.method_maps import MethodMaps


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", required=True, type=Path, help="the dataset with its truth (.h5ad)"
    )
    parser.add_argument("--preprocessed", required=True, type=Path, help="the preprocessed dataset")
    parser.add_argument("--dataset", required=True, help="its id")
    parser.add_argument(
        "--labels", nargs="*", default=[], type=Path, help="of each method, <method>/<key>.h5"
    )
    parser.add_argument(
        "--seeded", nargs="*", default=[], help="methods that depend on their training seed"
    )
    parser.add_argument(
        "--previous",
        required=True,
        nargs=2,
        type=Path,
        metavar=("SCORES", "MANIFEST"),
        help="scores.parquet and manifest.json of shipped results",
    )
    parser.add_argument("--technology", required=True, help="of the dataset")
    parser.add_argument("--unit", required=True, help="its study, donor or id")
    parser.add_argument("--rank-by", default=RANK_BY, help=f"clusterer (default {RANK_BY})")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    parser.add_argument(
        "--record-failure", action="store_true", help="where it fails, write the reason"
    )
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    limit_threads(1)

    from stbench.choosing.tables import NUMBERS, no_numbers
    from stbench.common.io import atomic_directory, empty, write_csv

    with atomic_directory(args.output) as folder:

        def failed(reason: str) -> None:
            empty(folder)
            write_csv(no_numbers(args.dataset, "error", reason), folder / f"{NUMBERS}.csv")

        attempt(
            args.dataset, lambda: write_tables(args, folder), failed, record=args.record_failure
        )


def write_tables(args: argparse.Namespace, folder: Path) -> None:
    """Compare the requested numbers of domains, if there are several, and the methods."""
    from stbench.clustering.label_file import check_labels, open_labels
    from stbench.clustering.tissue import read_tissue

    tissue = read_tissue(args.preprocessed)
    if not tissue.n_domains:
        return
    for path in args.labels:
        with open_labels(path) as reader:
            check_labels(path, reader.axes, args.dataset, path.parent.name, tissue.cells)
    number: int | None = tissue.n_domains[0]
    if len(tissue.n_domains) > 1:
        number = compare_numbers(args, tissue, folder)
    compare_methods(args, tissue, number or tissue.n_domains[-1], folder)


def compare_numbers(args: argparse.Namespace, tissue: Tissue, folder: Path) -> int | None:
    """Write the table of numbers and return the recommended one."""
    from stbench.choosing.number_choice import choose_number
    from stbench.choosing.number_criteria import curves
    from stbench.choosing.tables import NUMBERS, number_table
    from stbench.clustering.selection import smoothed_components
    from stbench.common.io import write_csv

    seeded = [path for path in args.labels if path.parent.name in args.seeded]
    every = [read_methods(seeded, k, args.rank_by) for k in tissue.n_domains]
    by_number = [{one.method: one for one in maps if len(one.shown)} for maps in every]
    # A method that has maps for some numbers only would bend the curve.
    everywhere = [m for m in by_number[0] if all(m in maps for maps in by_number)]
    of_seeds = [[maps[method].of_seeds for method in everywhere] for maps in by_number]
    points = smoothed_components(tissue.components, tissue.coords)
    compared = curves(points, tissue.n_domains, of_seeds)
    choice = choose_number(compared)
    write_csv(number_table(args.dataset, compared, choice), folder / f"{NUMBERS}.csv")
    others = ", ".join(map(str, choice.alternatives)) or "none"
    print(f"{args.dataset}: {choice.recommended} domains; alternatives: {others}")
    return choice.recommended


def read_methods(paths: Sequence[Path], n_domains: int, rank_by: Clusterer) -> list[MethodMaps]:
    """The maps of methods, or why there are none."""
    from stbench.maps.method_maps import read_maps

    return [read_maps(path, n_domains, rank_by, trains=False) for path in paths]


def compare_methods(args: argparse.Namespace, tissue: Tissue, number: int, folder: Path) -> None:
    """Write the table of methods; the truth is read after the recommendation."""
    import pandas as pd

    from stbench.choosing.count_split import read_judging_points
    from stbench.choosing.previous_results import mean_ranks, read_previous
    from stbench.choosing.recommendation import compared_methods, with_regret
    from stbench.choosing.tables import METHODS, method_table
    from stbench.common.h5ad import read_elements
    from stbench.common.io import write_csv

    every = read_methods(args.labels, number, args.rank_by)
    labels = {one.method: one for one in every if len(one.shown)}
    others = [one for one in every if one.method not in labels]
    if not labels:
        if others:
            write_csv(method_table(args.dataset, number, None, others), folder / f"{METHODS}.csv")
            print(f"{args.dataset}: no method has labels of {number} domains")
        return
    data = read_elements(args.data, "obs/cluster")
    previous = mean_ranks(read_previous(*args.previous), args.technology, args.unit)
    table, maps = compared_methods(
        *(labels, number, tissue.coords, read_judging_points(args.preprocessed), previous)
    )
    truth = None
    if "obs/cluster" in data:
        codes = pd.Categorical(data["obs/cluster"]).codes.astype(int)
        truth = codes if (codes >= 0).any() else None
    table = method_table(args.dataset, number, with_regret(table, maps, truth), others)
    write_csv(table, folder / f"{METHODS}.csv")
    print(f"{args.dataset}: {table['method'].iloc[0]} is recommended")


if __name__ == "__main__":
    run_cli(main)
