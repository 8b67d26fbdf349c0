"""Tables for a paper: LaTeX with booktabs, and longtable for tables longer than a page.

Each file lists the packages of the preamble in its first line. Numbers are rounded to two digits as
in the other pages of a run. An entry without a value shows its status.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from stbench.common.constants import ORACLE_CLUSTERER
from stbench.config.tissues import TISSUE_WORDS
from stbench.ranking.certainty import as_sentence
from stbench.ranking.ranks import Policy
from stbench.ranking.standings import Standing, mean_rank, memory, place
from stbench.results.assembly import method_titles, natural
from stbench.results.budget import MARK
from stbench.results.formatting import number, sd_of_starts, signed
from stbench.results.marks import marks_note

_SPECIAL = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    MARK: r"\textdagger{}",
}
_DASH = "--"
_BLOCK = 5  # datasets side by side: as many as fit the width of a page


def escape(text: object) -> str:
    """Escape any text for LaTeX, in one line."""
    return "".join(_SPECIAL.get(sign, sign) for sign in " ".join(str(text).split()))


def latex_tables(
    standings: dict[str, dict[Policy, Standing]],
    results: pd.DataFrame,
    final: pd.DataFrame,
    published: pd.DataFrame | None,
    rank_by: str,
) -> dict[str, str]:
    """All tables, by file name without ending.

    Args:
        standings: of ``stbench.ranking.standings.all_standings``.
        results: of ``stbench.results.assembly.assemble``.
        final: ``ARI_final`` of ``stbench.results.aggregates.all_tables``.
        published: of ``stbench.results.published.published_vs_measured``; None where not compared.
        rank_by: the clusterer that ranks.
    """
    tables = {
        "leaderboard": leaderboard(standings, rank_by, marks_note(results)),
        "ARI_final": final_scores(results, final, rank_by),
    }
    if published is not None:
        tables["published_vs_measured"] = comparison(results, published, rank_by)
    return tables


def leaderboard(standings: dict[str, dict[Policy, Standing]], rank_by: str, note: str) -> str:
    """For each kind of tissue, one table for each policy whose ranking differs from the others."""
    floats = []
    for tissue, by_policy in standings.items():
        worst = by_policy["worst"]
        for standing in by_policy.values():
            again = standing is not worst and standing.datasets == worst.datasets
            if not standing.table.empty and not again:
                floats.append(_leaderboard_float(standing, tissue, rank_by, note))
    return _file(floats or ["% Nothing is ranked: no dataset has true labels and a score."])


def _leaderboard_float(standing: Standing, tissue: str, rank_by: str, note: str) -> str:
    head = ["", "Method", "Mean rank", "", "Final", "Oracle", "Gap", "Gain", "Lift"]
    head += ["Time (s)", "Memory (MB)", "No score"]
    rows = []
    for _, row in standing.table.iterrows():
        title = escape(row["title"])
        tied = f"$^{{{row['tied']}}}$" if row["tied"] else ""
        rows.append(
            [
                place(row) or _DASH,
                rf"\emph{{{title}}}" if row["control"] else title,
                mean_rank(row) or _DASH,
                tied,
                *(_math(row[name], number) for name in ("ARI_final", "ARI_oracle")),
                *(_math(row[name], signed) for name in ("gap", "gain", "lift")),
                _math(row["seconds"], "{:.0f}".format),
                memory(row) or _DASH,
                escape(row["failures"]).replace(" of ", "~of~"),
            ]
        )
    caption = (
        f"{as_sentence(TISSUE_WORDS[tissue])}: methods by mean rank of the final ARI over "
        f"{standing.where}, clustered by {escape(rank_by)}, with 95\\,\\% intervals over "
        f"studies, and the span of the rank over conditions. {standing.heading}. Methods "
        "that share a letter do not differ significantly. "
        "Gap: oracle minus final; gain: final minus untrained; lift: final minus smoothed PCA. "
        f"Oracle and gap: clustered by {escape(standing.table['oracle_by'].iloc[0])}. "
        f"Controls in italics. {escape(standing.certainty)} {escape(note)}"
    )
    label = f"tab:leaderboard-{tissue}-{standing.policy}"
    return _float(_Table("rllcrrrrrrrp{22mm}", head, rows, caption, label))


def final_scores(results: pd.DataFrame, final: pd.DataFrame, rank_by: str) -> str:
    """Mean and sd of the final ARI, methods by datasets, the best method of a dataset in bold."""
    rows = final[(final["clusterer"] == rank_by) & ~final["exploratory"]]
    datasets = sorted(rows["dataset"].unique(), key=natural)
    cells = rows.set_index(["dataset", "method"])
    titles = method_titles(results)
    controls = set(results.loc[results["control"], "method"])
    best = {
        dataset: rows[(rows["dataset"] == dataset) & ~rows["method"].isin(controls)]["mean"].max()
        for dataset in datasets
    }
    blocks = [datasets[i : i + _BLOCK] for i in range(0, len(datasets), _BLOCK)]
    floats = []
    for part, block in enumerate(blocks, start=1):
        body = []
        for method, title in titles.items():
            name = rf"\emph{{{escape(title)}}}" if method in controls else escape(title)
            line = [name]
            for dataset in block:
                if (dataset, method) not in cells.index:
                    line.append(_DASH)
                    continue
                entry = cells.loc[(dataset, method)]
                bold = method not in controls and entry["mean"] == best[dataset]
                line.append(_score(entry, bold))
            body.append(line)
        which = f" (part {part} of {len(blocks)})" if len(blocks) > 1 else ""
        caption = (
            f"ARI of the last epoch, clustered by {escape(rank_by)}{which}: mean $\\pm$ sd over "
            "training seeds, in brackets over starts of k-means where the seed changes nothing or "
            "there is one. Bold: the best method of a dataset, excluding controls (italics). "
            f"Methods without a score show their status. {escape(marks_note(results))}"
        )
        label = "tab:ari-final" + (f"-{part}" if len(blocks) > 1 else "")
        head = ["Method", *map(escape, block)]
        floats.append(_float(_Table("l" + "r" * len(block), head, body, caption, label)))
    return _file(floats or ["% No dataset has true labels."])


def _score(entry: pd.Series, bold: bool) -> str:
    if pd.isna(entry["mean"]):
        return escape(entry["status"])
    spread = "" if pd.isna(entry["sd"]) else rf" \pm {number(entry['sd'])}"
    if pd.notna(starts := sd_of_starts(entry)):
        spread = rf"\ (\pm {number(starts)})"
    text = f"${number(entry['mean'])}{spread}$"
    if bold:
        text = rf"{{\boldmath{text}}}"
    failed = "" if entry["status"] == "ok" else rf" {{\scriptsize {escape(entry['status'])}}}"
    return text + failed


def comparison(results: pd.DataFrame, published: pd.DataFrame, rank_by: str) -> str:
    """Measured scores beside published ones, with numbered sources below."""
    clusterer = ORACLE_CLUSTERER if ORACLE_CLUSTERER in set(published["clusterer"]) else rank_by
    rows = published[(published["clusterer"] == clusterer) & (published["protocol"] == "final")]
    if rows.empty:
        return _file(["% There are no published scores of these methods on these datasets."])
    titles = method_titles(results)
    listed = dict.fromkeys(source for source in rows["source"] if source)
    sources = {source: str(i) for i, source in enumerate(listed, start=1)}
    body = []
    for _, row in rows.iterrows():
        measured = row.rename({"measured": "mean", "measured_sd": "sd"})
        names = (row["dataset"], titles[row["method"]], row["metric"])
        compared = (_published(row["published"]), _change(row), escape(row["verdict"]))
        cited = sources.get(row["source"], "")
        body.append([*map(escape, names), _score(measured, False), *compared, cited])
    head = ["Dataset", "Method", "Metric", "Measured", "Published", "Difference", "", "Source"]
    caption = (
        f"Measured scores (last epoch, clustered by {escape(clusterer)}, published settings where "
        "there are any, mean $\\pm$ sd over training seeds) and published scores of the same "
        "method and dataset, and their difference with its 95~\\% interval (Welch). Empty: not "
        f"known. {escape(marks_note(results))}"
    )
    notes = " ".join(rf"[{i}]~{escape(source)}." for source, i in sources.items())
    table = _Table("lllrlllr", head, body, caption, "tab:published")
    return _file([_long(table, notes)])


def _published(value: float) -> str:
    return "" if pd.isna(value) else f"${number(value)}$"


def _change(row: pd.Series) -> str:
    """``$-.08$ $[-.15, -.00]$``."""
    if pd.isna(row["difference"]):
        return ""
    ends = "" if pd.isna(row["low"]) else rf" $[{signed(row['low'])}, {signed(row['high'])}]$"
    return f"${signed(row['difference'])}${ends}"


def _math(value: float, write: Callable[[float], str]) -> str:
    return _DASH if pd.isna(value) else f"${write(value)}$"


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


class _Table(NamedTuple):
    """A table: the letters of its columns, its cells, its caption and the label to cite it by."""

    columns: str
    head: Sequence[str]
    rows: list[list[str]]
    caption: str
    label: str


def _float(table: _Table) -> str:
    columns, head, rows, caption, label = table
    lines = [
        r"\begin{table*}[htbp]",
        r"\centering\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"\caption{{{caption}}}",
        rf"\label{{{label}}}",
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"\toprule",
        _line(head),
        r"\midrule",
        *map(_line, rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table*}",
    ]
    return "\n".join(lines)


def _long(table: _Table, notes: str) -> str:
    """A table that may be longer than a page, and notes below it."""
    columns, head, rows, caption, label = table
    lines = [
        r"{\footnotesize\setlength{\tabcolsep}{4pt}\setlength{\LTcapwidth}{\textwidth}",
        rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}",
        rf"\caption{{{caption}}}\label{{{label}}}\\",
        *(r"\toprule", _line(head), r"\midrule", r"\endfirsthead"),
        *(r"\toprule", _line(head), r"\midrule", r"\endhead"),
        *(r"\bottomrule", r"\endfoot"),
        *map(_line, rows),
        r"\end{longtable}",
        rf"\noindent {notes}\par}}" if notes else "}",
    ]
    return "\n".join(lines)


def _file(parts: Sequence[str]) -> str:
    head = "% Requires \\usepackage{booktabs,longtable} and a text width of 17 cm."
    return "\n\n".join([head, *parts]) + "\n"
