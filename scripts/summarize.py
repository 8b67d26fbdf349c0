"""Write the summary of a run: scores, their meaning, failures, and the paths of the results.

Without any score, the exit code is 1 and the text is printed to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from stbench.common.constants import RANK_BY
from stbench.common.errors import InputError, run_cli
from stbench.common.paths import CONFIG


@dataclass(frozen=True)
class Summary:
    """A text, and whether any score is available."""

    text: str
    any_score: bool


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, help="results.parquet, of domains")
    parser.add_argument("--tables", required=True, type=Path, help="folder of the tables")
    parser.add_argument(
        "--figures", required=True, type=Path, help="folder of the figures, printed in the summary"
    )
    parser.add_argument(
        "--interactions",
        nargs="+",
        type=Path,
        default=[],
        metavar="DIR",
        help="folders of inferred interactions, <dataset>/<method>/<key>",
    )
    parser.add_argument(
        "--deconvolution",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="scores (.parquet)",
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
    parser.add_argument(
        "--maps", nargs="+", type=Path, default=[], help="files of domains.py (.h5ad)"
    )
    parser.add_argument(
        "--choosing", nargs="+", type=Path, default=[], metavar="DIR", help="folders of choose.py"
    )
    parser.add_argument(
        "--markers", nargs="+", type=Path, default=[], metavar="DIR", help="folders of markers.py"
    )
    parser.add_argument("--report", type=Path, help="path of the report, printed in the summary")
    parser.add_argument("--rank-by", default=RANK_BY, help=f"clusterer shown (default {RANK_BY})")
    parser.add_argument("--output", required=True, type=Path, help="text file to write")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import atomic_file
    from stbench.summary.text import places

    parts = [of_deconvolution(args)] if args.deconvolution else []
    if args.results:
        parts.append(of_domains(args))
    else:
        parts.append(Summary(places(args.tables, args.figures, [], args.report), False))
    text = "\n".join(part.text for part in parts)
    with atomic_file(args.output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    ok = any(part.any_score for part in parts)
    print(text, file=sys.stdout if ok else sys.stderr)
    if not ok:
        raise InputError(f"{args.tables}: no score is available; the reasons are above")


def of_domains(args: argparse.Namespace) -> Summary:
    """The results of domains, integration and interactions, and the paths of all results."""
    from stbench.results.assembly import read_results
    from stbench.summary.failed_stages import failed_stages
    from stbench.summary.run import read_run
    from stbench.summary.text import any_score, summary

    run = read_run(read_results(args.results), args.tables, args.rank_by)
    failed = failed_stages(args.maps, args.choosing, args.markers)
    text = summary(
        *(run, args.tables, args.figures, args.interactions, args.report, args.maps, failed)
    )
    return Summary(text, any_score(run))


def of_deconvolution(args: argparse.Namespace) -> Summary:
    """The answer and the results of deconvolution."""
    from stbench.config.schema import load_yaml
    from stbench.deconvolution.robustness import split_derived
    from stbench.deconvolution.tables import any_result, read_scores, summary
    from stbench.summary.deconvolution import deconvolution_answers
    from stbench.summary.text import answer_lines

    methods = load_yaml(args.deconvolution_methods)
    answers = answer_lines(deconvolution_answers(args.tables, methods))
    scores = read_scores(args.deconvolution, methods)
    whole, _ = split_derived(scores, args.derived_pairs)
    text = "\n\n".join(filter(None, ["\n".join(answers), summary(whole, methods)]))
    return Summary(f"{text}\n", any_result(scores))


if __name__ == "__main__":
    run_cli(main)
