"""Draw the scores of deconvolution with their intervals, and maps of the most abundant types."""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.errors import run_cli


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scores", required=True, type=Path, help="deconvolution_scores.csv")
    parser.add_argument("--methods", required=True, type=Path, help="the methods' entries (.yaml)")
    parser.add_argument(
        "--results", required=True, type=Path, help="folder with data/, truth/ and fits/"
    )
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    args = parser.parse_args()

    import numpy as np
    import pandas as pd

    from stbench.deconvolution.proportions import read_proportions
    from stbench.figures.deconvolution import score_bars, type_maps
    from stbench.figures.style import apply_style, save
    from stbench.io import atomic_directory, read_h5ad
    from stbench.schema import load_yaml

    apply_style()
    methods = load_yaml(args.methods)
    means = pd.read_csv(args.scores)
    titles = {name: methods[name]["title"] for name in dict.fromkeys(means["method"])}
    controls = {name for name in titles if methods[name].get("control")}
    with atomic_directory(args.output) as folder:
        save(score_bars(means, titles, controls), folder, "scores")
        for dataset in dict.fromkeys(means["dataset"]):
            truth = read_proportions(args.results / f"truth/{dataset}.h5ad")
            if truth.empty:
                continue  # the scores say why
            spots = read_h5ad(args.results / f"data/{dataset}/spots.h5ad")
            found = {}
            for method, title in titles.items():
                fits = sorted(args.results.glob(f"fits/{dataset}/{method}/seed*/fit.h5ad"))
                if fits:  # one seed: a mean over seeds would look smoother than any result
                    found[title] = read_proportions(fits[0])
            figure = type_maps(np.asarray(spots.obsm["spatial"]), truth, found, dataset)
            save(figure, folder, f"maps_{dataset}")


if __name__ == "__main__":
    run_cli(main)
