"""The figures that are drawn from tables: published scores, interactions, studies, integration.

Each function adds the figures of its tables to an album, and none if the tables are empty.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from stbench.common.constants import ORACLE_CLUSTERER
from stbench.common.io import read_csv
from stbench.figures.figure_set import Album
from stbench.figures.style import words_of
from stbench.figures.tissue_maps import add_comparisons_of_maps
from stbench.interactions.communication import TITLES


def add_figures_of_tables(album: Album, tables: Path, titles: dict[str, str], rank_by: str) -> None:
    """Add all figures.

    Args:
        album: receives the figures.
        tables: folder of the tables.
        titles: display names of the methods, by id, in order.
        rank_by: id of the clusterer that is shown.
    """
    add_comparisons_of_maps(album, tables, titles)
    add_published(album, tables, titles, rank_by)
    add_interactions(album, tables, titles)
    add_regimes(album, tables, titles)
    add_replication(album, tables, titles)
    add_studies(album, tables, titles, rank_by)
    add_integration(album, tables, titles)
    add_numbers_of_domains(album, tables)


def add_published(album: Album, tables: Path, titles: dict[str, str], rank_by: str) -> None:
    """Measured scores beside published scores, where both exist."""
    from stbench.figures.published import overall_verdict, published_panels
    from stbench.results.published import AGREES, DIFFERS

    path = tables / "published_vs_measured.csv"
    if not path.is_file():
        return
    table = read_csv(path)
    clusterer = ORACLE_CLUSTERER if ORACLE_CLUSTERER in set(table["clusterer"]) else rank_by
    shown = (table["metric"] == "ARI") & (table["protocol"] == "final")
    table = table[shown & (table["clusterer"] == clusterer)]
    verdicts = table.groupby(["dataset", "method"])["verdict"].agg(overall_verdict)
    compared = verdicts[verdicts.isin([AGREES, DIFFERS])]
    if not len(compared):
        return
    table = table[table["method"].isin(compared.index.get_level_values("method"))]
    agrees = int((compared == AGREES).sum())
    title = f"Final ARI and published scores ({words_of(clusterer)})"
    album.add(
        published_panels(table, titles, title),
        "published",
        kind="published",
        title=title,
        caption="Methods with a published score. Marks are means, lines standard deviations over "
        "training seeds, with published settings where there are any. A measured mean agrees with "
        "a source if the 95 % interval of the "
        "difference (Welch) contains zero; with few seeds this interval is wide. Publications "
        "often use another clusterer; tables/published_vs_measured.csv lists all clusterers, "
        "sources and intervals.",
        alt=f"Measured and published ARI on {table['dataset'].nunique()} datasets; {agrees} of "
        f"{len(compared)} measured means agree with a source.",
    )


def add_interactions(album: Album, tables: Path, titles: dict[str, str]) -> None:
    """How well planted interactions are detected, where a tissue has any."""
    titles = {**titles, **TITLES}
    from stbench.figures.interactions import auprc_bars, has_effects, lift_by_effect

    paths = [tables / f"interactions_{name}.csv" for name in ("auprc", "lift")]
    if not all(path.is_file() for path in paths):
        return
    auprc, lift = (read_csv(path).fillna({"method": ""}) for path in paths)
    if len(auprc):
        album.add(
            auprc_bars(auprc, titles),
            "interactions_auprc",
            kind="interactions",
            title="Planted interactions: AUPRC of cell graphs and null models",
            caption="Mean with its 95 % interval over studies, where a simulated tissue is one; "
            "the number of tissues in brackets.",
            alt="Bars of AUPRC on planted interactions, by method and null model.",
        )
    if has_effects(lift):
        album.add(
            lift_by_effect(lift, titles),
            "interactions_lift",
            kind="interactions",
            title="Planted interactions: AUPRC above null models, by effect",
            caption="Mean AUPRC minus that of null models, with its 95 % interval over studies; a "
            "simulated tissue is one.",
            alt="AUPRC lift over null models by size of the planted effect.",
        )


def add_regimes(album: Album, tables: Path, titles: dict[str, str]) -> None:
    """Scores by regime and range of planted interactions, where tissues differ in them."""
    from stbench.figures.interaction_regimes import CELLS, TYPES, regime_heatmap

    titles = {**titles, **TITLES}
    table = _by_regime(tables / "interactions_regimes.csv")
    if table is not None:
        album.add(
            regime_heatmap(table, titles),
            "interactions_regimes",
            kind="interactions",
            title="Planted interactions beyond distance and cell types, by regime",
            caption="AUROC within strata of pairs at the same distance and of the same types.",
            alt="AUROC within strata, by scorer and regime.",
        )
    table = _by_regime(tables / "interactions_communication.csv")
    if table is not None:
        for name, metric, what in (
            ("cells", CELLS, "Which cells take part"),
            ("types", TYPES, "Between which types"),
        ):
            album.add(
                regime_heatmap(table, titles, metric),
                f"interactions_{name}",
                kind="interactions",
                title=f"Planted interactions: {what[0].lower()}{what[1:]}, by regime",
                caption=f"{what}, by tools for cell-cell communication and by cell graphs whose "
                "edges are multiplied by ligand and receptor.",
                alt=f"AUROC of {name}, by scorer and regime.",
            )


def add_replication(album: Album, tables: Path, titles: dict[str, str]) -> None:
    """What is found again of the interactions, where there is more than one seed or section."""
    from stbench.figures.replication import replication_dots

    path = tables / "replication.csv"
    table = read_csv(path) if path.is_file() else pd.DataFrame()
    if len(table):
        album.add(
            replication_dots(table, titles),
            "replication",
            kind="replication",
            title="What of the interactions is found again",
            caption="Between training seeds of a tissue (mean over pairs of seeds), between "
            "sections of one study, and between halves of the resource of ligands and receptors. "
            "Small marks have no p; p is not corrected. 0 is what chance gives, but for "
            "scores of edges, which follow the distance, and where a tick shows it.",
            alt=f"Agreement by {table['measure'].nunique()} measures.",
        )


def _by_regime(path: Path) -> pd.DataFrame | None:
    """A table of regimes, if it has more than one."""
    if not path.is_file():
        return None
    table = read_csv(path).fillna({"method": "", "verdict": ""})
    several = table.groupby(["regime", "range"]).ngroups > 2  # one of them is all tissues
    return table if several else None


def add_studies(album: Album, tables: Path, titles: dict[str, str], rank_by: str) -> None:
    """Robustness and sensitivity, where these studies have tables."""
    from stbench.figures.robustness import robustness_curves
    from stbench.figures.sensitivity import setting_lines, tornado

    if (path := tables / "robustness_curves.csv").is_file():
        curves = read_csv(path)
        title = "Final ARI on degraded data"
        album.add(
            robustness_curves(curves[curves["clusterer"] == rank_by], titles, title),
            "robustness_curves",
            kind="robustness",
            title=title,
            caption="Lines are means over training seeds, each with its own draw of the "
            "degradation. Bands are their 95 % intervals.",
            alt=f"Curves of {curves['method'].nunique()} methods on "
            f"{curves['dataset'].nunique()} datasets.",
        )
    if not (path := tables / "sensitivity.csv").is_file():
        return
    changes = read_csv(path)
    scores = {
        name: read_csv(tables / f"ARI_{name}.csv").set_index(["dataset", "method", "clusterer"])
        for name in ("final", "oracle")
    }
    shown, oracle_by = _with_oracle(changes, rank_by)
    clusterers = {"final": rank_by, "oracle": oracle_by}
    for (dataset, method), group in shown.groupby(["dataset", "method"], sort=False):
        if group["ARI_final"].isna().all():
            continue  # no truth, and there may be a row for each number of domains
        name = f"{titles[method]} on {dataset}"
        shared = {"kind": "sensitivity", "dataset": dataset}
        title = f"{name}: one change at a time"
        album.add(
            tornado(group, title),
            f"sensitivity_tornado_{method}_{dataset}",
            title=title,
            caption=f"Bars are under {words_of(rank_by)}, dots under {words_of(oracle_by)}. "
            "Numbers are the tested values of a setting. The zero line is the unchanged "
            "method. A star marks the value that the authors published for this dataset. With few "
            "training seeds, small changes are noise.",
            alt=f"Effect of {len(group)} changes of {titles[method]} on the final ARI.",
            **shared,
        )
        unchanged = {
            protocol: scores[protocol].loc[(dataset, method, clusterer), "mean"]
            for protocol, clusterer in clusterers.items()
        }
        if lines := setting_lines(group, unchanged, name):
            album.add(
                lines,
                f"sensitivity_lines_{method}_{dataset}",
                title=f"{name}: settings",
                caption=f"ARI of the best epoch (oracle, {words_of(oracle_by)}) and of the last "
                f"epoch ({words_of(rank_by)}) for each setting.",
                alt=f"ARI over {group['factor'].nunique()} settings of {titles[method]}.",
                **shared,
            )


def _with_oracle(changes: pd.DataFrame, rank_by: str) -> tuple[pd.DataFrame, str]:
    """The changes under a clusterer, with those of the oracle, and the oracle's clusterer."""
    shown = changes[changes["clusterer"] == rank_by]
    of_oracle = changes[changes["clusterer"] == ORACLE_CLUSTERER]
    if shown["ARI_oracle"].notna().any() or of_oracle.empty:
        return shown, rank_by
    columns = ["ARI_oracle", "change_oracle"]
    keys = ["dataset", "method", "factor", "value"]
    others = shown.drop(columns=columns)
    return others.merge(of_oracle[[*keys, *columns]], on=keys, how="left"), ORACLE_CLUSTERER


def add_integration(album: Album, tables: Path, titles: dict[str, str]) -> None:
    """Mixing of joined sections against conserved biology, where any fit has both scores."""
    from stbench.figures.integration import mixing_against_biology

    path = tables / "integration_scores.csv"
    if not path.is_file():
        return
    scores = read_csv(path)
    if not scores.loc[scores["metric"] == "overall", "mean"].notna().any():
        return
    title = "Joined sections: mixing and biology"
    album.add(
        mixing_against_biology(scores, titles, title),
        "integration_scores",
        kind="integration",
        title=title,
        caption="Right: sections are mixed (mean of iLISI, ASW_batch and graph connectivity). Top: "
        "domains are conserved (mean of cLISI and ARI). Bars are 95 % intervals over training "
        "seeds (Student's t), limited to the range of the score. "
        "A random embedding mixes well, and an embedding smoothed in space places neighbors of "
        "the same section together, so interpret both axes together.",
        alt=f"Mixing against biology of {scores['method'].nunique()} methods on "
        f"{scores['dataset'].nunique()} datasets.",
    )


def add_numbers_of_domains(album: Album, tables: Path) -> None:
    """The criteria over the number of domains, for each dataset with several numbers."""
    from stbench.choosing.tables import ALTERNATIVE, NUMBERS, RECOMMENDED
    from stbench.figures.number_of_domains import number_curves

    path = tables / f"{NUMBERS}.csv"
    if not path.is_file():
        return
    compared = read_csv(path)
    compared = compared[compared["status"] == "ok"]
    for dataset, curves in compared.groupby("dataset", sort=False):
        recommended, others = (
            sorted(set(curves.loc[curves["choice"] == choice, "n_domains"].astype(int)))
            for choice in (RECOMMENDED, ALTERNATIVE)
        )
        title = f"{dataset}: how many domains?"
        words = f"{recommended[0]} domains are recommended" if recommended else "no recommendation"
        also = f", also possible: {', '.join(map(str, others))}" if others else ""
        album.add(
            number_curves(curves, title),
            f"number_of_domains_{dataset}",
            kind="number_of_domains",
            title=title,
            caption=f"{words[0].upper()}{words[1:]}{also}. Higher is better; a ring is the choice "
            "of a criterion, the solid line the recommended number, dotted lines are alternatives. "
            "None of these criteria finds the number of annotated domains reliably "
            "(docs/choosing.md): look at the maps of several numbers.",
            alt=f"{curves['criterion'].nunique()} criteria over {curves['n_domains'].nunique()} "
            f"numbers of domains of {dataset}; {words}{also}.",
            dataset=str(dataset),
        )
