"""Compare numbers of domains of one tissue without its true labels.

number_of_domains.csv   if several numbers are requested: the curve of every criterion, the number
                        that each one chooses, the recommended number and its alternatives

docs/choosing.md describes the criteria and the rule.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.common.constants import RANK_BY
from stbench.common.errors import attempt, run_cli
from stbench.common.seeding import limit_threads


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preprocessed", required=True, type=Path, help="the preprocessed dataset")
    parser.add_argument("--dataset", required=True, help="its id")
    parser.add_argument(
        "--labels", nargs="*", default=[], type=Path, help="of each method, <method>/<key>.h5"
    )
    parser.add_argument(
        "--seeded", nargs="*", default=[], help="methods that depend on their training seed"
    )
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
    """Compare the requested numbers of domains, if there are several."""
    from stbench.choosing.method_labels import read_labels
    from stbench.choosing.number_choice import choose_number
    from stbench.choosing.number_criteria import curves
    from stbench.choosing.tables import NUMBERS, number_table
    from stbench.clustering.selection import smoothed_components
    from stbench.clustering.tissue import read_tissue
    from stbench.common.io import write_csv

    tissue = read_tissue(args.preprocessed)
    if len(tissue.n_domains) < 2:
        return
    seeded = [path for path in args.labels if path.parent.name in args.seeded]
    of_seeds = [
        [found.of_seeds for path in seeded if (found := read_labels(path, k, args.rank_by))]
        for k in tissue.n_domains
    ]
    points = smoothed_components(tissue.components, tissue.coords)
    compared = curves(points, tissue.n_domains, of_seeds)
    choice = choose_number(compared)
    write_csv(number_table(args.dataset, compared, choice), folder / f"{NUMBERS}.csv")
    others = ", ".join(map(str, choice.alternatives)) or "none"
    print(f"{args.dataset}: {choice.recommended} domains; alternatives: {others}")


if __name__ == "__main__":
    run_cli(main)
