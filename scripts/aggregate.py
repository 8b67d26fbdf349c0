"""Join the scores of all methods with what their fits took, and make the tables.

Written are results.parquet (every score with its fit's seconds, memory, device and commit) and a
folder of csv tables:

    <metric>_<protocol>.csv   mean, sd and n over training seeds, sd_clustering, status, reason
    gain.csv                  final minus untrained ARI: what training added
    lift.csv                  final ARI minus that of the control smoothed_pca
    leaderboard.csv           methods by mean rank of the final ARI; failures get the worst rank
    ranks.csv, pairs.csv      mean ranks with intervals and tied groups, and tests on each pair,
                              under each policy for failures (worst, common)
    published_vs_measured.csv with --published: measured scores and the range others reported
    runtime.csv, status.csv   seconds and peak memory; how each fit ended
    LEADERBOARD.md            all of the ranking on one page, under each policy
    latex/                    leaderboard, ARI_final, published_vs_measured for a paper
    robustness_*.csv          curves and areas, with --studies; neither datasets made worse nor
    sensitivity.csv           variants of methods take part in the ranking
    interactions_truth.csv    every metric of every scorer of planted interactions; with
    interactions_auprc.csv    --interactions only: also the mean AUPRC over tissues and
    interactions_lift.csv     its difference to what nulls reach
    integration.csv           mixing of joined sections, biology kept, and both together; with
    integration_scores.csv    --integration only: also every metric with its interval

A table cell without a value has a status and a reason. Empty sd and intervals: fewer than two
training seeds. But for runtime.csv the csv tables are the same bytes for the same scores.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.errors import run_cli
from stbench.common.io import write_csv

if TYPE_CHECKING:
    import pandas as pd


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--scores",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="files of scores (.parquet); default: all below --results",
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--fits", nargs="+", type=Path, metavar="DIR", help="folders of the fits")
    where.add_argument("--results", type=Path, help="folder that holds fits/ and scores/")
    parser.add_argument("--methods", required=True, type=Path, help="config/methods.yaml")
    parser.add_argument(
        "--rank-by", default="kmeans", help="clusterer that ranks the leaderboard (default kmeans)"
    )
    parser.add_argument(
        "--budget", choices=["full", "cpu"], default="full", help="the configuration's budget"
    )
    parser.add_argument(
        "--interactions",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="scores of interactions (.parquet)",
    )
    parser.add_argument(
        "--integration",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="scores of integration (.parquet)",
    )
    parser.add_argument(
        "--external", nargs="+", default=[], metavar="NAME", help="results that were made elsewhere"
    )
    parser.add_argument(
        "--studies", type=json.loads, default={}, help="`derived` datasets, `variants` (JSON)"
    )
    parser.add_argument("--published", type=Path, help="scores that others reported (.csv)")
    parser.add_argument("--output-parquet", required=True, type=Path, help="file to write")
    parser.add_argument("--tables", required=True, type=Path, help="folder to write")
    args = parser.parse_args()
    if args.scores is None and args.results is None:
        parser.error("--fits needs --scores")
    return args


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import atomic_directory, atomic_file
    from stbench.config.external import entry
    from stbench.config.schema import load_yaml
    from stbench.ranking.latex import latex_tables
    from stbench.ranking.leaderboard import leaderboard
    from stbench.ranking.markdown import leaderboard_page
    from stbench.ranking.standings import standings
    from stbench.ranking.tables import ranking_tables
    from stbench.results.aggregates import all_tables
    from stbench.results.assembly import assemble, fit_folders, read_fits, read_scores, study_of
    from stbench.results.studies import study_tables

    files = args.scores or sorted(args.results.glob("scores/*/*.parquet"))
    scores = read_scores(files)
    fits = read_fits(args.fits or fit_folders(scores, args.results))
    methods = {**load_yaml(args.methods), **{name: entry(name) for name in args.external}}
    for name, told in args.studies.get("variants", {}).items():
        methods[name] = {**methods[told["method"]], "title": told["title"]}
    results = assemble(scores, fits, methods, args.budget, args.studies)

    def ranked_rows(table: pd.DataFrame) -> pd.DataFrame:
        return table[study_of(table, args.studies) == ""]

    whole = ranked_rows(results)
    tables = {
        **all_tables(results),
        **ranking_tables(whole, args.rank_by),
        "leaderboard": leaderboard(whole, args.rank_by),
        **study_tables(results, args.studies),
    }
    if args.published:
        from stbench.results.published import published_vs_measured, read_published

        published = read_published(args.published)
        tables["published_vs_measured"] = published_vs_measured(whole, published)
    if args.interactions:
        from stbench.interactions.tables import interaction_tables, read_interaction_scores

        tables |= interaction_tables(read_interaction_scores(args.interactions))
    if args.integration:
        from stbench.integration.tables import integration_tables, read_integration_scores

        joined = read_integration_scores(args.integration)
        tables |= integration_tables(joined, results, args.rank_by)
    ranked = standings(whole, args.rank_by)
    page = leaderboard_page(ranked, whole, ranked_rows(tables["lift"]), args.rank_by)
    compared = tables.get("published_vs_measured")
    scored = ranked_rows(tables["ARI_final"])
    papers = latex_tables(ranked, whole, scored, compared, args.rank_by)
    with atomic_directory(args.tables) as folder:
        for name, table in tables.items():
            write_csv(table, folder / f"{name}.csv")
        (folder / "LEADERBOARD.md").write_text(page)
        (folder / "latex").mkdir()
        for name, text in papers.items():
            (folder / f"latex/{name}.tex").write_text(text)
    with atomic_file(args.output_parquet) as temporary:
        results.to_parquet(temporary, index=False)
    cells = results.drop_duplicates(["dataset", "method", "seed"])
    failed = (cells["fit_status"] != "ok").sum()
    print(f"{len(results)} scores of {len(cells)} fits ({failed} without a result)")


if __name__ == "__main__":
    run_cli(main)
