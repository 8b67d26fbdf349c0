"""Join the scores of all methods with the measurements of their fits, and write the tables.

The output is results.parquet (every score with seconds, memory, device and commit of its fit) and
a folder of csv tables:

    <metric>_<protocol>.csv   mean, sd and n over training seeds, sd_clustering, status, reason
    gain.csv                  final minus untrained ARI: the effect of training
    lift.csv                  final ARI minus that of the control smoothed_pca;
    lift_best_control.csv     minus that of the best control of the dataset
    leaderboard.csv           methods by mean rank of the final ARI; failures get the worst rank;
                              real, semi-synthetic and simulated tissues apart
    ranks.csv, pairs.csv      mean ranks with intervals and tied groups, and tests on each pair,
                              under each policy for failures (worst, common)
    rank_robustness.csv       the rank under other clusterers, metrics and policies, and without
                              each study
    published_vs_measured.csv with --published: measured minus published scores, with intervals
    tuning_gain.csv           with --studies: methods with published instead of default settings,
    paper_protocol.csv        and scores by the protocol of STAGUE's paper; not ranked
    runtime.csv, status.csv   seconds and peak memory; status of each fit
    LEADERBOARD.md            the complete ranking on one page, under each policy
    latex/                    leaderboard, ARI_final, published_vs_measured for a paper
    robustness_*.csv          curves and areas, with --studies; the ranking contains neither
    sensitivity.csv           degraded datasets nor variants of methods
    interactions_truth.csv    every metric of every scorer of planted interactions; with
    interactions_auprc.csv    --interactions only: also the mean AUPRC over tissues, and the
    interactions_lift.csv     difference to the nulls in AUPRC and in AUROC within strata
    interactions_permuted.csv AUROC of every scorer against permuted truth
    interactions_regimes.csv  every scorer by regime and range of planted interactions
    interactions_communication.csv  tools, if there are any, and graphs by cells and by types
    replication.csv           with --interaction-folders: agreement of training seeds on the edges,
                              and of sections on the pairs of cell types
    graphs_methods.csv        with --interaction-folders: what each method's graph says about each
    graphs_agreement.csv      tissue, and how far two methods agree
    number_of_domains.csv     curves over the number of domains and the recommended number, and
    recommendation.csv        the methods compared without true labels; with --choosing only
    integration.csv           mixing of joined sections, conserved biology, and overall; with
    integration_scores.csv    --integration only: also every metric with its interval
    label_free.csv            with --maps: agreement, stability and continuity of the methods on own
    label_free_agreement.csv  sections, and the ARI of every pair of maps
    deconvolution_scores.csv  with --deconvolution only: every mean with its interval, also one
    deconvolution_<metric>.csv  table for each metric, the scores of single cell types, and with
    deconvolution_types.csv   --derived-pairs curves and areas of degraded pairs, which are in no
    deconvolution_robustness_*.csv  other table

results.parquet contains the scores of domains; without them it is not written. A row without a
value has a status and a reason. sd and intervals are empty for fewer than two training seeds. The
csv tables except runtime.csv have the same bytes for the same scores.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.constants import RANK_BY
from stbench.common.errors import run_cli
from stbench.common.io import write_csv
from stbench.common.paths import CONFIG

if TYPE_CHECKING:
    import pandas as pd


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--scores", nargs="*", default=[], type=Path, metavar="FILE", help="of domains (.parquet)"
    )
    parser.add_argument(
        "--fits",
        nargs="*",
        default=[],
        type=Path,
        metavar="DIR",
        help="fits of the scores, <dataset>/<method>/<key>",
    )
    parser.add_argument("--methods", required=True, type=Path, help="config/methods.yaml")
    parser.add_argument(
        "--rank-by",
        default=RANK_BY,
        help=f"clusterer that ranks the leaderboard (default {RANK_BY})",
    )
    parser.add_argument(
        "--shortened",
        type=json.loads,
        default={},
        help="epochs of methods that the budget cuts (JSON)",
    )
    parser.add_argument(
        "--shipped",
        type=Path,
        metavar="DIR",
        help="shipped results to show beside the scores, or alone",
    )
    parser.add_argument(
        "--choosing",
        nargs="+",
        type=Path,
        default=[],
        metavar="DIR",
        help="numbers of domains and methods compared, a folder for each dataset",
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
        "--interaction-folders",
        nargs="+",
        type=Path,
        default=[],
        metavar="DIR",
        help="inferred interactions",
    )
    parser.add_argument(
        "--external", nargs="+", default=[], metavar="NAME", help="names of external results"
    )
    parser.add_argument(
        "--studies",
        type=json.loads,
        default={},
        help="`derived` datasets, `variants` and `published` (JSON)",
    )
    parser.add_argument(
        "--tissues",
        type=json.loads,
        default={},
        help="`tissue` and `unit` of each dataset (JSON); default: real, each its own unit",
    )
    parser.add_argument("--published", type=Path, help="published scores (.csv)")
    parser.add_argument(
        "--maps", nargs="+", type=Path, default=[], metavar="FILE", help="<dataset>.methods.csv"
    )
    parser.add_argument(
        "--agreement",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="<dataset>.agreement.csv, with --maps",
    )
    parser.add_argument(
        "--deconvolution",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="scores of deconvolution (.parquet)",
    )
    parser.add_argument(
        "--deconvolution-methods",
        type=Path,
        default=CONFIG / "deconvolution_methods.yaml",
        help="entries of its methods (.yaml)",
    )
    parser.add_argument(
        "--derived-pairs", type=json.loads, default={}, help="degraded pairs (JSON)"
    )
    parser.add_argument("--output-parquet", type=Path, help="file to write, with --scores")
    parser.add_argument("--tables", required=True, type=Path, help="folder to write")
    args = parser.parse_args()
    if not (args.scores or args.shipped or args.deconvolution):
        parser.error("--scores, --shipped or --deconvolution is required")
    if (args.scores or args.shipped) and not args.output_parquet:
        parser.error("--scores and --shipped require --output-parquet")
    return args


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import atomic_directory, atomic_file
    from stbench.results.assembly import one_row_per_fit
    from stbench.results.shipped import with_source

    results = read_domains(args) if args.scores or args.shipped else None
    tables = tables_of_domains(args, results) if results is not None else {}
    texts = texts_of_domains(args, results, tables) if results is not None else {}
    if args.deconvolution:
        tables |= tables_of_deconvolution(args)
    if results is not None:
        tables = {name: with_source(table, results) for name, table in tables.items()}
    with atomic_directory(args.tables) as folder:
        for name, table in tables.items():
            write_csv(table, folder / f"{name}.csv")
        for name, text in texts.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    if results is not None:
        with atomic_file(args.output_parquet) as temporary:
            results.drop(columns="blocks").to_parquet(temporary, index=False)
        fits = one_row_per_fit(results)
        failed = (fits["fit_status"] != "ok").sum()
        print(f"{len(results)} scores of {len(fits)} fits ({failed} without a result)")


def read_domains(args: argparse.Namespace) -> pd.DataFrame:
    """Every score of domains, with its fit and the description of its method."""
    from stbench.config.external import entry
    from stbench.config.schema import load_yaml
    from stbench.results.assembly import assemble, fit_folders, read_fits, read_scores
    from stbench.results.shipped import beside, read_shipped, stale_entries

    if not args.scores:
        return read_shipped(args.shipped).results
    scores = read_scores(args.scores)
    fits = read_fits(fit_folders(scores, args.fits))
    methods = {**load_yaml(args.methods), **{name: entry(name) for name in args.external}}
    for group in ("variants", "published"):
        for name, variant in args.studies.get(group, {}).items():
            methods[name] = {**methods[variant["method"]], "title": variant["title"]}
    own = assemble(scores, fits, methods, args.shortened, args.studies, args.tissues)
    if not args.shipped:
        return own
    shipped = read_shipped(args.shipped)
    return beside(own, shipped, stale_entries(shipped.manifest, args.methods.parent))


def ranked_rows(table: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """The rows of the ranking: those of entries that belong to no study."""
    import pandas as pd

    of_studies = results.loc[results["study"] != "", ["dataset", "method"]].drop_duplicates()
    entries = pd.MultiIndex.from_frame(table[["dataset", "method"]])
    return table[~entries.isin(pd.MultiIndex.from_frame(of_studies))]


def tables_of_domains(args: argparse.Namespace, results: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of domains, interactions and integration, by name."""
    from stbench.ranking.leaderboard import leaderboards
    from stbench.ranking.robustness import rank_robustness
    from stbench.ranking.tables import ranking_tables
    from stbench.results.aggregates import all_tables
    from stbench.results.best_control import lift_over_best_control
    from stbench.results.studies import study_tables
    from stbench.results.tuning import settings_tables, tuned_entries

    whole = ranked_rows(results, results)
    tuned = args.studies.get("published") or tuned_entries(results)
    tables = {
        **all_tables(results),
        "lift_best_control": lift_over_best_control(results),
        **ranking_tables(whole, args.rank_by),
        "leaderboard": leaderboards(whole, args.rank_by),
        "rank_robustness": rank_robustness(whole, args.rank_by),
        **study_tables(results, args.studies),
        **settings_tables(results, tuned),
    }
    if args.published:
        from stbench.results.published import published_vs_measured, read_published

        published = read_published(args.published)
        tables["published_vs_measured"] = published_vs_measured(results, published, tuned)
    if args.choosing:
        from stbench.choosing.tables import stacked

        tables |= stacked(args.choosing)
    if args.interactions:
        from stbench.interactions.tables import interaction_tables, read_interaction_scores

        every = {dataset: facts["unit"] for dataset, facts in args.tissues.items()}
        tables |= interaction_tables(read_interaction_scores(args.interactions), every)
    if args.interaction_folders:
        from stbench.config.tissues import REAL
        from stbench.interactions.replication import replication_table
        from stbench.interactions.side_by_side import agreement_table, by_dataset, methods_table

        # What has cells of another dataset (joined, planted, degraded) is no further section.
        sections = {
            dataset: facts["section_of"]
            for dataset, facts in args.tissues.items()
            if facts["tissue"] == REAL and facts["section_of"]
        }
        tables["replication"] = replication_table(args.interaction_folders, sections)
        folders = by_dataset(args.interaction_folders)
        tables["graphs_methods"] = methods_table(folders)
        tables["graphs_agreement"] = agreement_table(folders)
    if args.integration:
        from stbench.integration.tables import integration_tables, read_integration_scores

        joined = read_integration_scores(args.integration)
        tables |= integration_tables(joined, results, args.rank_by)
    if args.maps:
        tables |= tables_of_maps(args)
    return tables


def tables_of_maps(args: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """The comparison of methods without true labels, of all own sections."""
    import pandas as pd

    from stbench.common.io import read_csv

    files = {"label_free": args.maps, "label_free_agreement": args.agreement}
    return {name: pd.concat(map(read_csv, paths)) for name, paths in files.items()}


def texts_of_domains(
    args: argparse.Namespace, results: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> dict[str, str]:
    """The ranking on one page and for a paper, by file name; none if nothing can be ranked."""
    from stbench.ranking.latex import latex_tables
    from stbench.ranking.markdown import leaderboard_page
    from stbench.ranking.selection import anything_ranked
    from stbench.ranking.standings import all_standings

    whole = ranked_rows(results, results)
    if not anything_ranked(whole, args.rank_by):
        return {}
    ranked = all_standings(whole, args.rank_by)
    beside = ["tuning_gain", "paper_protocol"]
    tuning = {name: tables[name] for name in beside if name in tables}
    lift, best = (ranked_rows(tables[name], results) for name in ("lift", "lift_best_control"))
    page = leaderboard_page(
        *(ranked, whole, lift, best, args.rank_by),
        tuning=tuning,
        figure="../figures/overview.png",
    )
    compared = tables.get("published_vs_measured")
    scored = ranked_rows(tables["ARI_final"], results)
    papers = latex_tables(ranked, whole, scored, compared, args.rank_by)
    latex = {f"latex/{name}.tex": text for name, text in papers.items()}
    return {"LEADERBOARD.md": page, **latex}


def tables_of_deconvolution(args: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """The tables of deconvolution, by name."""
    from stbench.config.schema import load_yaml
    from stbench.deconvolution.robustness import split_derived
    from stbench.deconvolution.tables import read_scores, tables

    scores = read_scores(args.deconvolution, load_yaml(args.deconvolution_methods))
    whole, curves = split_derived(scores, args.derived_pairs)
    return {**tables(whole), **curves}


if __name__ == "__main__":
    run_cli(main)
