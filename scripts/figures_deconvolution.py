"""Draw the scores of deconvolution, maps of the most abundant types, and curves where the tables
tell of pairs that were made worse. captions.json says of each picture what it shows.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.common.errors import run_cli


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", required=True, type=Path, help="of aggregate_deconvolution.py")
    parser.add_argument("--methods", required=True, type=Path, help="the methods' entries (.yaml)")
    parser.add_argument(
        "--results", required=True, type=Path, help="folder with data/, truth/ and fits/"
    )
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    args = parser.parse_args()

    import numpy as np
    import pandas as pd

    from stbench.common.io import atomic_directory, read_h5ad
    from stbench.config.schema import load_yaml
    from stbench.deconvolution.proportions import read_proportions
    from stbench.figures.deconvolution import add_curves, add_maps, add_scores
    from stbench.figures.figure_set import Album
    from stbench.figures.style import apply_style

    apply_style()
    methods = load_yaml(args.methods)
    means = pd.read_csv(args.tables / "deconvolution_scores.csv")
    curves = args.tables / "deconvolution_robustness_curves.csv"
    titles = {name: methods[name]["title"] for name in dict.fromkeys(means["method"])}
    controls = {name for name in titles if methods[name].get("control")}
    with atomic_directory(args.output) as folder:
        album = Album(folder)
        add_scores(album, means, titles, controls)
        if curves.is_file():
            add_curves(album, pd.read_csv(curves), titles)
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
            add_maps(album, np.asarray(spots.obsm["spatial"]), truth, found, str(dataset))
        album.write_captions()


if __name__ == "__main__":
    run_cli(main)
