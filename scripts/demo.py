"""Repeat published demonstrations of methods: measured beside published scores, and figures.

comparison.txt, comparison.csv             measured and published scores, and whether they are
                                           comparable
<method>_<dataset>_domains.{png,pdf}       true domains and those of this run
<method>_<dataset>_embedding.{png,pdf}     UMAP of the embedding colored by both, and PAGA
<method>_<dataset>_interactions.{png,pdf}  edges above the threshold, if a graph is learned

If the dataset of a demonstration is not available, its stand-in is used and reported.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError, NotApplicableError, run_cli
from stbench.common.seeding import limit_threads

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    from stbench.results.demonstrations import Demonstration, Labeling, Outcome


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--demonstrations",
        required=True,
        type=json.loads,
        help="JSON list of the sections `demonstrations` of a configuration",
    )
    parser.add_argument(
        "--data", required=True, nargs="+", type=Path, help="datasets with their truth (.h5ad)"
    )
    for name, form in (
        ("labels", "<dataset>/<method>/<key>.h5"),
        ("fits", "<dataset>/<method>/<key>/seed<seed>"),
        ("interactions", "<dataset>/<method>/<key>"),
    ):
        parser.add_argument(f"--{name}", nargs="*", default=[], type=Path, help=f"all {form}")
    parser.add_argument("--published", required=True, type=Path, help="published scores (.csv)")
    parser.add_argument("--methods", required=True, type=Path, help="config/methods.yaml")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    return parser.parse_args()


def read_data(paths: list[Path]) -> dict[str, dict[str, Any]]:
    """The required elements of each dataset, by id."""
    from stbench.common.h5ad import read_elements

    names = ("obs/cluster", "obsm/spatial", "uns/dataset", "var")
    datasets = [read_elements(path, *names) for path in paths]
    return {str(dataset["uns/dataset"]["id"]): dataset for dataset in datasets}


def repeated(
    one: Demonstration,
    data: dict[str, dict[str, Any]],
    published: pd.DataFrame,
    labels: dict[str, Path],
) -> tuple[Outcome, Labeling | None]:
    """The outcome of a demonstration, and its labels if there are any.

    Args:
        data, labels: by ``<dataset>`` and ``<dataset>/<method>``.
    """
    from dataclasses import replace

    from stbench.results.demonstrations import (
        Outcome,
        choose,
        differences,
        last_labeling,
        measure,
        published_scores,
    )

    outcome = Outcome(one, published_scores(one, published))
    name, reason = choose(one, {key: dataset["uns/dataset"] for key, dataset in data.items()})
    if not name:
        return replace(outcome, missing=reason), None
    truth, domains = true_domains(data[name])
    about = (
        f"{name} ({len(truth)} cells x {len(data[name]['var'])} genes, {len(domains)} domains; "
        f"{data[name]['uns/dataset']['source']})"
    )
    outcome = replace(outcome, dataset=name, about=about)
    if f"{name}/{one.method}" not in labels:
        return replace(outcome, missing=f"{one.method} is not a method of this run"), None
    try:
        labeling = last_labeling(labels[f"{name}/{one.method}"], one)
    except NotApplicableError as error:
        return replace(outcome, missing=str(error)), None
    return replace(
        outcome,
        measured=measure(truth, labeling.labels, list(outcome.published)),
        epoch=labeling.epoch,
        differences=differences(one, data[name]["uns/dataset"], reason, labeling.epoch),
    ), labeling


def true_domains(data: dict[str, Any]) -> tuple[np.ndarray, list[str]]:
    """(n_cells,) codes of the true domains, -1 = not known, and their names."""
    import pandas as pd

    if "obs/cluster" not in data:
        raise InputError(f"{data['uns/dataset']['id']}: a demonstration requires true domains")
    truth = pd.Categorical(data["obs/cluster"]).remove_unused_categories()
    return truth.codes.astype(int), [str(name) for name in truth.categories]


def draw(
    outcome: Outcome,
    labeling: Labeling,
    title: str,
    data: dict[str, Any],
    *,
    fit: Path,
    interactions: Path | None,
    to: Path,
) -> None:
    """Draw the figures of one demonstration, from the fit of its labels."""
    import pandas as pd

    from stbench.common.h5ad import read_elements
    from stbench.figures.domains import Map, domain_maps
    from stbench.figures.embedding import embedding_figure
    from stbench.figures.layout import umap_and_paga
    from stbench.figures.style import save, words_of
    from stbench.scoring.matching import match_labels

    one, name = outcome.demonstration, outcome.dataset
    clusterer = words_of(one.clusterer)
    stem, where = f"{one.method}_{name}", f"{name}, {title}, seed {one.seed}"
    truth, domains = true_domains(data)
    scores = ", ".join(f"{metric} {value:.3f}" for metric, value in outcome.measured.items())
    maps = [Map(title, labeling.labels, scores)]
    caption = f"{where}: {clusterer} after epoch {outcome.epoch}"
    save(domain_maps(data["obsm/spatial"], maps, caption, truth, domains), to, f"{stem}_domains")

    embedding = read_elements(fit / "fit.h5ad", "obsm/embedding").get("obsm/embedding")
    if embedding is not None:
        matched = match_labels(truth, labeling.labels)
        extra = [f"domain {i + 1}" for i in range(len(domains), matched.max() + 1)]
        groupings = [
            ("true domains", pd.Categorical.from_codes(truth, domains)),
            (f"{clusterer}, matched to them", pd.Categorical.from_codes(matched, domains + extra)),
        ]
        umap, paga = umap_and_paga(embedding, groupings[0][1])
        figure = embedding_figure(umap, groupings, paga, f"{where}: embedding")
        save(figure, to, f"{stem}_embedding")
    if interactions is not None:
        edges = edges_figure(interactions, one.seed, data["obsm/spatial"], where)
        if edges is not None:
            save(edges, to, f"{stem}_interactions")


def edges_figure(folder: Path, seed: int, coords: np.ndarray, where: str) -> Figure | None:
    """The edges of one seed's learned graph above the threshold; None if there are none."""
    import pandas as pd

    from stbench.figures.cell_graph import edge_map

    parts = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    if parts["threshold"]["status"] != "ok":
        return None
    edges = pd.read_parquet(folder / "edges.parquet")
    above = edges[(edges["seed"] == seed) & edges["above"]].reset_index(drop=True)
    if above.empty:
        return None
    return edge_map(above, coords, f"{where}\n{len(above)} edges above the threshold")


def main() -> None:
    args = parse_arguments()
    limit_threads(1)

    from stbench.common.io import atomic_directory
    from stbench.config.schema import load_yaml
    from stbench.figures.style import apply_style
    from stbench.results.demonstrations import Demonstration, comparison_table, comparison_text
    from stbench.results.published import read_published

    apply_style()
    data, published = read_data(args.data), read_published(args.published)
    titles = {name: described["title"] for name, described in load_yaml(args.methods).items()}
    labels = {"/".join(path.parts[-3:-1]): path for path in args.labels}
    fits = {"/".join((*path.parts[-4:-2], path.name)): path for path in args.fits}
    interactions = {"/".join(path.parts[-3:-1]): path for path in args.interactions}
    outcomes = []
    with atomic_directory(args.output) as folder:
        for section in args.demonstrations:
            one = Demonstration(**section)
            outcome, labeling = repeated(one, data, published, labels)
            outcomes.append(outcome)
            if labeling is not None:
                entry = f"{outcome.dataset}/{one.method}"
                draw(
                    outcome,
                    labeling,
                    titles.get(one.method, one.method),
                    data[outcome.dataset],
                    fit=fits[f"{entry}/seed{one.seed}"],
                    interactions=interactions.get(entry),
                    to=folder,
                )
        comparison_table(outcomes).to_csv(folder / "comparison.csv", index=False)
        figures = sorted(path.name for path in folder.glob("*.png"))
        text = comparison_text(outcomes)
        if figures:
            text += f"\nFigures: {args.output} ({', '.join(figures)})\n"
        (folder / "comparison.txt").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    run_cli(main)
