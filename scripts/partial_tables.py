"""Write tables of the current scores, without running anything.

Every file of the output folder states how complete it is:

    PARTIAL.txt          the number of scored entries, and the missing ones
    missing.csv          the entries without scores, and the numbers of their finished fits
    tables/*.csv         the tables of scores of a finished run, with a first column `partial`;
                         missing entries have the status `pending`. Tables of maps, of choices
                         without labels, and of graphs side by side need a finished run
    tables/LEADERBOARD.md  the ranking on one page, if entries can be ranked
    results.parquet      the scores, with the column `partial`

For deconvolution, the tables contain only scored entries; missing.csv lists the others. Ranks
include the datasets that are scored for every method with at least one score.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.errors import run_cli
from stbench.common.paths import CONFIG, RESOURCES

if TYPE_CHECKING:
    import pandas as pd

    from stbench.config.benchmark import Benchmark
    from stbench.config.layout import Layout
    from stbench.results.partial import Partial


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--config", required=True, type=json.loads, metavar="JSON", help="the configuration"
    )
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    parser.add_argument(
        "--published",
        type=Path,
        default=RESOURCES / "published/scores.csv",
        help="published scores (.csv)",
    )
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import atomic_directory, write_csv
    from stbench.config.benchmark import load_benchmark
    from stbench.config.keys import layout_of
    from stbench.config.tasks import DECONVOLUTION
    from stbench.deconvolution.robustness import split_derived
    from stbench.deconvolution.tables import read_scores, tables
    from stbench.ranking.markdown import leaderboard_page
    from stbench.ranking.standings import all_standings
    from stbench.results.partial import marked, rankable, read_partial, report

    benchmark = load_benchmark(args.config, CONFIG, need_files=False)
    layout = layout_of(benchmark, args.results)
    partial = read_partial(benchmark, layout)
    complete = tables_of_domains(args, benchmark, layout, partial) if len(partial.results) else {}
    if partial.proportions:
        scores = read_scores(partial.proportions, benchmark.methods[DECONVOLUTION])
        whole, curves = split_derived(scores, benchmark.derived(DECONVOLUTION))
        complete |= {**tables(whole), **curves}
    with atomic_directory(args.output) as folder:
        (folder / "tables").mkdir()
        for name, table in complete.items():
            write_csv(marked(table, partial), folder / f"tables/{name}.csv")
        write_csv(marked(partial.missing, partial), folder / "missing.csv")
        if len(partial.results):
            every = partial.results.drop(columns="blocks")
            marked(every, partial).to_parquet(folder / "results.parquet", index=False)
        ranked = rankable(partial.ranked)
        if len(ranked):
            rank_by = args.config["rank_by"]
            placed = all_standings(ranked, rank_by)
            lift, best_control = (
                table[table["dataset"].isin(ranked["dataset"])]
                for table in (complete["lift"], complete["lift_best_control"])
            )
            names = ("tuning_gain", "paper_protocol")
            tuning = {name: complete[name] for name in names if name in complete}
            page = leaderboard_page(
                *(placed, ranked, lift, best_control, rank_by, partial.words), tuning=tuning
            )
            (folder / "tables/LEADERBOARD.md").write_text(page, encoding="utf-8")
        (folder / "PARTIAL.txt").write_text(f"{report(partial)}\n", encoding="utf-8")
    print(report(partial))
    print(f"partial tables: {args.output}")


def tables_of_domains(
    args: argparse.Namespace, benchmark: Benchmark, layout: Layout, partial: Partial
) -> dict[str, pd.DataFrame]:
    """The tables of domains, integration and interactions, by name."""
    from stbench.config.tasks import INTEGRATION, INTERACTIONS
    from stbench.integration.tables import integration_tables, read_integration_scores
    from stbench.interactions.tables import interaction_tables, read_interaction_scores
    from stbench.ranking.leaderboard import leaderboards
    from stbench.ranking.robustness import rank_robustness
    from stbench.ranking.tables import ranking_tables
    from stbench.results.aggregates import all_tables
    from stbench.results.best_control import lift_over_best_control
    from stbench.results.partial import partial_leaderboard, rankable
    from stbench.results.published import published_vs_measured, read_published
    from stbench.results.studies import study_tables
    from stbench.results.tuning import settings_tables

    rank_by, ranked = args.config["rank_by"], rankable(partial.ranked)
    tuned = benchmark.studies["published"]
    tables = {
        **all_tables(partial.results),
        "lift_best_control": lift_over_best_control(partial.results),
        **(ranking_tables(ranked, rank_by) if len(ranked) else {}),
        **({"rank_robustness": rank_robustness(ranked, rank_by)} if len(ranked) else {}),
        "leaderboard": partial_leaderboard(partial, rank_by, leaderboards),
        "published_vs_measured": published_vs_measured(
            partial.results, read_published(args.published), tuned
        ),
        **study_tables(partial.results, benchmark.studies),
        **settings_tables(partial.results, tuned),
    }
    graphs, joined = (
        [path for path in benchmark.score_files(layout, task) if path.is_file()]
        for task in (INTERACTIONS, INTEGRATION)
    )
    if graphs:
        units = {dataset: facts["unit"] for dataset, facts in benchmark.tissues.items()}
        tables |= interaction_tables(read_interaction_scores(graphs), units)
    if joined:
        tables |= integration_tables(read_integration_scores(joined), partial.results, rank_by)
    return tables


if __name__ == "__main__":
    run_cli(main)
