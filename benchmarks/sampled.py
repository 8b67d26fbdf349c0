"""The effect of sampled negatives in STAGUE's loss on the domains.

    python benchmarks/sampled.py --dataset BZ5 --negatives 64 256

Trains with the exact loss and with samples of several sizes (`nt_xent: sampled`), with the
published settings otherwise, three seeds each, and scores the last epoch by k-means as the pipeline
does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from written_methods import REPOSITORY, SCRIPTS, preprocessed

sys.path.insert(0, str(SCRIPTS))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="BZ5")
    parser.add_argument("--negatives", nargs="+", type=int, default=[64, 256])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--markdown", type=Path, help="file to write")
    args = parser.parse_args()

    import numpy as np
    import torch
    from anndata import read_h5ad
    from sklearn.cluster import KMeans

    from methods.stague.model import fit
    from stbench.common.h5ad import read_elements
    from stbench.config.benchmark import load_benchmark
    from stbench.config.schema import load_yaml
    from stbench.scoring.metrics import ari

    config = load_yaml(REPOSITORY / "config/config.yaml") | {"datasets": [args.dataset]}
    params = load_benchmark(config, REPOSITORY / "config").params("stague", args.dataset)
    with tempfile.TemporaryDirectory() as folder:
        adata = read_h5ad(preprocessed(args.dataset, Path(folder)))
        data = next(Path(folder).glob(f"results/data/{args.dataset}/*.h5ad"))
        truth = read_elements(data, "obs/cluster")["obs/cluster"]
    domains = int(np.max(adata.uns["dataset"]["n_domains"]))
    codes = np.asarray(truth.codes)  # -1: not labeled
    labeled = codes >= 0
    torch.set_num_threads(args.threads)

    def score(changes: dict, seed: int) -> float:
        result = fit(adata, domains, seed, "cpu", params | changes, lambda *_: None)
        runs = [KMeans(domains, random_state=s).fit_predict(result.embedding) for s in range(5)]
        return float(np.mean([ari(codes[labeled], labels[labeled]) for labels in runs]))

    lines = ["| negatives | ARI, mean | sd over seeds |", "|--:|--:|--:|"]
    ways = {f"all {adata.n_obs - 1}": {}}
    ways |= {str(m): {"nt_xent": "sampled", "negatives": m} for m in args.negatives}
    for name, changes in ways.items():
        scores = [score(changes, seed) for seed in range(args.seeds)]
        lines.append(f"| {name} | {np.mean(scores):.3f} | {np.std(scores, ddof=1):.3f} |")
        print(lines[-1], flush=True)
    if args.markdown:
        title = f"{args.dataset}, {args.seeds} seeds, last epoch, k-means."
        args.markdown.write_text(f"{title}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
