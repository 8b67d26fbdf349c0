"""Write the pages of the shipped results: leaderboard, claims, their figures, and the headline.

docs/leaderboard.md, docs/claims.md, docs/images/overview.svg, docs/images/explained.svg, and the
block between two marks in README.md. Nothing is trained or scored.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stbench.common.errors import run_cli
from stbench.common.paths import CONFIG, PROJECT, RESOURCES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shipped", type=Path, default=RESOURCES / "verdict", help="folder")
    parser.add_argument(
        "--published", type=Path, default=RESOURCES / "published/scores.csv", help="scores (.csv)"
    )
    parser.add_argument("--methods", type=Path, default=CONFIG / "methods.yaml", help="entries")
    parser.add_argument("--project", type=Path, default=PROJECT, help="folder to write into")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import read_csv
    from stbench.config.schema import load_yaml
    from stbench.figures.explained import explained_bars
    from stbench.figures.overview import overview_figure
    from stbench.figures.style import apply_style
    from stbench.ranking.overview import losses, overview, usability
    from stbench.ranking.selection import headline as headline_rows
    from stbench.results.assembly import method_titles
    from stbench.results.published import read_published
    from stbench.results.shipped import read_shipped, stale_entries
    from stbench.verdict.claims import (
        claims_page,
        read_known_differences,
        read_other_claims,
    )
    from stbench.verdict.degraded import FILE as ROBUSTNESS
    from stbench.verdict.pages import (
        leaderboard_text,
        read_left_out,
        readme_headline,
        verdict_of,
        with_headline,
    )

    shipped, published = read_shipped(args.shipped), read_published(args.published)
    others = read_other_claims(args.published.with_name("claims.csv"))
    known = read_known_differences(args.published.with_name("differences.csv"))
    reasons = read_left_out(args.shipped / "left_out.csv")
    degraded = args.shipped / ROBUSTNESS
    curves = read_csv(degraded) if degraded.is_file() else None
    verdict = verdict_of(shipped, published, known, reasons, curves)
    stale = stale_entries(shipped.manifest, args.methods.parent)
    docs, readme = args.project / "docs", args.project / "README.md"
    headline = with_headline(
        readme.read_text(encoding="utf-8"), readme_headline(shipped, verdict.claims)
    )
    apply_style()
    board = overview(verdict.ranked, verdict.rank_by)
    board = board.join(usability(list(board.index), load_yaml(args.methods)))
    if curves is not None:
        board = board.join(losses(curves, verdict.rank_by))
    kind = headline_rows(verdict.ranked, verdict.rank_by)["tissue"].iloc[0]
    title = f"Methods and controls, ranked on {int(board['datasets'].iloc[0])} {kind} tissues"
    if curves is not None:
        title += f"; degraded: {', '.join(dict.fromkeys(curves['dataset']))}"
    figures = {
        "overview": overview_figure(board, method_titles(verdict.ranked), title),
        "explained": explained_bars(verdict.shares, "What explains a score"),
    }
    _save_svg(figures, docs / "images")
    texts = {
        docs / "leaderboard.md": leaderboard_text(verdict, "images", stale),
        docs / "claims.md": claims_page(verdict.claims, verdict.results, published, others),
        readme: headline,
    }
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
        print(path)


def _save_svg(figures: dict[str, Figure], folder: Path) -> None:
    from stbench.figures.style import save

    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        for name, figure in figures.items():
            save(figure, Path(temporary), name)
            (folder / f"{name}.svg").write_bytes((Path(temporary) / f"{name}.svg").read_bytes())


if __name__ == "__main__":
    run_cli(main)
