"""The figures that are drawn from tables: published scores, interactions, studies, integration.

Each function adds the figures of its tables to an album; none where they have nothing to show.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from stbench.common.io import read_csv
from stbench.figures.figure_set import Album
from stbench.figures.style import CLUSTERER_WORDS


def add_figures_of_tables(album: Album, tables: Path, titles: dict[str, str], rank_by: str) -> None:
    """Add all of them.

    Args:
        album: takes the figures.
        tables: folder of the tables.
        titles: what to call the methods, by id, in order.
        rank_by: id of the clusterer that is shown.
    """
    add_published(album, tables, titles, rank_by)
    add_interactions(album, tables, titles)
    add_studies(album, tables, titles, rank_by)
    add_integration(album, tables, titles)


def add_published(album: Album, tables: Path, titles: dict[str, str], rank_by: str) -> None:
    """Measured scores beside those that others reported, where there are both."""
    from stbench.figures.published import published_panels

    path = tables / "published_vs_measured.csv"
    if not path.is_file():
        return
    texts = {"dataset": str, "method": str}
    table = pd.read_csv(path, dtype=texts).fillna({"position": ""})
    table = table[(table["metric"] == "ARI") & (table["clusterer"] == rank_by)]
    compared = table[table["position"] != ""]
    if not len(compared):
        return
    table = table[table["method"].isin(compared["method"])]
    inside = int((compared["position"] == "inside").sum())
    title = f"Final ARI and what others reported ({CLUSTERER_WORDS.get(rank_by, rank_by)})"
    album.add(
        published_panels(table, titles, title),
        "published",
        kind="published",
        title=title,
        caption="Methods of which anybody reported a score. Grey: the range over all sources, two "
        "standard deviations to either side where a source gives one. Marks: measured mean and "
        "standard deviation over training seeds. Others often cluster in another way; "
        "tables/published_vs_measured.csv has all clusterers and the sources.",
        alt=f"Measured and reported ARI on {table['dataset'].nunique()} datasets; {inside} of "
        f"{len(compared)} measured means lie inside the reported range.",
    )


def add_interactions(album: Album, tables: Path, titles: dict[str, str]) -> None:
    """How well planted interactions are found, where a tissue has any."""
    from stbench.figures.interactions import auprc_bars, lift_by_effect

    paths = [tables / f"interactions_{name}.csv" for name in ("auprc", "lift")]
    if not all(path.is_file() for path in paths):
        return
    texts = {"effect": str, "method": str}
    auprc, lift = (pd.read_csv(path, dtype=texts).fillna({"method": ""}) for path in paths)
    if len(auprc):
        album.add(
            auprc_bars(auprc, titles),
            "interactions_auprc",
            kind="interactions",
            title="Planted interactions: AUPRC of cell graphs and nulls",
            caption="Mean over tissues with its 95 % interval; the number of tissues in brackets.",
            alt="Bars of AUPRC on planted interactions, by method and null.",
        )
    if lift["mean"].notna().any():
        album.add(
            lift_by_effect(lift, titles),
            "interactions_lift",
            kind="interactions",
            title="Planted interactions: AUPRC beyond nulls, by effect",
            caption="Difference of the mean AUPRC to nulls with its 95 % interval over tissues.",
            alt="AUPRC lift over nulls by size of the planted effect.",
        )


def add_studies(album: Album, tables: Path, titles: dict[str, str], rank_by: str) -> None:
    """Robustness and sensitivity, where the tables tell of any."""
    from stbench.figures.robustness import robustness_curves
    from stbench.figures.sensitivity import setting_lines, tornado

    if (path := tables / "robustness_curves.csv").is_file():
        curves = read_csv(path)
        title = "Final ARI as data get worse"
        album.add(
            robustness_curves(curves[curves["clusterer"] == rank_by], titles, title),
            "robustness_curves",
            kind="robustness",
            title=title,
            caption="Lines are means over training seeds, bands their 95 % intervals, "
            "too narrow below five seeds.",
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
    mine = changes[changes["clusterer"] == rank_by]
    for (dataset, method), group in mine.groupby(["dataset", "method"], sort=False):
        name = f"{titles[method]} on {dataset}"
        told = {"kind": "sensitivity", "dataset": dataset}
        title = f"{name}: one change at a time"
        album.add(
            tornado(group, title),
            f"sensitivity_tornado_{method}_{dataset}",
            title=title,
            caption="Numbers are the values that a setting was given; zero is the published "
            "one. With few training seeds small changes are noise.",
            alt=f"Changes of the final ARI by {len(group)} changes of {titles[method]}.",
            **told,
        )
        own = {p: scores[p].loc[(dataset, method, rank_by), "mean"] for p in scores}
        if lines := setting_lines(group, own, name):
            album.add(
                lines,
                f"sensitivity_lines_{method}_{dataset}",
                title=f"{name}: settings",
                caption="ARI of the best epoch (oracle) and of the last one over each setting.",
                alt=f"ARI over {group['factor'].nunique()} settings of {titles[method]}.",
                **told,
            )


def add_integration(album: Album, tables: Path, titles: dict[str, str]) -> None:
    """Mixing of joined sections against biology kept, where both are known of any fit."""
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
        "domains are kept (mean of cLISI and ARI). Bars are bootstrap intervals over training "
        "seeds, below five seeds no more than their range. "
        "An embedding by chance mixes well, and one that is smoothed in space puts neighbours of "
        "the same section together, so neither axis says enough alone.",
        alt=f"Mixing against biology of {scores['method'].nunique()} methods on "
        f"{scores['dataset'].nunique()} datasets.",
    )
