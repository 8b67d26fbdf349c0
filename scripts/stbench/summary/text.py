"""The text at the end of a run: what was found, what it means, what failed, where it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from stbench.common.constants import FAILED
from stbench.common.text import wrapped
from stbench.config.tissues import TISSUE_WORDS
from stbench.maps.comparison import CONSENSUS
from stbench.ranking.answer import Answer
from stbench.ranking.certainty import as_sentence, order_sentence
from stbench.ranking.first_methods import first_methods, in_words
from stbench.ranking.leaderboard import order_under_clusterers
from stbench.ranking.selection import headline
from stbench.ranking.standings import all_standings, place
from stbench.results.assembly import one_row_per_fit
from stbench.results.formatting import Row, count, mean_and_sd, number, seeds, signed
from stbench.results.marks import marks_note
from stbench.scoring.spatial_metrics import SMOOTHNESS_NOTE
from stbench.summary.answer import Standings, run_answers
from stbench.summary.domains import dataset_sentences
from stbench.summary.failed_stages import FailedStage
from stbench.summary.interactions import sentences_of_tables
from stbench.summary.label_free import label_free_sentence
from stbench.summary.run import ARI_TABLES, MAPS_TABLE, Run
from stbench.summary.studies import study_sentences

_HEAD = ("", "ARI final", "oracle", "untrained", "lift", "seconds", "MB")
_WIDTHS = (29, 12, 12, 12, 19, 9, 7)
_AGREEMENT = ("agreement", "stability_seeds", "stability_starts", "stability_cells")
_NOT_COMPARED = [float("nan")] * len(_AGREEMENT)
_SMOOTHNESS = ("CHAOS", "PAS")
_MAP_WIDTHS = (24, 12, 9, 9, 9, 9, 9, 9, 7)


def any_score(run: Run) -> bool:
    """Whether a fit of this run has a score."""
    return bool((run.own["status"] == "ok").any())


def summary(
    run: Run,
    tables: Path,
    figures: Path,
    interactions: Sequence[Path] = (),
    report: Path | None = None,
    maps: Sequence[Path] = (),
    failed: Sequence[FailedStage] = (),
) -> str:
    """The whole text, in the order of the report: answer, ranking, details, failures, files.

    No line is longer than ``text.WIDTH`` but addresses that cannot be broken.
    """
    missing = unavailable(run)
    made = [path for path in maps if path not in {stage.path for stage in failed}]
    stages = [stage for stage in failed if stage.dataset not in missing]
    standings = all_standings(run.results, run.rank_by)
    answers = run_answers(run, standings, tables)
    parts = ["\n".join(answer_lines(answers)), "\n".join(_ranking(run, standings))]
    parts += [_intro(run), _about_exploratory(run), wrapped(marks_note(run.results), hanging="  ")]
    for dataset, rows in run.results.groupby("dataset", sort=False):
        if dataset not in missing:
            for n_domains in _shown_numbers(run, str(dataset), rows):
                parts.append("\n".join(_dataset_block(run, str(dataset), n_domains)))
    parts += ["\n".join(_meaning(run, missing)), "\n".join(_interactions(run, tables))]
    parts += ["\n".join(_studies(run, tables))]
    parts += ["\n".join(_failures(run, missing)), "\n".join(_failed_parts(interactions))]
    parts += ["\n".join(_failed_stages(stages))]
    parts += [places(tables, figures, interactions, report, made).rstrip("\n")]
    parts += [_to_retry(run, missing, stages)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _shown_numbers(run: Run, dataset: str, rows: pd.DataFrame) -> list[int]:
    """The numbers of domains of a dataset; of an own section only that of its maps."""
    numbers = set(rows["n_domains"])
    if MAPS_TABLE in run.tables:
        maps = run.tables[MAPS_TABLE]
        numbers &= set(maps.loc[maps["dataset"] == dataset, "n_domains"]) or numbers
    return sorted(map(int, numbers))


def unavailable(run: Run) -> dict[str, str]:
    """Datasets on which every method says, for the same reason, that there is nothing to do."""
    found = {}
    for dataset, rows in run.every.groupby("dataset", sort=False):
        reasons = set(rows["fit_reason"])
        if set(rows["fit_status"]) == {"not_applicable"} and len(reasons) == 1:
            found[str(dataset)] = reasons.pop()
    return found


def _intro(run: Run) -> str:
    if run.results["exploratory"].all():
        return ""
    n = one_row_per_fit(run.results)["seed"].nunique()
    under = "" if run.oracle_by == run.rank_by else f", clustered by {run.oracle_by}"
    text = (
        f"Agreement with the true domains: ARI, 1 = identical, 0 = chance. Clustered by "
        f"{run.rank_by}, which ranks; mean +- sd of {n} training seed{'s' * (n != 1)}, in brackets "
        "over starts of k-means where the seed changes nothing or there is one. final: last epoch, "
        f"which no label picks. oracle: the epoch chosen by the true labels{under}. untrained: "
        "before the first step. lift: final minus smoothed PCA, with its 95 % interval. "
        "-: not defined."
    )
    return wrapped(text)


def _dataset_block(run: Run, dataset: str, n_domains: int) -> Iterator[str]:
    rows = run.results[run.results["dataset"] == dataset]
    methods = [m for m in run.titles if m in set(rows["method"])]
    if bool(rows["exploratory"].all()):
        yield from _exploratory_block(run, dataset, n_domains, methods)
        return
    yield _line((f"{dataset} ({n_domains})", *_HEAD[1:]))
    for method in methods:
        final, oracle, untrained, lift = (
            run.cell(table, dataset, method, n_domains) for table in (*ARI_TABLES, "lift")
        )
        cost = _cost(run, dataset, method)
        title = f"  {run.titles[method]}"
        if pd.isna(final["mean"]):
            yield _line((title, final["status"], "", "", "", *cost))
            continue
        scores = (_score(final), _score(oracle), _score(untrained), _lift(lift))
        yield _line((title, *scores, *cost))
        if final["status"] != "ok":
            yield f"    mean of {seeds(int(final['n']))}; {final['status']}"


def _exploratory_block(run: Run, dataset: str, n_domains: int, methods: list[str]) -> Iterator[str]:
    """Agreement, stability and smoothness of the methods, and of their consensus."""
    yield f"{dataset}: no true labels, exploratory, {n_domains} domains"
    head = ("", "agreement", "seeds", "starts", "cells", *_SMOOTHNESS, "seconds", "MB")
    yield _line(head, _MAP_WIDTHS)
    compared = _compared(run, dataset, n_domains)
    for method in methods:
        found = [run.cell(f"{name}_final", dataset, method, n_domains) for name in _SMOOTHNESS]
        agreement = [_or_dash(value, number) for value in compared.get(method, _NOT_COMPARED)]
        if pd.isna(found[0]["mean"]):
            agreement = [found[0]["status"], "", "", ""]
        smooth = [_or_dash(row["mean"], number) for row in found]
        cost = _cost(run, dataset, method)
        yield _line((f"  {run.titles[method]}", *agreement, *smooth, *cost), _MAP_WIDTHS)
    if CONSENSUS in compared:
        agreement = [_or_dash(value, number) for value in compared[CONSENSUS]]
        yield _line(("  Consensus", *agreement, "", "", "", ""), _MAP_WIDTHS)


def _compared(run: Run, dataset: str, n_domains: int) -> dict[str, list[float]]:
    """``_AGREEMENT`` of the methods that are compared without a truth, by id."""
    if MAPS_TABLE not in run.tables:
        return {}
    rows = run.tables[MAPS_TABLE]
    rows = rows[(rows["dataset"] == dataset) & (rows["n_domains"] == n_domains)]
    return {row["method"]: [row[name] for name in _AGREEMENT] for row in rows.to_dict("records")}


def _about_exploratory(run: Run) -> str:
    """How to read the numbers of datasets without true labels; empty if there is none."""
    if not run.results["exploratory"].any():
        return ""
    return wrapped(
        "Without true labels: agreement is the mean ARI of a map with those of the other methods; "
        "seeds, starts and cells are the mean ARI between training seeds, starts of k-means, and "
        "clusterings of 80 % of the cells. A stable map is not a right one. Low CHAOS and PAS: "
        f"smooth. {SMOOTHNESS_NOTE.replace('`', '')}"
    )


def _score(row: Row) -> str:
    return "-" if pd.isna(row["mean"]) else mean_and_sd(row)


def _lift(row: Row) -> str:
    if pd.isna(row["mean"]):
        return "-"
    ends = "" if pd.isna(row["low"]) else f" [{signed(row['low'])} {signed(row['high'])}]"
    return signed(row["mean"]) + ends


def _cost(run: Run, dataset: str, method: str) -> tuple[str, str]:
    table = run.tables["runtime"]
    row = table[(table["dataset"] == dataset) & (table["method"] == method)].iloc[0]
    return _or_dash(row["seconds"], "{:.0f}".format), _or_dash(row["peak_rss_mb"], "{:.0f}".format)


def _meaning(run: Run, missing: dict[str, str]) -> Iterator[str]:
    """A sentence for every method that is not a control on every dataset with a truth."""
    for dataset in dict.fromkeys(run.results["dataset"]):
        if dataset not in missing:
            for text in dataset_sentences(run, str(dataset)):
                yield wrapped(text, hanging="  ")


def _interactions(run: Run, tables: Path) -> Iterator[str]:
    """A sentence or two for every method whose cell graph was scored, where any was."""
    for text in sentences_of_tables(tables, run.titles):
        yield wrapped(text, hanging="  ")


def answer_lines(answers: Sequence[Answer]) -> list[str]:
    """A paragraph for each sentence of the answer."""
    return [wrapped(f"{answer.about}: {answer.text}", hanging="  ") for answer in answers]


def _ranking(run: Run, standings: Standings) -> Iterator[str]:
    """The headline as a table, methods and then controls, and how it depends on choices."""
    tissue, by_policy = next(iter(standings.items()))
    standing = by_policy["worst"]
    if standing.table.empty:
        return
    yield (
        f"{as_sentence(TISSUE_WORDS[tissue])}: ranking by mean rank of the final ARI under "
        f"{run.rank_by}"
    )
    widths = (11, 29, 10, 6, 7, 10, 6, 6, 8, 6)
    head = ("rank", "method", "mean rank", "final", "oracle", "untrained", "gain", "lift")
    yield _line((*head, "seconds", "MB"), widths)
    for rows, words in ((standing.methods, ""), (standing.controls, "Controls, without a rank:")):
        if words and len(rows):
            yield words
        for _, row in rows.iterrows():
            yield _line(tuple(_placed(row)), widths)
    results = headline(run.results, run.rank_by)
    for clusterer, places in first_methods(results, run.rank_by).items():
        text = f"First methods, with their mean ARI, under {clusterer}: {in_words(places)}"
        yield wrapped(text, hanging="  ")
    yield wrapped(order_sentence(order_under_clusterers(results, run.rank_by)), hanging="  ")
    yield wrapped(standing.certainty, hanging="  ")
    if others := list(standings)[1:]:
        kinds = " and ".join(TISSUE_WORDS[kind] for kind in others)
        yield wrapped(f"LEADERBOARD.md ranks methods on {kinds}, apart from these.", hanging="  ")
    if sentence := label_free_sentence(run):
        yield wrapped(sentence, hanging="  ")


def _placed(row: pd.Series) -> Iterator[str]:
    """The line of a method or control in the ranking."""
    yield place(row) or "-"
    yield row["title"]
    yield _or_dash(row["mean_rank"], "{:.2f}".format)
    for name in ("ARI_final", "ARI_oracle", "ARI_untrained"):
        yield _or_dash(row[name], number)
    for name in ("gain", "lift"):
        yield _or_dash(row[name], signed)
    for name in ("seconds", "peak_rss_mb"):
        yield _or_dash(row[name], "{:.0f}".format)


def _studies(run: Run, tables: Path) -> Iterator[str]:
    """What becomes of methods on worse data, and of one that is changed; neither is ranked."""
    for sentences in study_sentences(tables, run.titles, run.rank_by).values():
        for text in sentences:
            yield wrapped(text, hanging="  ")


def _failures(run: Run, missing: dict[str, str]) -> Iterator[str]:
    cells, failed = _cells(run)
    if not len(failed) and not missing:
        yield from _not_failed(run, cells)
        return
    if len(failed):
        yield f"{len(failed)} of {len(cells)} fits failed:"
        groups = failed.groupby(["dataset", "method", "fit_status", "fit_reason"], sort=False)
        for (dataset, method, status, reason), rows in groups:
            which = ", ".join(map(str, rows["seed"]))
            text = f"{dataset}, {run.titles[method]}, seed {which}: {status}: {reason}"
            yield wrapped(text.rstrip(": "), "  ", "    ")
    for dataset, reason in missing.items():
        yield wrapped(f"{dataset} was not run: {reason}", hanging="  ")


def _not_failed(run: Run, cells: pd.DataFrame) -> Iterator[str]:
    """How many fits succeeded, and why the others have no result."""
    without = cells[cells["fit_status"] != "ok"]
    if without.empty:
        yield f"All {len(cells)} fits succeeded."
        return
    yield f"{len(cells) - len(without)} of {len(cells)} fits succeeded; the others do not apply:"
    for (method, reason), rows in without.groupby(["method", "fit_reason"], sort=False):
        text = f"{run.titles[method]}, {count(len(rows), 'fit')}: {reason}"
        yield wrapped(text, "  ", "    ")


def _failed_parts(interactions: Sequence[Path]) -> Iterator[str]:
    """Parts of inferring interactions that went wrong; what does not apply is no failure."""
    for folder in interactions:
        status = json.loads((folder / "status.json").read_text(encoding="utf-8"))
        for part, outcome in status.items():
            if outcome["status"] == "error":
                where = "/".join(folder.parts[-3:-1])
                yield wrapped(f"Interactions of {where}: {part}: {outcome['reason']}", hanging="  ")


def _failed_stages(stages: Sequence[FailedStage]) -> Iterator[str]:
    for stage in stages:
        text = f"{stage.dataset}: {stage.what} failed: {stage.reason}"
        yield wrapped(text, hanging="  ")


def _to_retry(run: Run, missing: dict[str, str], stages: Sequence[FailedStage]) -> str:
    """The last line: how much failed, and the command after which only that is tried again."""
    _, failed = _cells(run)
    counts = {"fit": len(failed), "dataset": len(missing), "stage": len(stages)}
    failures = [f"{n} {what}{'s' * (n != 1)}" for what, n in counts.items() if n]
    if not failures:
        return ""
    return wrapped(
        f"Failed: {' and '.join(failures)}. `make retry`, then run again: only these are tried."
    )


def _cells(run: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row for every fit of this run, and those that failed."""
    cells = one_row_per_fit(run.own)
    return cells, cells[cells["fit_status"].isin(FAILED)]


def places(
    tables: Path,
    figures: Path,
    interactions: Sequence[Path],
    report: Path | None,
    maps: Sequence[Path] = (),
) -> str:
    """Where domains of own sections, report, tables and figures are, one line each."""
    return "\n".join(_places(tables, figures, interactions, report, maps)) + "\n"


def _places(
    tables: Path,
    figures: Path,
    interactions: Sequence[Path],
    report: Path | None,
    maps: Sequence[Path],
) -> Iterator[str]:
    if maps:
        files = ", ".join(map(str, maps))
        yield wrapped(f"Domains:  {files} (for scanpy and squidpy; .tsv)", hanging=" " * 10)
    if report:
        yield f"Report:   {report} (one page, for a browser)"
    shown = ["LEADERBOARD.md", "ARI_final.csv", "lift.csv", "gain.csv"]
    if (tables / f"{MAPS_TABLE}.csv").is_file() and not (tables / shown[0]).is_file():
        shown = [f"{MAPS_TABLE}.csv", f"{MAPS_TABLE}_agreement.csv"]
    shown.append("deconvolution_scores.csv")
    names = [name for name in shown if (tables / name).is_file()]
    yield f"Tables:   {tables}" + (f" ({', '.join([*names, '...'])})" if names else "")
    yield f"Pictures: {figures}"
    if interactions:
        folder = interactions[0].parents[2]
        yield f"Interactions: {folder}/<dataset>/<method> (edges, type pairs, genes, ...)"


def _or_dash(value: float, write: Callable[[float], str]) -> str:
    return "-" if pd.isna(value) else write(value)


def _line(values: tuple[str, ...], widths: tuple[int, ...] = _WIDTHS) -> str:
    """One line of a table: what does not fit its column is kept, with a space after it."""
    cells = [value.ljust(width - 1) + " " for value, width in zip(values, widths, strict=True)]
    return "".join(cells).rstrip()
