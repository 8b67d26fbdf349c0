"""How well the choices without true labels are on labeled tissues.

    python benchmarks/choosing.py --results results --part methods
    python benchmarks/choosing.py --results results --part numbers

`methods`: the regret of each strategy (docs/choosing.md), by the fits of a results folder: the best
ARI of a method minus that of the chosen map, averaged over the datasets of a study, then over
studies. Strategies that learn from other tissues get those of other studies only. Every method that
is ranked takes part with its successful fits.
`numbers`: which number of domains each criterion chooses from 2 to 12. No method is needed; the
agreement of training seeds is measured where methods were fitted with several seeds.

Both print Markdown.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from choosing_strategies import TITLES, mean_regrets, regrets, with_previous
from choosing_tissues import LabeledTissue, fits_of, labeled_tissues, labels_of

from stbench.choosing.count_split import read_judging_points
from stbench.choosing.number_choice import choose_number
from stbench.choosing.number_criteria import CRITERIA, curves
from stbench.choosing.recommendation import CONSENSUS, compared_methods
from stbench.clustering.algorithms import cluster_labels
from stbench.clustering.selection import smoothed_components
from stbench.common.io import write_csv
from stbench.common.paths import CONFIG
from stbench.config.methods import is_ranked, load_methods
from stbench.config.tasks import DOMAINS
from stbench.config.tissues import TISSUE_WORDS
from stbench.fitting.output import FitFolder
from stbench.ranking.certainty import as_sentence
from stbench.scoring.metrics import ari

NUMBERS = list(range(2, 13))
ALWAYS = 5  # a number to compare the criteria with


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", nargs="+", type=Path, required=True, help="results folders")
    parser.add_argument("--part", choices=["methods", "numbers"], required=True)
    parser.add_argument("--table", type=Path, help="file for every single value (.csv)")
    args = parser.parse_args()

    entries = load_methods(CONFIG)[DOMAINS]
    ranked = [name for name, entry in entries.items() if is_ranked(entry)]
    tissues = [(folder, one) for folder in args.results for one in labeled_tissues(folder)]
    measure = compare_methods if args.part == "methods" else compare_numbers
    found = [measure(folder, tissue, ranked) for folder, tissue in tissues]
    table = pd.concat([one for one in found if one is not None], ignore_index=True)
    if args.table:
        write_csv(table, args.table)
    if args.part == "numbers":
        print_by_kind(table, number_lines)
        return
    print_by_kind(with_previous(table), method_lines)


def described(table: pd.DataFrame, tissue: LabeledTissue) -> pd.DataFrame:
    """The table with the columns that say which tissue it is."""
    about = {name: getattr(tissue, name) for name in ("unit", "technology", "kind")}
    return table.assign(dataset=tissue.name, **about)


def compare_methods(results: Path, tissue: LabeledTissue, ranked: list[str]) -> pd.DataFrame | None:
    """Criteria and ARI of every method and of the consensus; None for fewer than three methods."""
    fits = {method: fits_of(results, tissue, method) for method in ranked}
    labels = {m: one for m in ranked if (one := labels_of(tissue, m, fits[m])) is not None}
    if len(labels) < 3:
        return None
    points = read_judging_points(tissue.preprocessed)
    table, maps = compared_methods(
        labels, tissue.n_domains, tissue.coords, points, pd.Series(dtype=float)
    )
    labeled = tissue.truth >= 0
    true = tissue.truth[labeled]
    # The score of a method is the mean over its seeds, as in the tables of a run.
    every = {name: labels[name].of_seeds if name in labels else maps[name][None] for name in maps}
    scores = {
        name: np.mean([ari(true, row[labeled]) for row in rows]) for name, rows in every.items()
    }
    return described(table.assign(ARI=pd.Series(scores)).reset_index(), tissue)


def compare_numbers(results: Path, tissue: LabeledTissue, ranked: list[str]) -> pd.DataFrame | None:
    """The number that each criterion chooses, and the ARI of smoothed PCA at that number."""
    if tissue.n_domains not in NUMBERS:
        return None
    points = smoothed_components(tissue.components, tissue.coords)
    seeded = [several_seeds(fits_of(results, tissue, method)) for method in ranked]
    seeded = [embeddings for embeddings in seeded if embeddings]
    of_seeds = [[clustered(embeddings, k) for embeddings in seeded] for k in NUMBERS]
    compared = curves(points, NUMBERS, of_seeds)
    choice = choose_number(compared)
    labeled = tissue.truth >= 0
    aris = {}
    for k in NUMBERS:
        labels = cluster_labels(points, k, "kmeans20").labels
        assert labels is not None
        aris[k] = ari(tissue.truth[labeled], tissue.refined(labels)[labeled])
    chosen = {**choice.of_criteria, "always": ALWAYS, "recommended": choice.recommended}
    rows = [
        {
            **{"criterion": name, "chosen": k, "true": tissue.n_domains},
            "loss": max(aris.values()) - aris[k],
            "among": tissue.n_domains in [k, *choice.alternatives],
            "best": max(aris, key=lambda k: aris[k]),
            "alternatives": " ".join(map(str, choice.alternatives)),
        }
        for name, k in chosen.items()
    ]
    return described(pd.DataFrame(rows), tissue)


def several_seeds(fits: list[FitFolder]) -> list[np.ndarray]:
    """The embeddings of a method whose result depends on its seed; else none."""
    found = [fit.embedding for fit in fits if fit.embedding is not None]
    return found if len(found) > 1 and not np.array_equal(found[0], found[1]) else []


def clustered(embeddings: list[np.ndarray], n_domains: int) -> np.ndarray:
    """Labels (n_embeddings, n_cells) by k-means, 20 starts."""
    return np.stack([cluster_labels(one, n_domains, "kmeans20").labels for one in embeddings])


def print_by_kind(table: pd.DataFrame, lines: object) -> None:
    """The lines of real, semi-synthetic and simulated tissues, each kind apart."""
    for kind, words in TISSUE_WORDS.items():
        part = table[table["kind"] == kind]
        if len(part):
            units, n = part["unit"].nunique(), part["dataset"].nunique()
            print(f"\n{as_sentence(words)}: {n}, {units} independent units\n")
            print("\n".join(lines(part)))  # type: ignore[operator]


def method_lines(table: pd.DataFrame) -> list[str]:
    """Mean regret of each strategy, and its regret on every dataset."""
    lost = regrets(table)
    means = mean_regrets(lost)
    datasets = [dataset for _, dataset in lost.index]
    lines = [f"| strategy | regret | 95 % interval | {' | '.join(datasets)} |"]
    lines += [f"|---|--:|---|{'--:|' * len(datasets)}"]
    for name, found in sorted(means.items(), key=lambda item: item[1].mean):
        interval = "" if np.isnan(found.low) else f"{found.low:.2f} to {found.high:.2f}"
        values = " | ".join("" if np.isnan(v) else f"{v:.2f}" for v in lost[name])
        lines.append(f"| {TITLES[name]} | {found.mean:.3f} | {interval} | {values} |")
    methods = table[table["method"] != CONSENSUS].groupby("dataset")["ARI"]
    best = " | ".join(f"{methods.max()[name]:.2f}" for name in datasets)
    counts = " | ".join(str(methods.size()[name]) for name in datasets)
    return [*lines, f"| *best ARI* | | | {best} |", f"| *methods* | | | {counts} |"]


def number_lines(table: pd.DataFrame) -> list[str]:
    """How often each criterion chose the true number, and what is lost in ARI."""
    titles = {
        "recommended": "**recommended**",
        **CRITERIA,
        "always": f"always {ALWAYS}",
    }
    lines = ["| criterion | tissues | true number | within 1 | loss of ARI | chosen |"]
    lines += ["|---|--:|--:|--:|--:|---|"]
    for name, title in titles.items():
        rows = table[table["criterion"] == name]
        if rows.empty:
            continue
        off = (rows["chosen"] - rows["true"]).abs()
        chosen = " ".join(str(int(k)) for k in rows["chosen"])
        lines.append(
            f"| {title} | {len(rows)} | {(off == 0).sum()} | {(off <= 1).sum()} | "
            f"{rows['loss'].mean():.3f} | {chosen} |"
        )
    rows = table[table["criterion"] == "recommended"]
    names = ", ".join(f"{row.dataset} {row.true}" for row in rows.itertuples())
    among = f"{rows['among'].sum()} of {len(rows)}"
    return [*lines, "", f"Recommended or an alternative: {among}. True numbers: {names}."]


if __name__ == "__main__":
    main()
